package workflow

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"fangxin/workflow/calendar"
	"fangxin/workflow/policy"
)

// hear does what an event says of notices before its own effects: an act of a
// party delivers every notice that it was owed; a proof of delivery delivers
// the one it names.
func (d *draft) hear() {
	if d.was.Version == 0 || d.due != nil {
		return
	}
	switch d.row.Event {
	case "delivered", "delivered_after_all", "serve_by_hand":
		for _, n := range slices.Clone(d.c.Notices) {
			if n.Kind == "invitation" {
				d.deliver(n, d.cmd.Input.Proof)
			}
		}
		d.set(factDelivered, yes)
		d.set(factReachable, yes)
	case "notice_served", "deem_served":
		d.deliver(*d.c.Notice(d.cmd.Input.Notice), d.how())
	case "notice_sent":
		d.told(*d.c.Notice(d.cmd.Input.Notice))
	case "notice_failed":
		n := d.c.Notice(d.cmd.Input.Notice)
		d.notice(NoticeOp{Op: "failed", No: n.No, To: n.To, Kind: n.Kind, How: d.cmd.Input.Source})
	}
	if a := d.cmd.Actor; a.Role == "consumer" || a.Role == "merchant" { // not an officer on behalf
		for _, n := range slices.Clone(d.c.Notices) {
			if n.To == string(a.Role) {
				d.deliver(n, "answer")
			}
		}
	}
}

func (d *draft) how() string {
	if d.row.Event == "deem_served" {
		return "deemed"
	}
	return d.cmd.Input.Proof
}

// deliver starts the clocks that wait for the notice, in this instant, and ends
// the duty to serve it.
func (d *draft) deliver(n Notice, how string) {
	d.told(n)
	d.notice(NoticeOp{Op: "delivered", No: n.No, To: n.To, Kind: n.Kind, How: how})
	for i := range d.c.Clocks {
		k := d.c.Clocks[i]
		switch {
		case k.Notice != n.No || !k.State.Open():
		case k.Code == "service":
			d.meet(k)
		case k.State == Waiting:
			d.run(&k, "")
			d.clock(ClockOp{Op: "run", No: k.No, Code: k.Code, State: Running, Clock: &k})
		}
	}
	if n.Kind != "invitation" {
		return
	}
	d.set(factDelivered, yes)
	if k := d.c.Clock("delivery"); k != nil {
		d.meet(*k)
	}
}

// told is the second half of a clock that is met only by the decision and its
// notice (Order 121 Art. 15).
func (d *draft) told(n Notice) {
	if n.Told {
		return
	}
	d.notice(NoticeOp{Op: "told", No: n.No, To: n.To, Kind: n.Kind, How: d.cmd.Input.Source})
	for i := range d.c.Clocks {
		if k := d.c.Clocks[i]; k.State.Open() && k.Decided != 0 && k.Decided == n.Seq && n.To == "consumer" {
			d.meet(k)
		}
	}
}

// duties are the notices that a row owes beside those its clocks wait for.
var duties = map[string][]NoticeOp{
	"T01":  {{To: "consumer", Kind: "receipt"}},
	"T01b": {{To: "consumer", Kind: "receipt"}},
	"T06":  {{To: "consumer", Kind: "merged"}},
	"T07":  {{To: "consumer", Kind: "merged"}},
	"T24":  {{To: "consumer", Kind: "acceptance"}, {To: "merchant", Kind: "acceptance"}},
	"T24b": {{To: "consumer", Kind: "acceptance"}, {To: "merchant", Kind: "acceptance"}},
	"T24d": {{To: "consumer", Kind: "acceptance"}, {To: "merchant", Kind: "acceptance"}},
	"T25":  {{To: "consumer", Kind: "refusal"}},
	"T27":  {{To: "consumer", Kind: "transfer"}},
	"T55":  {{To: "consumer", Kind: "transfer"}},
	"T55c": {{To: "consumer", Kind: "transfer"}},
	"T30":  {{To: "consumer", Kind: "mediation_consent"}, {To: "merchant", Kind: "mediation_consent"}},
	"T37":  {{To: "consumer", Kind: "agreement"}, {To: "merchant", Kind: "agreement"}},
	"T44":  {{To: "consumer", Kind: "termination"}, {To: "merchant", Kind: "termination"}},
	"T46b": {{To: "consumer", Kind: "confirmation_window"}, {To: "merchant", Kind: "confirmation_window"}},
	"T56":  {{To: "consumer", Kind: "closing_corrected"}},
	"T71":  {{To: "merchant", Kind: "claim_amended"}},
	"T16b": {{To: "consumer", Kind: "offer_lapsed"}, {To: "merchant", Kind: "offer_lapsed"}},
}

// dutyNotices owes them, and tells a party what was entered on its behalf.
func (d *draft) dutyNotices() {
	for _, n := range duties[d.row.ID] {
		d.owe(n.To, n.Kind)
	}
	if d.row.Event == "publish_or_hold" && d.c.Acceptance == "accepted" && d.c.Facts.date(factPublicationOn) > calendar.On(d.eff) { // the merchant sees an entry first
		d.owe("merchant", "publication_ahead")
	}
	if d.cmd.Actor.For != "" && d.was.Version > 0 {
		d.owe(string(d.cmd.Actor.For), "entered_on_your_behalf")
	}
}

// TimeToAnswer says how long the recipient of a notice has from its delivery, in
// words: "5个工作日". Empty when nothing waits for the notice.
func (c *Case) TimeToAnswer(notice int64, language string, r Rules, now time.Time) string {
	for i := range c.Clocks {
		k := &c.Clocks[i]
		if k.Notice != notice || k.State != Waiting {
			continue
		}
		day := calendar.On(now)
		n, unit := k.N, k.Unit
		if t, err := r.Term(k.Code, policy.Question{Start: day, Domain: c.Domain()}); err == nil {
			unit = t.Unit
			if n == 0 {
				n = t.N
			}
		}
		if language == "en" {
			return fmt.Sprintf("%d %s", n, map[calendar.Unit]string{calendar.WorkingDay: "working days", calendar.Day: "days", calendar.Month: "months", calendar.Year: "years"}[unit])
		}
		return fmt.Sprintf("%d%s", n, map[calendar.Unit]string{calendar.WorkingDay: "个工作日", calendar.Day: "日", calendar.Month: "个月", calendar.Year: "年"}[unit])
	}
	return ""
}

// NoticeKinds lists who is told what by a notice, as the table's rows owe them.
func NoticeKinds() []NoticeOp {
	seen := map[NoticeOp]bool{}
	add := func(to, kind string) {
		for _, side := range []string{"consumer", "merchant"} {
			if to == side || to == "party" {
				seen[NoticeOp{To: side, Kind: kind}] = true
			}
		}
	}
	for _, list := range duties {
		for _, n := range list {
			add(n.To, n.Kind)
		}
	}
	add("party", "entered_on_your_behalf")
	add("merchant", "invitation")
	add("merchant", "publication_ahead")
	for _, def := range ClockDefs {
		if def.Starts == OnNotice {
			add(def.Whose, def.Code)
		}
	}
	return slices.SortedFunc(maps.Keys(seen), func(a, b NoticeOp) int { return strings.Compare(a.Kind+a.To, b.Kind+b.To) })
}
