package workflow

import (
	"slices"
	"strings"
	"testing"
)

// The search walks every configuration (state, attributes, clocks, outcome)
// that the table can reach, with notices that are delivered and notices that
// never are, and proves: each running clock can expire where it runs by exactly
// one row, no clock is started twice, no open case is without a running clock or
// an overdue duty, none can be closed by court or mediator alone, a pause ends
// with the appraisal. It knows no dates: those are the stories' part.

// bits of a clock in a configuration; one clock may be in several at once.
const (
	runs = 1 << iota
	waits
	paused
	owes
)

// world is a configuration; values are indices into names.
type world struct {
	state  uint8
	attr   [7]uint8 // acceptance, agreement, broken, ground, performance, mediator, result
	clocks [40]uint8
	out    uint8
}

type search struct {
	t       *testing.T
	names   []string
	index   map[string]uint8
	deliver bool
	twice   map[string]bool
	rows    map[string][]*Row // by state, "" for a new case
}

var attrNames = []string{attrAcceptance, attrAgreement, attrBroken, attrGround, attrPerformance, attrMediator, attrResult}

func (s *search) id(name string) uint8 {
	if i, ok := s.index[name]; ok {
		return i
	}
	s.names = append(s.names, name)
	s.index[name] = uint8(len(s.names) - 1)
	return uint8(len(s.names) - 1)
}

func (s *search) get(w *world, i int) string { return s.names[w.attr[i]] }

func (s *search) clk(code string) int { return table.order[code] }

func (s *search) allowed(row *Row, w *world, onlyJob bool) bool {
	acc, agr, broken, gr, per, med, res := s.get(w, 0), s.get(w, 1), s.get(w, 2), s.get(w, 3), s.get(w, 4), s.get(w, 5), s.get(w, 6)
	_ = res
	out := s.names[w.out]
	person := !onlyJob && (slices.Contains(row.By, "consumer") || slices.Contains(row.By, "officer"))
	in := func(v string, list ...string) bool { return slices.Contains(list, v) }
	for _, g := range row.If {
		ok := true
		switch g {
		case "acceptance_none_or_pending":
			ok = in(acc, "none", "pending")
		case "acceptance_pending_or_accepted":
			ok = in(acc, "pending", "accepted")
		case "accepted":
			ok = acc == "accepted"
		case "acceptance_none", "acceptance_pending":
			ok = acc == strings.TrimPrefix(g, "acceptance_")
		case "agreement_self", "agreement_court":
			ok = agr == strings.TrimPrefix(g, "agreement_")
		case "agreement_mediated_or_entrusted":
			ok = in(agr, "mediated", "entrusted")
		case "agreement_none_or_self":
			ok = in(agr, "none", "self")
		case "no_agreement":
			ok = agr == "none"
		case "agreement_broken":
			ok = broken == "yes"
		case "agreement_unbroken":
			ok = agr != "none" && broken == "no"
		case "ground_TER1b":
			ok = gr == "TER1b"
		case "ground_TER1a_6_7":
			ok = in(gr, "TER1a", "TER6", "TER7")
		case "ground_TER2_3_4_5_8":
			ok = in(gr, "TER2a", "TER2b", "TER3", "TER4", "TER5", "TER8")
		case "ground_TER2_or_TER3":
			ok = in(gr, "TER2a", "TER2b", "TER3")
		case "entrusted":
			ok = med == "organisation"
		case "not_entrusted":
			ok = med == "unit"
		case "proof_unchallenged":
			ok = per == "presumed"
		case "performance_reported":
			ok = per == "reported"
		case "not_confirmed_by_consumer":
			ok = per != "done"
		case "due_passed":
			ok = w.clocks[s.clk("performance")]&runs == 0
		case "confirmation_not_docketed":
			ok = w.clocks[s.clk("confirmation_docketing")] != 0
		case "consumer_confirms_or_unchallenged":
			ok = person || in(per, "presumed", "done")
		case "consumer_confirms_or_unchallenged_or_unknown":
			ok = person || in(per, "presumed", "done", "unknown")
		case "performance_known_or_90_days":
			ok = in(per, "done", "presumed", "partly", "missed", "denied", "unknown") || w.clocks[s.clk("result_close")]&runs != 0
		case "outcome_MEDIATED_or_SETTLED_LATER":
			ok = strings.HasPrefix(out, "MEDIATED") || in(out, "SETTLED_SELF_IN_MEDIATION", "SETTLED_AFTER_TERMINATION")
		case "outcome_CONFIRMED_or_JUDGED":
			ok = out == "CONFIRMED" || strings.HasPrefix(out, "JUDGED")
		default:
			if code, is := strings.CutSuffix(g, "_running"); is {
				ok = w.clocks[s.clk(code)]&runs != 0
			} else if o, is := strings.CutPrefix(g, "outcome_"); is {
				ok = out == o
			}
		}
		if !ok {
			return false
		}
	}
	if onlyJob || slices.Equal(row.By, []Role{"job"}) {
		expires, any := false, false
		for _, c := range row.Clocks {
			if c.Op == '!' {
				expires = true
				any = any || w.clocks[s.clk(c.Code)]&runs != 0
			}
		}
		return !expires || any
	}
	return true
}

