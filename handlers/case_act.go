package handlers

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"fangxin/store"
	"fangxin/workflow"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// act is what every change of a case may say.
type act struct {
	Sees       int64                `json:"sees"` // an officer's: the version he saw
	As         workflow.Role        `json:"as"`   // which of an officer's roles acts
	OnBehalf   *onBehalf            `json:"on_behalf"`
	Person     *workflow.Person     `json:"person"`
	Respondent *workflow.Respondent `json:"respondent"`
	Words      string               `json:"words"`
	Service    *workflow.Service    `json:"service"`
	Check      string               `json:"check"` // confirmed, of the person's phone or mailbox
	workflow.Input
}

type onBehalf struct {
	Party    workflow.Role `json:"party"` // consumer or merchant
	Channel  string        `json:"channel"`
	Identity string        `json:"identity"`
	ReadBack bool          `json:"read_back"`
}

// chosen is the body of a resource: an act, and the choice that some ask for.
type chosen struct {
	act
	Extent   string `json:"extent"`
	Party    string `json:"party"`
	Decision string `json:"decision"`
	Result   string `json:"result"`
}

// common are the fields that every act may say beside the resource's own.
var common = []string{"sees", "as", "on_behalf"}

// fields lists what the body of a resource may say.
func (r *resource) fields(kind workflow.Kind) []string {
	out := strings.Fields(r.takes)
	if choice, _ := r.options(); choice != "" {
		out = append([]string{choice}, out...)
	}
	for _, name := range common {
		if name == "on_behalf" && !partyMay(r.by(kind)) {
			continue
		}
		out = append(out, name)
	}
	return out
}

func partyMay(by []workflow.Role) bool {
	return slices.Contains(by, "consumer") || slices.Contains(by, "merchant")
}

// read takes a body with the resource's fields and no other.
func (r *resource) read(c *Call, kind workflow.Kind, into *chosen) error {
	if err := onlyFields(c.Body, r.fields(kind)); err != nil {
		return err
	}
	if err := strict(c.Body, into); err != nil {
		return err
	}
	for _, at := range []struct {
		name string
		to   *int64
	}{{"offer", &into.Offer}, {"notice", &into.Notice}, {"order", &into.Order}, {"clock", &into.Clock}} {
		if !strings.Contains(r.path, "{"+at.name+"}") {
			continue
		}
		n, err := position(c.Param(at.name))
		if err != nil {
			return err
		}
		*at.to = n
	}
	return nil
}

// position reads a number in a path: 1, 2, … in its one spelling.
func position(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 || strconv.FormatInt(n, 10) != text {
		return 0, notFound()
	}
	return n, nil
}

// onlyFields refuses a field that the resource does not have. What is no object
// is left to the strict reader.
func onlyFields(body []byte, fields []string) error {
	var given map[string]jsontext.Value
	if json.Unmarshal(body, &given) != nil {
		return nil //nolint:nilerr // the strict reader says what is wrong and where
	}
	unknown := ""
	for name := range given {
		if !slices.Contains(fields, name) && (unknown == "" || name < unknown) {
			unknown = name
		}
	}
	if unknown != "" {
		return badField(unknown, "why.unknown")
	}
	return nil
}

// open reads the case of a path; of another kind than the path's, or a report
// to somebody who may not know of it, is not there.
func (s *Server) open(ctx context.Context, c *Call, kind workflow.Kind) (store.View, error) {
	v, err := s.seen(ctx, c)
	if err == nil && v.Kind != kind {
		err = notFound()
	}
	return v, err
}

// mayReport: a report record is for the officers and supervisors alone (Order
// 121 Art. 9).
func mayReport(c *Call) bool {
	return c.User != nil && isOne(c.User, []workflow.Role{"officer", "supervisor"})
}

