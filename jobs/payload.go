package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/hibiken/asynq"
)

// Meta is what a handler may know of the attempt that it is. It is the same
// whatever drives the handler; asynq's own (GetTaskID and its like) is there only
// under Redis, so handlers never ask for it.
type Meta struct {
	ID    string // of the message
	Queue string
	Retry int // attempts before this one
	Max   int // attempts before it is dead
}

type metaKey struct{}

// With hands a handler its Meta.
func With(ctx context.Context, m Meta) context.Context {
	return context.WithValue(ctx, metaKey{}, m)
}

// From reads it; ok is false outside an attempt.
func From(ctx context.Context) (m Meta, ok bool) {
	m, ok = ctx.Value(metaKey{}).(Meta)
	return m, ok
}

// payload is all that travels in a task: which message, and by which claim. The
// rest is read when it is needed, so that nothing old is ever acted upon.
type payload struct {
	V     int    `json:"v"`
	ID    string `json:"id"`
	Fence int64  `json:"fence"`
}

const payloadVersion = 1

// errPayload says that a task was written by another version: the message's row
// will bring it again in this one's form.
var errPayload = errors.New("a task in a form that is not known")

func encode(id string, fence int64) []byte {
	text, err := json.Marshal(payload{payloadVersion, id, fence})
	if err != nil {
		panic(err) // strings and numbers
	}
	return text
}

func decode(t *asynq.Task) (p payload, err error) {
	if err := json.Unmarshal(t.Payload(), &p); err != nil || p.V != payloadVersion || p.ID == "" {
		return payload{}, fmt.Errorf("%w: %w", asynq.SkipRetry, errPayload)
	}
	return p, nil
}
