package handlers

import (
	"context"
	"slices"

	"fangxin/workflow"
	"fangxin/workflow/calendar"
	"fangxin/workflow/policy"
)

// Word is a code with its words in both languages.
type Word struct {
	Code string `json:"code"`
	Zh   string `json:"zh"`
	En   string `json:"en"`
}

// DomainWords is a domain of consumption with its categories.
type DomainWords struct {
	Number     int    `json:"number"`
	Code       string `json:"code"`
	Zh         string `json:"zh"`
	En         string `json:"en"`
	Unit       string `json:"unit"` // the department that leads today
	Categories []Word `json:"categories"`
}

// Grounds are the grounds of one regime.
type Grounds struct {
	Regime      string        `json:"regime"`
	Zh          string        `json:"zh"`
	From        calendar.Date `json:"from"`
	Refusal     []Word        `json:"refusal"`
	Termination []Word        `json:"termination"`
}

// Vocabulary is every fixed list of the API with its words.
type Vocabulary struct {
	Domains       []DomainWords `json:"domains"`
	Towns         []Word        `json:"towns"`
	Units         []Word        `json:"units"`
	Requests      []Word        `json:"requests"`
	AnswerKinds   []Word        `json:"answer_kinds"`
	Reasons       []Word        `json:"reasons"`
	Grounds       []Grounds     `json:"grounds"`
	Outcomes      []Word        `json:"outcomes"`
	States        []Word        `json:"states"`
	Events        []Word        `json:"events"`
	Clocks        []Word        `json:"clocks"`
	Guards        []Word        `json:"guards"`
	Roles         []Word        `json:"roles"`
	Sources       []Word        `json:"sources"`
	Proofs        []Word        `json:"proofs"`
	FeedbackCodes []Word        `json:"feedback_codes"`
	TransferItems []Word        `json:"transfer_items"`
}

// reasons are the codes that fit into "reason", by what is explained: a
// merchant's refusal and disclaimer, a transfer, a correction, an erasure.
var reasons = []string{"no_defect", "no_proof", "too_late", "not_sold_here", "settled_already", "amount", "other",
	"other_shop", "closed_shop", "platform_only", "place", "platform", "other_county", "clerical", "wrong", "pipl_47", "retention"}

// publicReasons are those of a public form: why it is held, what a merchant objects
// and answers.
var publicReasons = slices.Compact(slices.Sorted(slices.Values(slices.Concat(workflow.HoldReasons, workflow.Objections, workflow.PublicAnswers))))

// vocabulary lists the codes, for whoever builds a form.
func (s *Server) vocabulary(context.Context, *Call) (any, error) {
	law, county := s.Rules(), s.Rules().County()
	v := Vocabulary{Towns: placeWords(county.Towns), Units: placeWords(county.Departments), Requests: listed("request.", requestCodes),
		AnswerKinds: listed("answer_kind.", values["answer_kind"]), Reasons: listed("reason.", slices.Concat(reasons, slices.DeleteFunc(slices.Clone(publicReasons), func(r string) bool { return slices.Contains(reasons, r) }))), Outcomes: listed("outcome.", workflow.Outcomes),
		Sources: listed("source.", sources), Proofs: listed("proof.", workflow.DeliveryProofs), Roles: listed("role.", roleCodes()),
		FeedbackCodes: listed("feedback.", workflow.FeedbackCodes), TransferItems: listed("item.", workflow.TransferItems),
		Events: listed("event.", eventNames()), Clocks: listed("clock.", clockCodes()), Guards: listed("guard.", guardNames())}
	for _, defs := range [][]workflow.StateDef{workflow.States, workflow.ReportStates} {
		for _, d := range defs {
			v.States = append(v.States, Word{string(d.State), d.Zh, d.En})
		}
	}
	today := calendar.On(s.Now())
	for _, d := range county.Domains {
		unit, _ := law.Unit(d.Number, "", today)
		v.Domains = append(v.Domains, DomainWords{d.Number, d.Code, d.Zh, d.En, unit, placeWords(d.Categories)})
	}
	for _, g := range law.Regimes() {
		v.Grounds = append(v.Grounds, Grounds{g.Version, g.Zh, g.From, groundWords(law.RefusalGrounds(g.From)), groundWords(law.TerminationGrounds(g.From))})
	}
	return v, nil
}

func listed(prefix string, codes []string) []Word {
	out := make([]Word, 0, len(codes))
	for _, c := range codes {
		out = append(out, Word{c, say("zh", prefix+c, nil), say("en", prefix+c, nil)})
	}
	return out
}

func placeWords(places []policy.Place) []Word {
	out := make([]Word, 0, len(places))
	for _, p := range places {
		out = append(out, Word(p))
	}
	return out
}

func groundWords(grounds []policy.Ground) []Word {
	out := make([]Word, 0, len(grounds))
	for _, g := range grounds {
		out = append(out, Word{g.Code, g.Zh, g.En})
	}
	return out
}
