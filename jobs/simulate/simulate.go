package simulate

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"fangxin/store"
	"fangxin/workflow"
	"fangxin/workflow/calendar"
	"fangxin/workflow/register"
	"fangxin/workflow/rehearse"
)

// Clock is virtual time: it stands where it was set.
type Clock struct{ at atomic.Int64 }

// Now is where the clock stands.
func (c *Clock) Now() time.Time { return time.UnixMicro(c.at.Load()).UTC() }

// Set moves it, never back.
func (c *Clock) Set(t time.Time) {
	if t.UnixMicro() > c.at.Load() {
		c.at.Store(t.UnixMicro())
	}
}

// Narrative is a text that somebody wrote, with the day on which.
type Narrative struct {
	Text string
	On   calendar.Date
}

// Plan says what to simulate.
type Plan struct {
	Cases      int
	From, To   calendar.Date // filings fall into these days
	Seed       uint64
	Scripted   bool // first one case for every row of the table
	Merchants  int  // invented merchants that the register begins with; 0: none
	Members    int  // of them, members of the green channel
	Narratives []Narrative
	Stop       bool // leave what is open at the end of To
	Outage     func(workflow.Outage)
	Progress   func(done, all int)
	// Execute takes a command; nil: the store's door itself. A test sends it over
	// the wire instead.
	Execute func(ctx context.Context, q store.Request) (store.Answer, error)
}

// Result is what came of it.
type Result struct {
	Scripted, Lived int
	Rows            map[string]int // how often each row was taken
	Outcomes        map[string]int // of the lived cases
	Asides          map[string]int // of the cases that entered negotiation, by what the merchant did
	Open            int
}

// actor lives one case.
type actor struct {
	at     time.Time
	number string
	script []step
	next   int
	seen   int64 // events read so far
	goal   string
	lived  bool
	aside  string
	told   Narrative
	stuck  int
	report string // number of the report record split from the case
}

type queue []*actor

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].at.Before(q[j].at) }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)        { *q = append(*q, x.(*actor)) }
func (q *queue) Pop() any {
	old := *q
	x := old[len(old)-1]
	*q = old[:len(old)-1]
	return x
}

type simulation struct {
	ctx    context.Context
	s      *store.Store
	law    func() workflow.Rules
	clock  *Clock
	plan   Plan
	random *rand.Rand
	queue  queue
	result Result
	done   int
	all    int

	merchants []register.Details // whom complaints are about; none: names made up on the spot
	members   []register.Details // those of them whom the green channel is for
}

// Run lives all cases of the plan to their ends, on a store whose clock is
// clock. An error names the case, the step, and what the engine said.
func Run(ctx context.Context, s *store.Store, law func() workflow.Rules, clock *Clock, plan Plan) (Result, error) {
	sim := &simulation{ctx: ctx, s: s, law: law, clock: clock, plan: plan, random: rand.New(rand.NewPCG(plan.Seed, 7)),
		result: Result{Rows: map[string]int{}, Outcomes: map[string]int{}, Asides: map[string]int{}}}
	if sim.plan.Execute == nil {
		sim.plan.Execute = s.Execute
	}
	if plan.Merchants > 0 {
		if err := sim.populate(plan.Merchants); err != nil {
			return sim.result, err
		}
	}
	if plan.Members > 0 {
		if err := sim.enrol(plan.Members); err != nil {
			return sim.result, err
		}
	}
	sim.cast()
	sim.all = len(sim.queue)
	end := (plan.To + 1).Start()
	for len(sim.queue) > 0 {
		a := heap.Pop(&sim.queue).(*actor)
		if plan.Stop && a.at.After(end) {
			sim.result.Open++
			continue
		}
		if err := sim.enforce(a.at); err != nil {
			return sim.result, err
		}
		if err := sim.act(a); err != nil {
			return sim.result, fmt.Errorf("case %s (%s), step %d: %w", a.number, a.goal, a.next, err)
		}
	}
	return sim.result, sim.enforce(clock.Now())
}

