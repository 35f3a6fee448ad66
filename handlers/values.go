package handlers

import (
	"slices"

	"fangxin/store"
	"fangxin/workflow"
	"fangxin/workflow/calendar"
	"fangxin/workflow/policy"
	"fangxin/workflow/register"
)

// requestCodes are the seven requests of form 1 of the market regulators' paper
// forms, and whatever else a consumer asks for.
var requestCodes = []string{"repair", "redo", "replace", "return", "make_up_quantity", "refund", "compensate", "other"}

// sources are where a complaint may come from; a person without a token files
// from the web.
var sources = []string{"web", "window", "telephone", "letter", "12345", "12315"}

// values are the fields that take one of a list.
var values = map[string][]string{
	"language": {"zh", "en"}, "answer_kind": {"offer", "refusal", "question"}, "chosen": {"agreed", "designated"},
	"payer": {"consumer", "merchant", "both", "authority"}, "form": {"signed", "waived", "performed"}, "lost": {"consumer", "merchant"},
	"court_kind": {"prefiling", "ordinary", "summary"}, "publication": {"publish", "hold"}, "feedback_code": workflow.FeedbackCodes,
	"requests": requestCodes, "act": jointActs(), "track": {"authority", "green_channel"}, "party": {"consumer", "merchant"},
	"on_behalf.party": {"consumer", "merchant"},
	"merchant.kind":   register.Kinds, "merchant.size": register.Sizes, "merchant.status": {"unverified", "active", "closed"}, "merchant.contacts.kind": register.ContactKinds,
	"merchant.verdict": reviewDecisions,
	"member.verdict":   register.DecisionNames, "member.cause": register.Causes, "people.role": store.PersonRoles, "papers.kind": store.PaperKinds,
}

// span is the least and the most of a number.
type span struct{ least, most int64 }

// mostFen is ten billion yuan: more than any dispute of a county is about.
const mostFen = 1_000_000_000_000

var spans = map[string]span{"domain": {1, 12}, "score": {1, 5}, "amount_fen": {0, mostFen}, "performed_fen": {0, mostFen}}

// jointActs lists the events that need both sides and may be proposed by one.
func jointActs() []string {
	var out []string
	for i := range workflow.Transitions {
		row := &workflow.Transitions[i]
		for _, g := range row.If {
			if slices.Contains(workflow.Needs(g), "both") && !slices.Contains(out, row.Event) {
				out = append(out, row.Event)
			}
		}
	}
	slices.Sort(out)
	return out
}

// known holds an input to the lists that the reference and the vocabulary show.
// What is lawful is for the law to say; this is what is written wrongly.
func (s *Server) known(in *workflow.Input) error {
	for _, x := range []struct{ name, value string }{
		{"language", in.Language}, {"answer_kind", in.AnswerKind}, {"chosen", in.Chosen}, {"payer", in.Payer}, {"form", in.Form}, {"lost", in.Lost},
		{"court_kind", in.CourtKind}, {"publication", in.Publication}, {"feedback_code", in.FeedbackCode}, {"act", in.Act}} {
		if x.value != "" && !slices.Contains(values[x.name], x.value) {
			return badField(x.name, "why.choice")
		}
	}
	for _, code := range in.Requests {
		if !slices.Contains(requestCodes, code) {
			return badField("requests", "why.choice")
		}
	}
	for _, x := range []struct {
		name  string
		value int64
	}{{"domain", int64(in.Domain)}, {"score", int64(in.Score)}, {"amount_fen", in.AmountFen}, {"performed_fen", in.Performed}} {
		if limit := spans[x.name]; x.value != 0 && (x.value < limit.least || x.value > limit.most) {
			return badField(x.name, "why.range")
		}
	}
	if in.ServedOn > calendar.On(s.Now()) {
		return badField("served_on", "why.future")
	}
	return s.inPlan(in)
}

// inPlan holds codes of places to the county's plan.
func (s *Server) inPlan(in *workflow.Input) error {
	county := s.Rules().County()
	is := func(code string) func(policy.Place) bool { return func(p policy.Place) bool { return p.Code == code } }
	switch {
	case in.Town != "" && !slices.ContainsFunc(county.Towns, is(in.Town)):
		return badField("town", "why.vocabulary")
	case in.Unit != "" && !slices.ContainsFunc(county.Departments, is(in.Unit)):
		return badField("unit", "why.vocabulary")
	case in.Category == "":
		return nil
	}
	for _, d := range county.Domains {
		if (in.Domain == 0 || in.Domain == d.Number) && slices.ContainsFunc(d.Categories, is(in.Category)) {
			return nil
		}
	}
	return badField("category", "why.vocabulary")
}