// resource is the handler of a resource.
func (s *Server) resource(r resource, kind workflow.Kind) func(context.Context, *Call) (any, error) {
	return func(ctx context.Context, c *Call) (any, error) {
		var in chosen
		v, err := s.open(ctx, c, kind)
		if err != nil {
			return nil, err
		}
		if err := r.read(c, kind, &in); err != nil {
			return nil, err
		}
		events, err := r.narrow(c, &in)
		if err != nil {
			return nil, err
		}
		if err := s.known(&in.Input); err != nil {
			return nil, err
		}
		if len(r.reasons) > 0 && in.Reason != "" && !slices.Contains(r.reasons, in.Reason) {
			return nil, badField("reason", "why.choice")
		}
		if err := r.admits(c, kind, &in.act, v.State); err != nil {
			return nil, err
		}
		if r.events == "propose_narrative" {
			if err := s.cleanNarrative(ctx, v, &in.act); err != nil {
				return nil, err
			}
		}
		return s.doFirst(ctx, c, v, &in.act, r.answer, events)
	}
}

// narrow finds the events that the body's choice leaves. Where a party itself
// acts, "party" is the party.
func (r *resource) narrow(c *Call, in *chosen) ([]string, error) {
	field, all := r.options()
	if field == "" {
		return all[0].events, nil
	}
	value := map[string]string{"extent": in.Extent, "party": in.Party, "decision": in.Decision, "result": in.Result, "feedback_code": in.FeedbackCode}[field]
	if field == "party" && value == "" {
		switch {
		case c.Link != nil:
			value = c.Link.Role
		case in.OnBehalf != nil:
			value = string(in.OnBehalf.Party)
		}
	}
	if value == "" {
		p := problem("missing")
		p.faults = []fault{{field, ""}}
		return nil, p
	}
	for _, o := range all {
		if o.value == value {
			return o.events, nil
		}
	}
	return nil, badField(field, "why.choice")
}

// admits asks whether the caller may use the resource at all, before the case's
// state is asked: what somebody may never do is not "not now".
func (r *resource) admits(c *Call, kind workflow.Kind, in *act, state workflow.State) error {
	by := r.by(kind)
	refusal := &workflow.Refusal{Code: "not_for_you", State: state, By: by}
	if c.Link != nil {
		if in.As != "" || in.OnBehalf != nil || !slices.Contains(by, workflow.Role(c.Link.Role)) {
			return refusal
		}
		return nil
	}
	if in.OnBehalf != nil && slices.Contains(by, in.OnBehalf.Party) || isOne(c.User, by) {
		return nil
	}
	return refusal
}

// doFirst takes the first of the events that the case allows. A repeated request
// is answered as it was, whatever the case allows by now.
func (s *Server) doFirst(ctx context.Context, c *Call, v store.View, in *act, answer string, events []string) (any, error) {
	var requests []store.Request
	var barred error
	key, err := c.key()
	if err != nil {
		return nil, err
	}
	by := v.Number + "/" + c.scope() + "/" + key
	checked, err := s.contactOf(ctx, &v, in, by)
	if err != nil {
		return nil, err
	}
	for _, event := range events {
		q, err := s.request(c, v, in, event, answer)
		if err == nil {
			q.Command.Checked, q.Key = checked, key
			requests = append(requests, q)
		} else if barred == nil {
			barred = err
		}
	}
	if len(requests) == 0 {
		s.giveBackCheck(ctx, in, by, barred)
		return nil, barred
	}
	out, err := s.execute(ctx, c, v, requests[s.pick(v, requests)])
	var refusal *workflow.Refusal
	if errors.As(err, &refusal) && refusal.Code == "key_reused" && len(requests) > 1 { // by itself, when the case allowed another of them?
		if again, lookErr := s.Store.Answered(ctx, requests); lookErr == nil && again >= 0 {
			out, err = s.execute(ctx, c, v, requests[again])
		}
	}
	s.giveBackCheck(ctx, in, by, err)
	if err != nil && c.Link != nil {
		err = forParty(err, c.Link.Role)
	}
	if err != nil {
		return nil, warned(err, &v.Case, c.Language)
	}
	return out, nil
}

// pick chooses among the events: the first that the law would take now; when it
// would take none, the one that it refuses for the most telling reason.
func (s *Server) pick(v store.View, requests []store.Request) int {
	if len(requests) == 1 {
		return 0
	}
	now, law := s.Now(), s.Rules()
	c := settled(v.Case, law, now)
	best, rank := 0, -1
	for i, q := range requests {
		_, err := workflow.Decide(c, q.Command, law, now)
		var refusal *workflow.Refusal
		if !errors.As(err, &refusal) {
			return i
		}
		if r := telling(refusal.Code); r > rank {
			best, rank = i, r
		}
	}
	return best
}