// cast makes the actors: the scripted ones and the mix.
func (sim *simulation) cast() {
	if sim.plan.Scripted {
		at := sim.plan.From.Start().Add(9 * time.Hour)
		found := map[string][]step{}
		for seed := uint64(1); seed <= 4 && len(found) < len(workflow.Transitions); seed++ { // one is nearly always enough
			more := discover(seed, workflow.Rules{Rules: sim.law().Rules}, at)
			maps.Copy(more, found)
			found = more
		}
		for _, id := range slices.Sorted(maps.Keys(found)) {
			heap.Push(&sim.queue, &actor{at: at, script: found[id], goal: id})
		}
		for _, script := range reportScripts {
			heap.Push(&sim.queue, &actor{at: at, script: script, goal: "report"})
		}
	}
	n := sim.plan.Cases
	if sim.plan.Narratives != nil {
		n = len(sim.plan.Narratives)
	}
	days := int(sim.plan.To-sim.plan.From) + 1
	for i := range n {
		day := sim.plan.From.AddDays(i * days / n)
		a := &actor{lived: true}
		if sim.plan.Narratives != nil {
			a.told = sim.plan.Narratives[i]
			day = a.told.On
		}
		life := sim.drawLife(i)
		a.script, a.goal, a.aside = life.steps(), life.name, life.aside
		a.at = day.Start().Add(8*time.Hour + time.Duration(sim.random.IntN(10*3600))*time.Second)
		heap.Push(&sim.queue, a)
	}
}

// enforce moves the clock to an instant, stopping at every deadline on the way.
func (sim *simulation) enforce(until time.Time) error {
	for {
		due, err := sim.s.NextDue(sim.ctx)
		if err != nil {
			return err
		}
		if due.IsZero() || due.After(until) {
			sim.clock.Set(until)
			return nil
		}
		sim.clock.Set(due)
		for {
			n, err := sim.s.Sweep(sim.ctx, 500)
			if err != nil {
				return err
			}
			if n == 0 {
				break
			}
		}
		if _, err := sim.s.Escalate(sim.ctx, 500); err != nil {
			return err
		}
	}
}

// act lets one actor do its next step and says when it wants to go on.
func (sim *simulation) act(a *actor) error {
	if a.number == "" {
		return sim.begin(a)
	}
	if a.lived { // the post works
		if err := sim.deliver(a); err != nil {
			return err
		}
	}
	c, err := sim.look(a)
	if err != nil {
		return err
	}
	if c, err = sim.answerBreaches(a, c); err != nil {
		return err
	}
	if a.next >= len(a.script) || a.stuck > 60 {
		return sim.end(a, c)
	}
	st := a.script[a.next]
	switch {
	case st.Wait:
		return sim.wait(a, c)
	case st.Event == serveAll:
		a.next++
		if cmd, more := rehearse.Served(c); more {
			if err := sim.execute(a, cmd); err != nil {
				return err
			}
		}
	case st.Event == idle:
		a.next++
		a.at = sim.clock.Now().Add(time.Duration(st.Days) * 24 * time.Hour)
	case st.Event == outage:
		a.next++
		sim.away(c)
	default:
		if err := sim.take(a, c, st); err != nil {
			return err
		}
	}
	if a.at.After(sim.clock.Now()) { // it said itself when to come back
		heap.Push(&sim.queue, a)
		return nil
	}
	return sim.again(a)
}

// look reads the case and counts what happened to it since.
func (sim *simulation) look(a *actor) (workflow.Case, error) {
	v, err := sim.s.Case(sim.ctx, a.number)
	if err != nil {
		return workflow.Case{}, err
	}
	if v.Version > a.seen {
		events, err := sim.s.Events(sim.ctx, a.number)
		if err != nil {
			return workflow.Case{}, err
		}
		for _, e := range events[a.seen:] {
			sim.result.Rows[e.ID]++
			a.came(e.Event)
		}
		a.seen = v.Version
	}
	return v.Case, nil
}

