package workflow

import (
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
	closed := d.was.Facts.int(factClosedBy)
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
		if k := d.c.Clocks[i]; k.Ended == closed && k.Seq < closed || k.Decided == closed {
			d.reopen(k, owed)
		}
	}
	for _, party := range []string{"consumer", "merchant"} {
		if owed[party] != 0 {
			d.begin1(ClockEffect{Op: '+', Code: "service"}, owed[party])
		}
	}
	d.recordInfo()
	d.dutyNotices()
	d.c.State = to
	d.e.Data.Sealed = d.cmd.Commitment
}

func (d *draft) reopen(k Clock, owed map[string]int64) {
	def := table.clock[k.Code]
	if k.Decided == 0 || k.Decided != d.was.Facts.int(factClosedBy) {
		k.State = k.Was
	} else if !k.State.Open() { // told meanwhile: the decision is undone, the duty stands again
		k.State = k.Was
	}
	k.Ended, k.Was, k.Decided = 0, "", 0
	if def.Starts == OnNotice && slices.Contains([]string{"consumer", "merchant", "party"}, def.Whose) && k.State != Owed {
		party := d.party(def)
		if owed[party] == 0 {
			owed[party] = d.owe(party, k.Code)
		}
		k = Clock{No: k.No, Code: k.Code, Seq: k.Seq, About: k.About, Notice: owed[party], State: Waiting}
		if owed[party] == 0 { // nobody is left to be told: it runs from today
			d.run(&k, "")
		}
	}
	d.clock(ClockOp{Op: "restore", No: k.No, Code: k.Code, State: k.State, Clock: &k})
}
