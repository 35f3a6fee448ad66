package handlers

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"fangxin/jobs"
	"fangxin/jobs/simulate"
	"fangxin/store"
	"fangxin/store/storetest"
	"fangxin/workflow"
	"fangxin/workflow/calendar"
	"fangxin/workflow/rehearse"
)

// wire takes the commands of a simulation over HTTP: each through the resource
// that its event belongs to, by somebody who may, with the fields that the
// resource has and no other.
type wire struct {
	*httptest.Server
	t        *testing.T
	api      *Server
	s        *store.Store
	contract *contract
	tokens   map[string]string                 // of users by role, of parties by case and side
	rows     map[string]string                 // row → resource
	cases    map[workflow.Kind][]workflow.Case // closed ones
	repeated map[string]bool                   // resources
	turns    map[string]int                    // how often an event was taken
	n        int
}

func newWire(t *testing.T, s *store.Store, w *storetest.World, now func() time.Time) *wire {
	x := &wire{t: t, s: s, tokens: map[string]string{}, rows: map[string]string{}, repeated: map[string]bool{}, turns: map[string]int{}}
	post := &jobs.Post{Now: now, Rules: w.Law}
	x.api = &Server{Store: s, Rules: w.Law, Now: now, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Limits: unlimited(), SMS: SignedForTests,
		Texts: Texts{Built: jobs.Texts(), Places: jobs.Places, Check: post.Check, Preview: post.Preview, Parts: jobs.Parts}}
	x.Server = httptest.NewServer(x.api.Handler())
	t.Cleanup(x.Close)
	x.contract = newContract(t, x.api, x.URL)
	return x
}

// unlimited is a budget that is full again at every request.
func unlimited() *Limits {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	return NewLimits(func() time.Time { at = at.Add(time.Hour); return at })
}

// user is the token of somebody with one of the roles who sees the case: the unit
// in charge, the organisation that mediates, the authority it was transferred to.
func (x *wire) user(roles []workflow.Role, c *workflow.Case) string {
	for _, role := range roles {
		u := store.User{Roles: []string{string(role)}, Unit: map[workflow.Role]string{"unit": c.Unit(), "mediator": c.Facts["organisation"], "other_authority": c.Facts["receiver"]}[role]}
		u.Name = "the-" + string(role) + "-" + u.Unit
		scope := u.Scope()
		if c.Version > 0 && !scope.Sees(c) {
			continue
		}
		if x.tokens[u.Name] == "" {
			token, err := x.s.AddUser(context.Background(), u)
			if err != nil {
				x.t.Fatal(err)
			}
			x.tokens[u.Name] = token
		}
		return x.tokens[u.Name]
	}
	x.t.Fatalf("none of %v sees %s", roles, c.Number)
	return ""
}

// second is the token of another officer.
func (x *wire) second() string {
	if x.tokens["second"] == "" {
		token, err := x.s.AddUser(context.Background(), store.User{Name: "the-second", Roles: []string{"officer"}})
		if err != nil {
			x.t.Fatal(err)
		}
		x.tokens["second"] = token
	}
	return x.tokens["second"]
}

// party is the token of a party's link to a case.
func (x *wire) party(number, side string) string {
	name := number + side
	if x.tokens[name] == "" {
		token, hash := x.s.NewToken("test", number, side)
		if _, err := x.s.GiveLink(context.Background(), store.Once{}, number, store.NewLink{Hash: hash, Recipient: side, Actor: side, Actions: []string{store.ActionAct}, Expires: x.api.Now().Add(20 * 366 * 24 * time.Hour)}); err != nil {
			x.t.Fatal(err)
		}
		x.tokens[name] = token
	}
	return x.tokens[name]
}

// find is a resource of an event, with the choice that leads to it: where several
// take it, each in turn.
func find(kind workflow.Kind, event string, turn int) (r resource, choice, value string, ok bool) {
	list := caseResources
	if kind == workflow.Report {
		list = reportResources
	}
	type place struct {
		r             resource
		choice, value string
	}
	var all []place
	for _, r := range list {
		field, options := r.options()
		for _, o := range options {
			if slices.Contains(o.events, event) {
				all = append(all, place{r, field, o.value})
				break
			}
		}
	}
	if len(all) == 0 {
		return r, "", "", false
	}
	p := all[turn%len(all)]
	return p.r, p.choice, p.value, true
}

