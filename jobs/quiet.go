package jobs

import (
	"time"

	"fangxin/store"
)

// wait says that a message must not go out before an instant: no fault, and no
// attempt.
type wait struct {
	until time.Time
	why   string // quiet, rate: the row says it
}

func (w *wait) Error() string { return w.why + " until " + w.until.Format(time.RFC3339) }

// quiet keeps a message back in the county's quiet hours, until the first instant
// after them, unless it is pressing.
func (p *Post) quiet(o *store.Owed, c *store.View, w way) error {
	if p.Rules == nil {
		return nil
	}
	until, now := p.Rules().Telling().QuietUntil(w.Name, p.Now())
	if !now || p.pressing(o, c, until) {
		return nil
	}
	return &wait{until, "quiet"}
}

// pressing reports whether a message's own day would be over by an instant: the
// day on which it is to be told, or to be served, or the last one of the clock
// that it tells of. The law comes first: such a message goes out at once.
func (p *Post) pressing(o *store.Owed, c *store.View, until time.Time) bool {
	for _, k := range c.Clocks {
		waits := o.Topic == "notice" && (k.Decided == o.Seq || k.Code == "service" && k.Notice == o.No || k.Code == "delivery" && o.Template == "invitation")
		about := o.Topic != "notice" && k.No == o.No
		if (waits || about) && k.State.Open() && !k.LateFrom.IsZero() && !k.LateFrom.After(until) && k.LateFrom.After(p.Now()) {
			return true
		}
	}
	return false
}

// slot is the place of a message in the rate of the address that a way leads to;
// nil where there is no address. What a clock waits for takes one, and never
// waits for it.
func (p *Post) slot(o *store.Owed, w way) *store.Slot {
	if p.Rules == nil || w.Phone == "" && w.Email == "" {
		return nil
	}
	slot := &store.Slot{Phone: w.Phone, Email: w.Email}
	if o.Queue == store.Queues[0] {
		return slot
	}
	if r, ok := p.Rules().Telling().Rate(w.Name); ok {
		slot.Bounds = []store.Bound{{Most: r.Hour, Within: time.Hour}, {Most: r.Day, Within: 24 * time.Hour}}
	}
	if gathers(o) { // what comes beyond waits, and goes as one
		most, within := p.Rules().Telling().Digest()
		slot.Bounds = append(slot.Bounds, store.Bound{Most: most, Within: within})
	}
	return slot
}