func (s *search) value(a Assign, w *world) string {
	per := s.get(w, 4)
	keep := func(list ...string) string {
		if slices.Contains(list, per) {
			return per
		}
		return a.Value
	}
	switch {
	case a.Name == attrAgreement && strings.Contains(a.Value, " or "):
		if s.get(w, 5) == "organisation" {
			return "entrusted"
		}
		return "mediated"
	case strings.HasPrefix(a.When, "partly stays"):
		return keep("partly")
	case strings.HasPrefix(a.When, "partly and denied"):
		return keep("partly", "denied")
	case strings.HasPrefix(a.When, "presumed and unknown"):
		return keep("presumed", "unknown", "partly", "denied")
	case strings.HasPrefix(a.When, "only when none"):
		if slices.Contains([]string{"none", "due", "reported"}, per) {
			return a.Value
		}
		return per
	case strings.HasPrefix(a.When, "when due"):
		switch per {
		case "due":
			return "unknown"
		case "reported":
			return "presumed"
		}
		return per
	}
	return a.Value
}

// step takes a row; take says whether the conditional starts happen.
func (s *search) step(row *Row, w world, conditional bool) world {
	was := w
	from := State(s.names[w.state])
	to := row.target(from)
	if row.From == nil {
		to = row.To
	}
	for _, c := range row.Clocks {
		i := s.clk(c.Code)
		switch c.Op {
		case '-', 'x':
			w.clocks[i] = 0
		case '!':
			had := w.clocks[i]&runs != 0
			w.clocks[i] = 0
			d := ClockDefs[i]
			if had && d.Expiry == Breach && !slices.Contains([]string{"merchant", "consumer", "party"}, d.Whose) {
				w.clocks[i] = owes
			}
		case 'p':
			if w.clocks[i]&runs != 0 {
				w.clocks[i] = w.clocks[i]&^runs | paused
			}
		case 'r':
			if w.clocks[i]&paused != 0 {
				w.clocks[i] = w.clocks[i]&^paused | runs
			}
		}
	}
	if to != from && from != "" {
		s.leave(&w, from, to)
	}
	for _, a := range row.Set {
		v := a.Value
		if a.When != "" || strings.Contains(a.Value, " or ") {
			v = s.value(a, &was)
		}
		if i := slices.Index(attrNames, a.Name); i >= 0 {
			w.attr[i] = s.id(v)
		}
	}
	if row.OutcomeThen != "" {
		first, _, _ := strings.Cut(row.OutcomeThen, ",")
		w.attr[6] = s.id(first)
	}
	closing := to == Closed && from != Closed
	if closing {
		s.close(row, &w)
	} else if to != Closed {
		w.out = s.id("")
	}
	s.start(row, &was, &w, to, closing, conditional)
	w.state = s.id(string(to))
	return w
}

func (s *search) leave(w *world, from, to State) {
	for _, l := range leaving {
		if in := table.inside[l.Place]; !in[from] || in[to] {
			continue
		}
		for _, code := range l.Clocks {
			if resumed, ok := strings.CutPrefix(code, "r "); ok {
				if i := s.clk(resumed); w.clocks[i]&paused != 0 {
					w.clocks[i] = w.clocks[i]&^paused | runs
				}
				continue
			}
			w.clocks[s.clk(code)] = 0
		}
	}
}