func (x *wire) execute(ctx context.Context, q store.Request) (store.Answer, error) {
	role := string(q.Command.Actor.Role)
	switch {
	case role == "units":
		role = "unit"
	case q.Command.Event == "notice_served" && x.rows["T60"] == "": // the post's work, done by hand once
		role = "officer"
	}
	if machines[workflow.Role(role)] {
		return x.s.Execute(ctx, q)
	}
	var c workflow.Case
	token, path, fields, body := "", "/api/v1/cases", filingFields, map[string]any{}
	if q.Command.Event == "file_green_channel" {
		body["track"] = "green_channel"
	}
	if q.Case != "" {
		prefix, kind := casePath, workflow.Complaint
		if strings.HasPrefix(q.Case, "JB") {
			prefix, kind = reportPath, workflow.Report
		}
		r, choice, value, ok := find(kind, q.Command.Event, x.turns[q.Command.Event])
		if !ok {
			x.t.Fatalf("no resource takes %s", q.Command.Event)
		}
		x.turns[q.Command.Event]++
		if choice != "" {
			body[choice] = value
		}
		v, err := x.s.Case(ctx, q.Case)
		if err != nil {
			x.t.Fatal(err)
		}
		c = v.Case
		if strings.Contains(r.path, "{order}") {
			q.Command.Input.Order = c.Clock("supervision").No
		}
		path = strings.NewReplacer("{number}", q.Case, "{offer}", fmt.Sprint(q.Command.Input.Offer), "{notice}", fmt.Sprint(q.Command.Input.Notice), "{order}", fmt.Sprint(q.Command.Input.Order),
			"{clock}", fmt.Sprint(q.Command.Input.Clock)).Replace(prefix + r.path)
		fields = r.fields(kind)
		if role == "consumer" || role == "merchant" {
			token = x.party(q.Case, role)
		} else {
			token = x.user(append([]workflow.Role{workflow.Role(role)}, people(rowsOf(kind, q.Command.Event)[0])...), &c)
		}
		if q.Command.Event == "confirm_narrative" { // by another than who proposed it
			token = x.second()
		}
	}
	fill(body, fields, &q.Command)
	answer, err := x.send(path, token, body, q.Command.Event)
	if q.Case == "" && err == nil {
		x.rows[answer.Events[0].ID] = "POST /api/v1/cases"
	}
	return answer, err
}

// fill writes a command as a body that has only these fields.
func fill(body map[string]any, fields []string, cmd *workflow.Command) {
	text, _ := json.Marshal(cmd.Input)
	said := map[string]any{}
	_ = json.Unmarshal(text, &said)
	if p := cmd.Private; p != nil {
		said["words"] = p.Words
		if p.Person != nil {
			said["person"] = p.Person
		}
		if p.Respondent != nil {
			said["respondent"] = p.Respondent
		}
	}
	for _, name := range fields {
		if v, ok := said[name]; ok && body[name] == nil {
			body[name] = v
		}
	}
}

// send posts a command; the first time at a resource again, as a repeat
// that must get the same answer, and with other words under the same key.
func (x *wire) send(path, token string, body map[string]any, event string) (store.Answer, error) {
	x.n++
	key := fmt.Sprintf("key-%d", x.n)
	status, text := x.contract.call("POST", path, token, body, key)
	if status >= 400 {
		return store.Answer{}, x.refusal(status, text)
	}
	var out struct {
		Case     CaseView
		Events   []store.Done
		Report   string
		Replayed bool
	}
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		x.t.Fatal(err)
	}
	answer := store.Answer{Number: out.Case.Number, Version: out.Case.Version, State: out.Case.State, Outcome: out.Case.Outcome, Events: out.Events, Report: out.Report}
	if path == "/api/v1/cases" {
		answer.Events = []store.Done{{Seq: 1, ID: map[string]string{"file_with_authority": "T01", "file_green_channel": "T01b"}[event], Event: event}}
		return answer, nil
	}
	if out.Events[0].Event != event || out.Replayed {
		x.t.Errorf("%s %v took %s, not %s", path, body, out.Events[0].Event, event)
	}
	route := x.contract.route("POST", path)
	x.rows[out.Events[0].ID] = route
	if x.repeated[route] {
		return answer, nil
	}
	x.repeated[route] = true
	status, again := x.contract.call("POST", path, token, body, key)
	var repeat struct {
		Events   []store.Done
		Replayed bool
	}
	_ = json.Unmarshal([]byte(again), &repeat)
	if status == http.StatusNotFound { // who gave the case away does not see it any more
		return answer, nil
	}
	if event != "erase_person" && (status >= 400 || !repeat.Replayed || fmt.Sprint(repeat.Events) != fmt.Sprint(out.Events)) {
		x.t.Errorf("%s again: %d %s", path, status, again)
	}
	body["words"] = "别的话"
	if status, text := x.contract.call("POST", path, token, body, key); event != "erase_person" && status != http.StatusUnprocessableEntity {
		x.t.Errorf("%s with the same key and another body: %d %s", path, status, text)
	}
	return answer, nil
}