// telling ranks refusals: a row that the state does not have says least.
func telling(code string) int {
	switch code {
	case "not_allowed_now":
		return 0
	case "not_for_you":
		return 1
	case "guard":
		return 2
	}
	return 3
}

// settled is the case after what is due by now.
func settled(c workflow.Case, law workflow.Rules, now time.Time) workflow.Case {
	for {
		steps, due := workflow.DueSteps(c, law, now)
		if !due {
			return c
		}
		c = steps[len(steps)-1].After
	}
}

// request makes the command of an event; answer is the kind of answer that the
// path itself says, if it does.
func (s *Server) request(c *Call, v store.View, in *act, event, answer string) (store.Request, error) {
	actor, err := actorOf(c, in, v.Kind, v.State, event)
	if err != nil {
		return store.Request{}, err
	}
	cmd := workflow.Command{Event: event, Actor: actor, Sees: in.Sees, Input: in.Input, Private: in.private()}
	if event == "answer" && answer != "" || event == "answer_with_offer" {
		cmd.Input.AnswerKind = cmp.Or(answer, cmd.Input.AnswerKind)
	}
	return store.Request{Case: v.Number, Command: cmd, Key: c.Key, Sees: c.sees(), Scope: v.Number + "/" + c.scope(), Draft: c.draft}, nil
}

// private is what the act says of people and in words.
func (in *act) private() *workflow.Private {
	p := workflow.Private{Person: in.Person, Respondent: in.Respondent, Words: in.Words, Service: in.Service}
	if p.Words == "" && p.Person == nil && p.Respondent == nil && p.Service == nil {
		return nil
	}
	return &p
}

// execute hands a command to the door and shows the case as it stands then.
func (s *Server) execute(ctx context.Context, c *Call, v store.View, q store.Request) (any, error) {
	answer, err := s.Store.Execute(ctx, q)
	if err != nil {
		return nil, err
	}
	if v, err = s.Store.Case(ctx, v.Number); err != nil {
		return nil, err
	}
	role := ""
	if c.Link != nil {
		role, answer.Report = c.Link.Role, ""
	}
	return done{s.caseView(v, role, c.Language), answer.Events, answer.Report, answer.Replayed}, nil
}

type done struct {
	Case     CaseView     `json:"case"`
	Events   []store.Done `json:"events"`
	Report   string       `json:"report,omitempty"`
	Replayed bool         `json:"replayed"`
}

// actorOf says who acts: a party by its link, or an officer in the role that he
// names, or else in the first of his that the event's rows ask for. The case's
// state has no say in it: a repeated request must have the same actor.
func actorOf(c *Call, in *act, kind workflow.Kind, state workflow.State, event string) (workflow.Actor, error) {
	var by []workflow.Role
	for _, row := range rowsOf(kind, event) {
		by = append(by, people(row)...)
	}
	refusal := &workflow.Refusal{Code: "not_for_you", Event: event, State: state, By: slices.Compact(by)}
	if c.Link != nil {
		if in.As != "" || in.OnBehalf != nil {
			return workflow.Actor{}, refusal
		}
		if !c.Link.May(event) {
			return workflow.Actor{}, problem("link_lacks_action")
		}
		return workflow.Actor{Role: workflow.Role(c.Link.Role), ID: c.Link.Actor}, nil
	}
	roles := c.User.Roles
	role := cmp.Or(in.As, workflow.Role(roles[0]))
	if i := slices.IndexFunc(by, func(r workflow.Role) bool { return slices.Contains(roles, string(r)) }); in.As == "" && i >= 0 {
		role = by[i]
	}
	if !slices.Contains(roles, string(role)) {
		return workflow.Actor{}, refusal
	}
	a := workflow.Actor{Role: role, ID: c.User.Name}
	if b := in.OnBehalf; b != nil {
		if b.Party != "consumer" && b.Party != "merchant" {
			return a, badField("on_behalf.party", "why.choice")
		}
		a.For, a.Channel, a.Identity, a.ReadBack = b.Party, b.Channel, b.Identity, b.ReadBack
		if in.As == "" && slices.Contains(roles, "officer") {
			a.Role = "officer"
		}
	}
	return a, nil
}
