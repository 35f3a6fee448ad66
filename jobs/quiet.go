package jobs

import (
	"slices"
	"time"

	"fangxin/store"
)

// wait says that a message must not go out before an instant: no fault, and no
// attempt.
type wait struct{ until time.Time }

func (w *wait) Error() string { return "in peace until " + w.until.Format(time.RFC3339) }

// quiet keeps a message to a party back in the county's quiet hours, until the
// first instant after them. The law comes first: a notice whose own day to be
// told on, or to be served on, would be over by then goes out at once.
func (p *Post) quiet(o *store.Owed, c *store.View, w way) error {
	if p.Rules == nil || !slices.Contains(parties, o.Recipient) {
		return nil
	}
	until, now := p.Rules().Telling().QuietUntil(w.Name, p.Now())
	if !now {
		return nil
	}
	for _, k := range c.Clocks {
		waits := o.Topic == "notice" && (k.Decided == o.Seq || k.Code == "service" && k.Notice == o.No || k.Code == "delivery" && o.Template == "invitation")
		about := o.Topic != "notice" && k.No == o.No
		if (waits || about) && k.State.Open() && !k.LateFrom.IsZero() && !k.LateFrom.After(until) && k.LateFrom.After(p.Now()) {
			return nil
		}
	}
	return &wait{until}
}