func (x *wire) refusal(status int, text string) error {
	if status == http.StatusGone {
		return store.ErrErased
	}
	var p Problem
	_ = json.Unmarshal([]byte(text), &p)
	return &workflow.Refusal{Code: p.Code + " " + text}
}

// live takes a case through events, for the rows that the simulation only takes
// as what follows another.
func (x *wire) live(events ...string) {
	number := ""
	for _, event := range events {
		c := workflow.New(workflow.Complaint, 0, "")
		if number != "" {
			v, err := x.s.Case(context.Background(), number)
			if err != nil {
				x.t.Fatal(err)
			}
			c = v.Case
		}
		i := slices.IndexFunc(rowsOf(workflow.Complaint, event), func(r *workflow.Row) bool {
			return len(r.From) == 0 || slices.Contains(r.FromStates(), c.State)
		})
		answer, err := x.execute(context.Background(), store.Request{Case: number, Command: rehearse.Compose(c, rowsOf(workflow.Complaint, event)[i], x.api.Rules(), x.api.Now())})
		if err != nil {
			x.t.Fatalf("%s: %v", event, err)
		}
		number = answer.Number
	}
}

// find lists cases in a state, with their person or without.
func (x *wire) find(state string, erased bool) []string {
	kind := workflow.Complaint
	if strings.HasPrefix(state, "REPORT") {
		kind = workflow.Report
	}
	lines, _, err := x.s.List(context.Background(), &store.User{Roles: []string{"officer", "supervisor"}}, store.Filter{Kind: kind, State: state}, store.Page{Sort: "filed", Limit: 200})
	if err != nil {
		x.t.Fatal(err)
	}
	var out []string
	for _, l := range lines {
		v, err := x.s.Case(context.Background(), l.Number)
		if err == nil && (v.Facts["erased"] == "yes") == erased && v.Outcome != "ARCHIVED" {
			out = append(out, l.Number)
		}
	}
	return out
}

// Every row of the table that a person may take is taken over HTTP through its
// resource, on both databases: the scripts are found, not listed.
func TestEveryRowHasAResource(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		clock, from := &simulate.Clock{}, calendar.NewDate(2026, 4, 15)
		clock.Set(from.Start())
		cfg := w.Cfg
		cfg.Now, cfg.Node = clock.Now, "wire"
		s, err := store.Open(context.Background(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		x := newWire(t, s, w, clock.Now)
		x.contract.trusting = s.Dialect() == "postgres" // the answers' form does not hang on the database
		_, err = simulate.Run(context.Background(), s, w.Law, clock, simulate.Plan{From: from, To: from, Seed: 1, Scripted: true, Execute: x.execute, Outage: func(o workflow.Outage) {
			law := w.Law()
			law.Outages = append(law.Outages, o)
			w.Rules(law)
		}})
		if err != nil {
			t.Fatal(err)
		}
		x.live("file_with_authority", "classify", "dispatch")
		x.live("file_with_authority", "classify", "invite_settlement", "accept_meanwhile", "channels_exhausted", "proceed_to_mediation")
		x.live("file_with_authority", "classify", "invite_settlement", "channels_exhausted", "proceed_to_decision")
		x.live(strings.Fields("file_with_authority classify invite_settlement delivered answer_with_offer accept_offer accept_settled report_performance end_settled_in_mediation")...)
		if !x.contract.trusting {
			x.probe(x.find("CLOSED.closed", false)[0], x.find("REPORT.closed", false)[0])
			x.unseen(t)
		}
		for _, list := range [][]workflow.Row{workflow.Transitions, workflow.ReportTransitions} {
			for i := range list {
				row := &list[i]
				if who := people(row); len(who) > 0 && x.rows[row.ID] == "" && row.Event != "open_report" { // split_report opens it
					t.Errorf("%s %s by %v was not taken over HTTP", row.ID, row.Event, who)
				}
			}
		}
	})
}

// SignedForTests is a gateway that signs with one word; the real one is driven by
// the tests of cmd.
var SignedForTests = Gateway{
	Prove: func(h http.Header, _ []byte) bool { return h.Get("Webhook-Signature") == "good" },
	Take: func(_ context.Context, r GatewayReport) (string, error) {
		if r.Ref == "" {
			return "ref", nil
		}
		return "", nil
	}}
