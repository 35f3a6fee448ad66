package indicator

import (
	"cmp"
	"slices"
	"strings"

	"fangxin/workflow/ledger"
)

// Restatement is a snapshot beside what its days would say now. What was published
// stays; Changes say what came since, and why.
type Restatement struct {
	Snapshot string
	Then     []Group // as published
	Now      []Group // as of Log
	Log      At
	Changes  []Change
}

// Change is what events of one kind did to a snapshot's days after it was made.
type Change struct {
	Reason string // the event
	// Ripened says that it only went on as a cohort does: what was received in those
	// days has now ended, or was performed. Otherwise it restates what was published:
	// a reopening, a correction, a court's late result.
	Ripened bool
	Events  int64 // how many
	Cases   int64
	Counts  Counts // what they added and took away
}

// Late gathers what came after a snapshot, event by event.
type Late struct {
	Frozen Frozen
	Slice  string

	caseID, seq int64
	event       lateEvent
	changes     []Change
	cases       map[int]map[int64]bool
	counted     map[string]Counts // all of them, by key
}

// lateEvent is one event while its counts are read.
type lateEvent struct {
	reason string
	parts  []ledger.Part
}

// Begins reports whether an event is another than the last.
func (l *Late) Begins(caseID, seq int64) bool { return caseID != l.caseID || seq != l.seq }

// Event begins an event.
func (l *Late) Event(caseID, seq int64, reason string) {
	l.end()
	l.caseID, l.seq, l.event = caseID, seq, lateEvent{reason: reason}
}

// Add adds what the event counts for.
func (l *Late) Add(p ledger.Part) { l.event.parts = append(l.event.parts, p) }

// ripens reports whether an event took nothing back and only ended or settled what
// was received: of one kind of count it adds as much as it takes away, or more.
func (e *lateEvent) ripens() bool {
	net := map[string]int64{}
	for _, p := range e.parts {
		kind, _, _ := strings.Cut(p.Code, ".")
		if !slices.Contains([]string{"ended", "kept", "recovered", "recovered_unknown"}, kind) {
			return false
		}
		net[kind] += p.Value
	}
	for _, n := range net {
		if n < 0 {
			return false
		}
	}
	return true
}

// end puts the event with those of its kind.
func (l *Late) end() {
	if len(l.event.parts) == 0 {
		return
	}
	if l.counted == nil {
		l.counted, l.cases = map[string]Counts{}, map[int]map[int64]bool{}
	}
	ripened := l.event.ripens()
	at := slices.IndexFunc(l.changes, func(c Change) bool { return c.Reason == l.event.reason && c.Ripened == ripened })
	if at < 0 {
		at = len(l.changes)
		l.changes = append(l.changes, Change{Reason: l.event.reason, Ripened: ripened, Counts: Counts{}})
		l.cases[at] = map[int64]bool{}
	}
	c := &l.changes[at]
	c.Events++
	l.cases[at][l.caseID] = true
	c.Cases = int64(len(l.cases[at]))
	for i := range l.event.parts {
		p := &l.event.parts[i]
		c.Counts.Add(p.Code, p.Measure, p.Value)
		for _, s := range SliceKeys(p) {
			if s[0] != l.Slice {
				continue
			}
			if l.counted[s[1]] == nil {
				l.counted[s[1]] = Counts{}
			}
			l.counted[s[1]].Add(p.Code, p.Measure, p.Value)
		}
	}
	l.event.parts = nil
}

// Restatement adds all up. What restates stands before what ripened.
func (l *Late) Restatement(at At) Restatement {
	l.end()
	out := Restatement{Snapshot: l.Frozen.ID, Then: l.Frozen.Groups(l.Slice), Now: l.Frozen.Groups(l.Slice), Log: at, Changes: l.changes}
	for key, counts := range l.counted {
		i := slices.IndexFunc(out.Now, func(g Group) bool { return g.Key == key })
		if i < 0 {
			i = len(out.Now)
			out.Now = append(out.Now, Group{key, l.Frozen.From, l.Frozen.To, Counts{}})
		}
		for code, by := range counts {
			for measure, n := range by {
				out.Now[i].Counts.Add(code, measure, n)
			}
		}
	}
	order := func(a, b Group) int {
		return cmp.Or(cmp.Compare(len(a.Key), len(b.Key)), strings.Compare(a.Key, b.Key))
	}
	slices.SortFunc(out.Now, order)
	slices.SortFunc(out.Changes, func(a, b Change) int {
		return cmp.Or(boolean(a.Ripened)-boolean(b.Ripened), cmp.Compare(b.Events, a.Events), strings.Compare(a.Reason, b.Reason))
	})
	return out
}

// RestatedFigures are a restatement divided out: what was published beside what the
// same days say now.
type RestatedFigures struct {
	Snapshot    string         `json:"snapshot"`
	Definitions string         `json:"definitions"`
	Log         At             `json:"log"` // as of which "now" is
	Lines       []RestatedLine `json:"lines"`
	Changes     []ChangeCount  `json:"changes"`
}

// RestatedLine is a rate then and now; of a spread how many it is of.
type RestatedLine struct {
	Key  string `json:"key"`
	ID   string `json:"id"`
	Line string `json:"line"`
	Then Pair   `json:"then"`
	Now  Pair   `json:"now"`
}

// Pair is a numerator and its denominator, 0 where there is none.
type Pair struct {
	Numerator   int64 `json:"numerator"`
	Denominator int64 `json:"denominator"`
}

// ChangeCount is a Change without its counts.
type ChangeCount struct {
	Reason  string `json:"reason"`  // event that changed it
	Ripened bool   `json:"ripened"` // it only went on
	Events  int64  `json:"events"`
	Cases   int64  `json:"cases"`
}

// Figures divides both sides out.
func (r *Restatement) Figures() RestatedFigures {
	out := RestatedFigures{Snapshot: r.Snapshot, Definitions: Version, Log: r.Log, Lines: []RestatedLine{}, Changes: []ChangeCount{}}
	at := map[[3]string]int{}
	put := func(key, id, line string, n Pair, now bool) {
		k := [3]string{key, id, line}
		i, known := at[k]
		if !known {
			i = len(out.Lines)
			at[k] = i
			out.Lines = append(out.Lines, RestatedLine{Key: key, ID: id, Line: line})
		}
		if now {
			out.Lines[i].Now = n
		} else {
			out.Lines[i].Then = n
		}
	}
	for _, side := range []struct {
		groups []Group
		now    bool
	}{{r.Then, false}, {r.Now, true}} {
		for _, g := range side.groups {
			for _, f := range Figures(g.Counts, g.To, g.To) {
				for _, x := range f.Rates {
					put(g.Key, f.ID, x.Line, Pair{x.Numerator, x.Denominator}, side.now)
				}
				for _, x := range f.Spreads {
					put(g.Key, f.ID, x.Line, Pair{Numerator: x.N}, side.now)
				}
			}
		}
	}
	for _, c := range r.Changes {
		out.Changes = append(out.Changes, ChangeCount{c.Reason, c.Ripened, c.Events, c.Cases})
	}
	return out
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}
