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
	"time"
)

// Message is what somebody is to be told.
type Message struct {
	ID        string // the same when it is sent again: a channel may drop a second one
	Number    string // of the case
	Recipient string // role: consumer, merchant, authority, mediator, court, …
	Template  string // what it says, by name
	Language  string // zh or en
	Subject   string // rendered, one line; a channel without subjects leaves it out
	Text      string // rendered, plain text
	Link      string // path for a party, with the capability in the fragment; else empty
	Phone     string // of the recipient; the message may be long in a queue, so these
	Email     string // are looked up when it is sent and kept nowhere
}

// Channel is one way to reach people.
type Channel struct {
	Name string // as the log shall name it: console, sms, mail
	// Reaches says whether the message names an address for this way.
	Reaches func(m Message) bool
	// Send hands a message over, or says why not: a *Fault, or any error for one
	// that may pass. Handed over is told, not delivered.
	Send func(ctx context.Context, m Message) (Sent, error)
}

// Sent is what a channel says that took a message.
type Sent struct {
	Ref string // by which its reports will name the message; empty: it reports nothing
}

// Report is what a channel says later of a message that it took. It may come
// twice, late, and before the sending was written down.
type Report struct {
	Channel, Ref string
	Delivered    bool
	Code         string // of a failure; nothing personal
	Lasting      bool   // this address will not be reached by trying again
	At           time.Time
}

// Fault is a failure that has a name.
type Fault struct {
	Code    string        // nothing personal: it is stored and shown
	Lasting bool          // trying again is of no use
	After   time.Duration // how long the other end asks to be left alone; 0: it does not say
}

func (f *Fault) Error() string { return "channel: " + f.Code }

// shown: whoever has an address, and every office.
func shown(m Message) bool {
	return m.Phone != "" || m.Email != "" || m.Recipient != "consumer" && m.Recipient != "merchant"
}

// Console prints what would be sent: the embedded default, for trying the engine
// without any other service. It prints no contact, and what the message says and
// what opens the case (the part of a link behind #) only to a person who looks on:
// a service's output is kept in a log.
func Console(w io.Writer, watched bool) Channel {
	var mu sync.Mutex
	return Channel{Name: "console", Reaches: shown, Send: func(_ context.Context, m Message) (Sent, error) {
		mu.Lock()
		defer mu.Unlock()
		if path, _, secret := strings.Cut(m.Link, "#"); secret && !watched {
			m.Link = path
		}
		_, err := fmt.Fprintf(w, "%s %s: %s %s\n", m.Number, m.Recipient, m.Template, m.Link)
		if watched && err == nil && m.Text != "" {
			_, err = fmt.Fprintf(w, "    %s\n    %s\n", m.Subject, strings.ReplaceAll(m.Text, "\n", "\n    "))
		}
		return Sent{}, err
	}}
}
