// Package channel hands messages over to the outside: one Channel for each way
// in which somebody can be told. A channel knows nothing of cases or queues, and
// says of a failure only a code.
package channel

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
)

// Message is what somebody is to be told.
type Message struct {
	ID        string // the same when it is sent again: a channel may drop a second one
	Number    string // of the case
	Recipient string // role: consumer, merchant, authority, mediator, court, …
	Template  string // what it says, by name
	Link      string // path for a party, with the capability in the fragment; else empty
	Phone     string // of a party; the message may be long in a queue, so these are
	Email     string // looked up when it is sent and kept nowhere
}

// Channel is one way to reach people.
type Channel struct {
	Name string // as the log shall name it: console, sms, mail
	// Send hands a message over, or says why not: a *Fault, or any error for one
	// that may pass.
	Send func(ctx context.Context, m Message) error
}

// Fault is a failure that has a name.
type Fault struct {
	Code    string // nothing personal: it is stored and shown
	Lasting bool   // trying again is of no use
}

func (f *Fault) Error() string { return "channel: " + f.Code }

// Console prints what would be sent: the embedded default, for trying the engine
// without any other service. It prints no contact and no words of the case, and
// what opens it (the part of a link behind #) only to a person who looks on: a
// service's output is kept in a log.
func Console(w io.Writer, watched bool) Channel {
	var mu sync.Mutex
	return Channel{Name: "console", Send: func(_ context.Context, m Message) error {
		mu.Lock()
		defer mu.Unlock()
		if path, _, secret := strings.Cut(m.Link, "#"); secret && !watched {
			m.Link = path
		}
		_, err := fmt.Fprintf(w, "%s %s: %s %s\n", m.Number, m.Recipient, m.Template, m.Link)
		return err
	}}
}