func (s *search) close(row *Row, w *world) {
	out := row.Outcome
	switch {
	case strings.Contains(out, " or ") && s.names[w.attr[1]] == "entrusted":
		out = "MEDIATED_ENTRUSTED"
	case strings.Contains(out, " or "):
		out = "MEDIATED"
	case strings.HasPrefix(out, "the result"):
		if out = s.names[w.attr[6]]; out == "" {
			s.t.Errorf("%s closes with a result that never came", row.ID)
		}
	}
	w.out = s.id(out)
	for i, d := range ClockDefs {
		if !d.UntilTold && d.Code != "supervision" && d.Code != "confirmation_application" {
			w.clocks[i] = 0
		}
	}
}

func (s *search) start(row *Row, was, w *world, to State, closing, conditional bool) {
	var fresh []string
	for _, c := range row.Clocks {
		per := s.names[w.attr[4]]
		switch {
		case c.Op != '+',
			strings.Contains(c.When, "acceptance none") && s.names[was.attr[0]] != "none",
			strings.Contains(c.When, "performance over") && was.clocks[s.clk("performance")] != 0,
			strings.Contains(c.When, "performance open") && (per == "done" || per == "presumed" || was.clocks[s.clk("performance")]|was.clocks[s.clk("proof_challenge")]|was.clocks[s.clk("performance_election")] != 0),
			(strings.Contains(c.When, "eligible") || strings.Contains(c.When, "first co-unit")) && !conditional:
			continue
		}
		fresh = append(fresh, c.Code)
	}
	if out := s.names[w.out]; closing && out != "ARCHIVED" && (strings.HasPrefix(out, "SETTLED") || strings.HasPrefix(out, "MEDIATED") || out == "CONFIRMED" || out == "JUDGED_CONSUMER" || out == "JUDGED_PARTLY") {
		fresh = append(fresh, "performance_watch") // survey, publish and correction run beside everything
	}
	owed := false
	for _, code := range fresh {
		i := s.clk(code)
		if !several(code) && w.clocks[i]&^owes != 0 {
			s.twice[row.ID+" starts "+code+" a second time in "+s.names[was.state]] = true
		}
		if ClockDefs[i].Starts == OnNotice && !s.deliver {
			w.clocks[i] |= waits
			owed = true
		} else {
			w.clocks[i] |= runs
		}
	}
	if owed && !slices.Contains(fresh, "delivery") && to != Closed {
		w.clocks[s.clk("service")] |= runs
	}
	if !slices.Contains([]string{"T60", "T60d", "T11", "T12", "T11e", "T13", "T14b"}, row.ID) {
		return
	}
	for i, d := range ClockDefs {
		answer := row.ID == "T13" || row.ID == "T14b"
		if w.clocks[i]&waits == 0 || answer && d.Whose != "merchant" && d.Whose != "party" || row.ID == "T14b" && d.Code == "offer_reply" {
			continue
		}
		w.clocks[i] = w.clocks[i]&^waits | runs
	}
}

// follow takes a row and the ones that follow it at once.
func (s *search) follow(row *Row, w world, conditional bool) world {
	w = s.step(row, w, conditional)
	for _, id := range row.Then {
		next := table.byID[id]
		if table.byFrom[State(s.names[w.state])][next.Event] == next && s.allowed(next, &w, slices.Contains(next.By, "job")) {
			return s.follow(next, w, true)
		}
	}
	return w
}

