package jobs

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/hibiken/asynq"
)

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
