package workflow

import (
	"fmt"
	"slices"
	"strings"
)

// restore undoes a wrong closing (T56): attributes and clocks as before the
// closing row. The clocks of authority and court ran on meanwhile; a party's
// clock starts again with a new notice. The only true reopening.
func (d *draft) restore() {
	before := strings.Split(d.was.Facts[factBefore], "|")
	to := State(before[0])
	d.e.Data.To = to
	var first, last int64 // the events of the decision that closed the case
	_, _ = fmt.Sscanf(d.was.Facts[factClosedBy], "%d-%d", &first, &last)
	d.leave(to)
	for i, name := range []string{attrAcceptance, attrMediator, attrAgreement, attrBroken, attrGround, attrPerformance, attrResult} {
		d.set(name, before[i+1])
	}
	for _, fact := range before[8:] {
		name, value, _ := strings.Cut(fact, "=")
		d.set(name, value)
	}
	for _, name := range []string{attrOutcome, factBefore, factClosedBy} {
		d.set(name, "")
	}
	owed := map[string]int64{}
	for i := range d.c.Clocks {
		k := d.c.Clocks[i]
		decided := k.Decided >= first && k.Decided <= last
		if k.Seq < first && (decided || k.Ended >= first && k.Ended <= last) {
			d.reopen(k, decided, owed)
		}
	}
	for _, party := range []string{"consumer", "merchant"} {
		if owed[party] != 0 {
			d.begin1(ClockEffect{Op: '+', Code: "service"}, owed[party])
		}
	}
	d.recordInfo()
	d.recordShown()
	d.dutyNotices()
	d.c.State = to
	d.e.Data.Sealed = d.cmd.Commitment
}

// reopen brings one clock back. A decision that was told meanwhile is undone
// with it: the duty stands again.
func (d *draft) reopen(k Clock, decided bool, owed map[string]int64) {
	def := table.clock[k.Code]
	ranOut := k.State == Expired && !decided
	if !decided || !k.State.Open() {
		k.State = k.Was
	}
	k.Ended, k.Was, k.Decided = 0, "", 0
	switch {
	case k.State == Owed:
	case def.Starts == OnNotice && slices.Contains([]string{"consumer", "merchant", "party"}, def.Whose):
		party := d.party(def)
		if owed[party] == 0 {
			owed[party] = d.owe(party, k.Code)
		}
		k = Clock{No: k.No, Code: k.Code, Seq: k.Seq, About: k.About, Notice: owed[party], State: Waiting}
		if owed[party] == 0 { // nobody is left to be told: it runs from today
			d.run(&k, "")
		}
	case ranOut: // the clock that closed the case would close it again at once
		k = Clock{No: k.No, Code: k.Code, Seq: k.Seq}
		d.run(&k, "")
	}
	d.clock(ClockOp{Op: "restore", No: k.No, Code: k.Code, State: k.State, Clock: &k})
}