// came ticks the raised event off that the script waits for next; letters to be
// delivered before it may still be on their way.
func (a *actor) came(event string) {
	for j := a.next; j < len(a.script); j++ {
		switch st := a.script[j]; {
		case st.Event == serveAll:
			continue
		case st.Wait && st.Event == event:
			a.script = slices.Delete(slices.Clone(a.script), j, j+1)
		}
		return
	}
}

// wait sleeps until the case's next deadline.
func (sim *simulation) wait(a *actor, c workflow.Case) error {
	due := nextDue(&c)
	if due.IsZero() {
		if !a.lived {
			return fmt.Errorf("%s never comes: nothing runs in %s", a.script[a.next].Event, c.State)
		}
		a.next = len(a.script)
		return sim.again(a)
	}
	a.at, a.stuck = later(sim.clock.Now(), due), a.stuck+1
	heap.Push(&sim.queue, a)
	return nil
}

func (sim *simulation) again(a *actor) error {
	pause := time.Minute
	if a.lived {
		pause = time.Duration(sim.random.IntN(30*3600)) * time.Second
	}
	a.at = sim.clock.Now().Add(pause)
	heap.Push(&sim.queue, a)
	return nil
}

func (sim *simulation) begin(a *actor) error {
	row := rowFor(workflow.Case{}, a.script[0].Event)
	cmd := rehearse.Compose(workflow.New(workflow.Complaint, 0, ""), row, sim.law(), sim.clock.Now())
	sim.invent(a, &cmd)
	answer, err := sim.plan.Execute(sim.ctx, store.Request{Command: cmd})
	if err != nil {
		return err
	}
	a.number, a.next = answer.Number, 1
	return sim.again(a)
}

// take does an event of the script, if the case still stands where it can; a
// life drifts to its end when something else came first.
func (sim *simulation) take(a *actor, c workflow.Case, st step) error {
	event := st.Event
	if rest, ok := strings.CutPrefix(event, "report:"); ok {
		a.at = sim.clock.Now()
		a.next++
		return sim.report(a, rest)
	}
	event, verdict := court(event)
	row := rowFor(c, event)
	if row == nil {
		if !a.lived {
			return fmt.Errorf("%s is not possible in %s", event, c.State)
		}
		a.next = len(a.script)
		return nil
	}
	cmd := rehearse.Compose(c, row, sim.law(), sim.clock.Now())
	agreed(&cmd, st.Days, sim.clock.Now())
	if verdict != "" {
		cmd.Input.FeedbackCode = verdict
	}
	if event == "mark_duplicate" || event == "join_joint_complaint" {
		cmd.Input.Other, cmd.Related = sim.twin(a), nil
	}
	err := sim.execute(a, cmd)
	var r *workflow.Refusal
	if a.lived && errors.As(err, &r) {
		a.next = len(a.script)
		return nil
	}
	if err != nil {
		return err
	}
	a.next++
	if a.lived {
		return sim.deliver(a)
	}
	return nil
}

// answerBreaches lets some officers say that they know of an overdue duty, and
// some of those why it is.
func (sim *simulation) answerBreaches(a *actor, c workflow.Case) (workflow.Case, error) {
	if !a.lived {
		return c, nil
	}
	for _, k := range c.Clocks {
		if !k.Breached() || c.Facts[fmt.Sprintf("acknowledged.%d", k.No)] != "" || (c.ID+k.No)%3 != 0 {
			continue
		}
		for _, event := range []string{"acknowledge_breach", "explain_breach"}[:1+(c.ID+k.No)/3%2] {
			cmd := rehearse.Compose(c, rowFor(c, event), sim.law(), sim.clock.Now())
			cmd.Input.Clock = k.No
			if err := sim.execute(a, cmd); err != nil {
				return c, err
			}
		}
		return sim.look(a)
	}
	return c, nil
}

// court splits court_result_partly into the event and the verdict.
func court(event string) (name, verdict string) {
	switch rest, ok := strings.CutPrefix(event, "court_result_"); {
	case !ok:
		return event, ""
	case rest == "not_docketed":
		return "court_result", rest
	default:
		return "court_result", "judged_" + rest
	}
}