func TestSearch(t *testing.T) {
	quiet := []string{"T61", "T61b", "T61c", "T69", "T69b", "T28", "T28b", "T28c", "T56"} // run beside everything
	total := 0
	for _, deliver := range []bool{true, false} {
		s := &search{t: t, index: map[string]uint8{}, deliver: deliver, twice: map[string]bool{}, rows: map[string][]*Row{}}
		for i := range Transitions {
			r := &Transitions[i]
			if slices.Contains(quiet, r.ID) {
				continue
			}
			if len(r.From) == 0 {
				s.rows[""] = append(s.rows[""], r)
			}
			for _, st := range r.FromStates() {
				s.rows[string(st)] = append(s.rows[string(st)], r)
			}
		}
		start := world{state: s.id("")}
		for i, v := range []string{"none", "none", "no", "", "none", "unit", ""} {
			start.attr[i] = s.id(v)
		}
		seen, back := s.explore(start)
		total += len(seen)
		s.prove(seen, back, start)
		for what := range s.twice {
			t.Error(what)
		}
	}
	t.Logf("%d configurations", total)
	if total < 60000 {
		t.Errorf("%d configurations: the search ended early", total)
	}
}

func (s *search) explore(start world) (map[world]bool, map[world][]world) {
	seen, todo, back := map[world]bool{start: true}, []world{start}, map[world][]world{}
	for len(todo) > 0 {
		cur := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, row := range s.rows[s.names[cur.state]] {
			if !s.allowed(row, &cur, false) {
				continue
			}
			choices := []bool{true}
			if slices.ContainsFunc(row.Clocks, func(c ClockEffect) bool {
				return strings.Contains(c.When, "eligible") || strings.Contains(c.When, "first co-unit")
			}) {
				choices = []bool{true, false}
			}
			for _, conditional := range choices {
				next := s.follow(row, cur, conditional)
				for _, beside := range []string{"survey", "publish", "correction_of_closing"} {
					next.clocks[s.clk(beside)] = 0
				}
				if slices.ContainsFunc(row.By, func(r Role) bool {
					return !slices.Contains([]Role{"court", "mediator", "other_authority", "superior"}, r)
				}) {
					back[next] = append(back[next], cur)
				}
				if !seen[next] {
					seen[next] = true
					todo = append(todo, next)
				}
			}
		}
	}
	return seen, back
}

func (s *search) prove(seen map[world]bool, back map[world][]world, start world) {
	reached, outcomes := map[string]bool{}, map[string]bool{}
	for w := range seen {
		if w == start {
			continue
		}
		state := s.names[w.state]
		reached[state], outcomes[s.names[w.out]] = true, true
		awake := false
		for i, bits := range w.clocks[:len(ClockDefs)] {
			awake = awake || bits&(runs|owes) != 0
			code := ClockDefs[i].Code
			if bits&runs == 0 || code == "result_close" {
				continue
			}
			n := 0
			for _, row := range table.expiry[State(state)][code] {
				if slices.Contains(row.By, "job") && s.allowed(row, &w, true) {
					n++
				}
			}
			if n == 0 || n > 1 && code != "feedback" {
				s.t.Fatalf("clock %s in %s %v has %d expiry rows", code, state, w, n)
			}
		}
		if state != string(Closed) && !awake {
			s.t.Fatalf("%s %v sleeps", state, w)
		}
		if w.clocks[s.clk("mediation_end")]&paused != 0 && state != "REFERRAL.appraisal" {
			s.t.Fatalf("%s: the pause outlives the appraisal", state)
		}
	}
	for _, d := range States {
		if !reached[string(d.State)] {
			s.t.Errorf("%s is never reached", d.State)
		}
	}
	for _, o := range Outcomes {
		if !outcomes[o] && !slices.Contains([]string{"JUDGED_PARTLY", "JUDGED_MERCHANT", "NOT_DOCKETED"}, o) { // by the feedback code
			s.t.Errorf("no case ends with %s", o)
		}
	}
	s.canClose(seen, back, start)
}

// canClose: from everywhere a person of the authority or a party can lead the
// case to its end.
func (s *search) canClose(seen map[world]bool, back map[world][]world, start world) {
	ends, todo := map[world]bool{}, []world{}
	for w := range seen {
		if s.names[w.state] == string(Closed) {
			ends[w] = true
			todo = append(todo, w)
		}
	}
	for len(todo) > 0 {
		w := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, m := range back[w] {
			if !ends[m] {
				ends[m] = true
				todo = append(todo, m)
			}
		}
	}
	for w := range seen {
		if !ends[w] && w != start {
			s.t.Fatalf("%s: only court or mediator could close it", s.names[w.state])
		}
	}
}
