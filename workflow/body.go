package workflow

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// scanner reads a canonical text from left to right: since the form allows one
// order and one spelling only, anything else is an error. It is what makes
// reading a case cheap; every command does it.
type scanner struct {
	s   string
	err error
}

func (r *scanner) fail(want string) {
	if r.err == nil {
		r.err = fmt.Errorf("%s expected at %.20q", want, r.s)
	}
}

// lit takes exactly this.
func (r *scanner) lit(text string) {
	if rest, ok := strings.CutPrefix(r.s, text); ok {
		r.s = rest
	} else {
		r.fail(text)
	}
}

// is takes this if it stands next.
func (r *scanner) is(text string) bool {
	rest, ok := strings.CutPrefix(r.s, text)
	if ok {
		r.s = rest
	}
	return ok
}

// text takes a string.
func (r *scanner) text() string {
	r.lit(`"`)
	if r.err != nil {
		return ""
	}
	end := strings.IndexAny(r.s, `"\`)
	if end >= 0 && r.s[end] == '"' {
		out := r.s[:end]
		r.s = r.s[end+1:]
		return out
	}
	return r.escaped()
}

func (r *scanner) escaped() string {
	for i := 0; i < len(r.s); i++ {
		switch r.s[i] {
		case '\\':
			i++
		case '"':
			var out string
			if err := json.Unmarshal([]byte(`"`+r.s[:i+1]), &out); err != nil {
				r.fail("a string")
			}
			r.s = r.s[i+1:]
			return out
		}
	}
	r.fail("the end of a string")
	return ""
}

func (r *scanner) int() int64 {
	end := 0
	for end < len(r.s) && (r.s[end] == '-' || r.s[end] >= '0' && r.s[end] <= '9') {
		end++
	}
	n, err := strconv.ParseInt(r.s[:end], 10, 64)
	if err != nil {
		r.fail("a whole number")
	}
	r.s = r.s[end:]
	return n
}

func (r *scanner) time() time.Time {
	if r.is("null") {
		return time.Time{}
	}
	t, err := time.Parse("2006-01-02T15:04:05.000000Z", r.text())
	if err != nil {
		r.fail("an instant")
	}
	return t.UTC()
}

func (r *scanner) bool() bool {
	if r.is("true") {
		return true
	}
	r.lit("false")
	return false
}

func (r *scanner) facts() Facts {
	out := Facts{}
	r.lit("{")
	for !r.is("}") && r.err == nil {
		if len(out) > 0 {
			r.lit(",")
		}
		name := r.text()
		r.lit(":")
		out[name] = r.text()
	}
	return out
}

// ParseBody reads a projection back; clocks and head come from their own rows.
func ParseBody(id int64, body []byte) (Case, error) {
	r := &scanner{s: string(body)}
	c := Case{ID: id}
	r.lit(`{"acceptance":`)
	c.Acceptance = r.text()
	r.lit(`,"agreement":`)
	c.Agreement = r.text()
	r.lit(`,"at":`)
	c.At = r.time()
	r.lit(`,"broken":`)
	c.Broken = r.text()
	r.lit(`,"clock":`)
	c.Last.Clock = r.int()
	r.lit(`,"facts":`)
	c.Facts = r.facts()
	r.lit(`,"ground":`)
	c.Ground = r.text()
	r.lit(`,"kind":`)
	c.Kind = Kind(r.text())
	r.lit(`,"mediator":`)
	c.Mediator = r.text()
	r.lit(`,"notice":`)
	c.Last.Notice = r.int()
	r.lit(`,"notices":[`)
	for !r.is("]") && r.err == nil {
		if len(c.Notices) > 0 {
			r.lit(",")
		}
		c.Notices = append(c.Notices, r.notice())
	}
	r.lit(`,"number":`)
	c.Number = r.text()
	r.lit(`,"outcome":`)
	c.Outcome = r.text()
	r.lit(`,"performance":`)
	c.Performance = r.text()
	r.lit(`,"result":`)
	c.Result = r.text()
	r.lit(`,"state":`)
	c.State = State(r.text())
	r.lit(`,"version":`)
	c.Version = r.int()
	r.lit("}")
	if r.err == nil && r.s != "" {
		r.err = errors.New("more after the end")
	}
	return c, r.err
}

func (r *scanner) notice() (n Notice) {
	r.lit(`{"kind":`)
	n.Kind = r.text()
	r.lit(`,"no":`)
	n.No = r.int()
	r.lit(`,"seq":`)
	n.Seq = r.int()
	r.lit(`,"to":`)
	n.To = r.text()
	r.lit(`,"told":`)
	n.Told = r.bool()
	r.lit("}")
	return n
}