// report acts on the record that was split from the actor's case.
func (sim *simulation) report(a *actor, event string) error {
	v, err := sim.s.Case(sim.ctx, a.report)
	if err != nil {
		return err
	}
	if due := nextDue(&v.Case); strings.HasPrefix(event, "(") && due.After(sim.clock.Now()) { // come back when the check ran out
		a.next--
		a.at = due
		return nil
	}
	if strings.HasPrefix(event, "(") {
		events, err := sim.s.Events(sim.ctx, a.report)
		sim.result.Rows[events[len(events)-1].ID]++
		return err
	}
	row := rowFor(v.Case, event)
	answer, err := sim.plan.Execute(sim.ctx, store.Request{Case: a.report, Command: rehearse.Compose(v.Case, row, sim.law(), sim.clock.Now())})
	for _, e := range answer.Events {
		sim.result.Rows[e.ID]++
	}
	return err
}

func (sim *simulation) execute(a *actor, cmd workflow.Command) error {
	answer, err := sim.plan.Execute(sim.ctx, store.Request{Case: a.number, Command: cmd})
	if answer.Report != "" {
		a.report = answer.Report
		sim.result.Rows["P1"]++
	}
	if errors.Is(err, store.ErrErased) {
		return nil
	}
	return err
}

// deliver is a post that always arrives: every notice but the invitation.
func (sim *simulation) deliver(a *actor) error {
	for {
		v, err := sim.s.Case(sim.ctx, a.number)
		if err != nil {
			return err
		}
		cmd, more := rehearse.Served(v.Case)
		if !more {
			return nil
		}
		if err := sim.execute(a, cmd); err != nil {
			return err
		}
	}
}

// twin files an earlier complaint of the same person about the same shop, which
// this one repeats.
func (sim *simulation) twin(a *actor) string {
	return a.told.Text // set by invent: the number of the twin
}

// away records an outage in the last working day of the running offer.
func (sim *simulation) away(c workflow.Case) {
	k := c.Clock("merchant_first_answer")
	if k == nil || sim.plan.Outage == nil {
		return
	}
	from := k.LateFrom.Add(-10 * time.Hour)
	sim.plan.Outage(workflow.Outage{From: from, To: from.Add(9 * time.Hour)})
}

// end drifts an open case to its end and counts a closed one.
func (sim *simulation) end(a *actor, c workflow.Case) error {
	if a.lived && c.State != workflow.Closed {
		if event := drift(&c); event != "" && a.stuck < 60 {
			a.stuck++
			row := rowFor(c, event)
			var r *workflow.Refusal
			if err := sim.execute(a, rehearse.Compose(c, row, sim.law(), sim.clock.Now())); err != nil && !errors.As(err, &r) {
				return err
			} else if err == nil {
				return sim.again(a)
			}
		}
		if due := nextDue(&c); !due.IsZero() && a.stuck < 200 {
			a.at, a.stuck = later(sim.clock.Now(), due), a.stuck+1
			heap.Push(&sim.queue, a)
			return nil
		}
		return fmt.Errorf("does not end: %s", c.State)
	}
	if a.lived {
		sim.result.Lived++
		sim.result.Outcomes[c.Outcome]++
		if a.aside != "" {
			sim.result.Asides[a.aside]++
		}
	} else {
		sim.result.Scripted++
	}
	sim.done++
	if sim.plan.Progress != nil {
		sim.plan.Progress(sim.done, sim.all)
	}
	return nil
}

func rowFor(c workflow.Case, event string) *workflow.Row {
	for i := range workflow.Transitions {
		r := &workflow.Transitions[i]
		if r.Event != event {
			continue
		}
		if c.Version == 0 && len(r.From) == 0 {
			return r
		}
		for _, s := range r.FromStates() {
			if c.Version > 0 && s == c.State {
				return r
			}
		}
	}
	for i := range workflow.ReportTransitions {
		if r := &workflow.ReportTransitions[i]; r.Event == event && c.Kind == workflow.Report {
			return r
		}
	}
	return nil
}
