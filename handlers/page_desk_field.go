package handlers

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"fangxin/handlers/view"
	"fangxin/workflow"
	"fangxin/workflow/calendar"
	"fangxin/workflow/policy"
)

// Codes that forms of the desk offer and that no list of the API fixes.
var (
	missingCodes  = []string{"name", "phone", "address", "identity", "respondent", "request", "facts", "power_of_attorney", "joint_consent"} // Order 121 Art. 10 to 12
	findingCodes  = []string{"ART17a", "ART17b", "ART17c", "ART17d", "ART17e"}                                                               // Art. 17, item by item
	kindCodes     = []string{"people_mediation_committee", "consumer_association", "industry_association", "other"}
	channelCodes  = []string{"window", "telephone", "letter"}
	identityCodes = []string{"identity_card", "called_back", "letter_signed"}
	tries         = 3 // rows for documented attempts to serve
)

// reasonsFor are the reasons that an act may give, where the table knows them.
var reasonsFor = map[string][]string{"correct_closing": {"clerical", "wrong"}, "erase_person": {"pipl_47", "retention"}, "refuse_erasure": {"retention", "other"},
	"transfer_out": {"place", "platform", "other_county"}, "disclaim": {"other_shop", "closed_shop", "platform_only"}, "green_channel_unavailable": {"closed_shop", "other"},
	"merchant_refuses": {"no_defect", "no_proof", "too_late", "not_sold_here", "settled_already", "amount", "other"}, "succeed_party": {"other"}, "explain_breach": {"other"}}

// kindOf is how a field is asked for.
var kindOf = map[string]string{"amount_fen": "money", "performed_fen": "money", "knew_on": "date", "due_on": "date", "performed_on": "date", "words": "area",
	"publish_consent": "choice", "entrust_consent": "choice", "requests": "checks", "missing": "checks", "offer": "hidden",
	"respondent_set": "check", "confirmed": "check", "consent": "check", "representative": "check", "represented_consent": "check", "both": "check", "no_conflict": "check",
	"no_refusal_ground": "check", "warned": "check", "no_successor": "check", "will_not_perform": "check",
	"domain": "select", "category": "select", "town": "select", "unit": "select", "officer": "select", "reason": "select", "ground": "select", "finding": "select",
	"organisation_kind": "select", "feedback_code": "select", "act": "select", "clock": "select", "notice": "select", "order": "select"}

// plural are the fields that are several questions.
var plural = map[string][]string{"person": {"person.name", "person.phone", "person.email", "person.address", "person.identity"},
	"respondent": {"respondent.name", "respondent.code", "respondent.address", "respondent.phone", "respondent.email"}}

// numbersOf are the fields of an act's path.
var numbersOf = map[string]string{"{offer}": "offer", "{notice}": "notice", "{order}": "order", "{clock}": "clock"}

// takesOf lists the fields that an act may say: those of its resource, as the API
// describes them.
func takesOf(kind workflow.Kind, event string) []string {
	list := caseResources
	if kind == workflow.Report {
		list = reportResources
	}
	var out []string
	add := func(name string) {
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	for i := range list {
		r := &list[i]
		if !slices.Contains(r.candidates(), event) {
			continue
		}
		for mark, name := range numbersOf {
			if strings.Contains(r.path, mark) {
				add(name)
			}
		}
		if choice, _ := r.options(); choice == "feedback_code" {
			add(choice)
		}
		for name := range strings.FieldsSeq(r.takes) {
			add(name)
		}
	}
	return slices.DeleteFunc(out, func(name string) bool { return name == "check" })
}

// needed are the fields that an act cannot do without.
func (x *looked) needed(a *deskAct) map[string]bool {
	out := map[string]bool{}
	for _, g := range a.move.Needs {
		for _, name := range workflow.Needs(g) {
			out[name] = name != "read_back" && name != "on_behalf_of" && !(name == "both" && a.For != "") && !(name == "represented_consent" && x.alone()) &&
				!(name == "paper" && a.For != "consumer" && g == "document_if_consumer") && !(name == "knew_on") && !(g == "domain_category_town_respondent_set" && x.v.Facts[name] != "")
		}
	}
	for _, name := range []string{"clock", "notice", "order"} {
		out[name] = true
	}
	return out
}

// alone reports whether one person complains for himself.
func (x *looked) alone() bool {
	n, _ := number(x.v.Facts["complainants"])
	return n < 2
}

// deskFields are the questions of an act's form: what it needs first.
func (s *Server) deskFields(p *view.Page, x *looked, a *deskAct, typed *unsent) []view.Field {
	need := x.needed(a)
	var first, rest []view.Field
	if a.For != "" {
		first = append(first, codes(p, typed, "on_behalf.channel", channelCodes), codes(p, typed, "on_behalf.identity", identityCodes), x.plain(p, a, typed, "on_behalf.read_back", "check"))
	}
	for _, name := range takesOf(x.v.Kind, a.move.Event) {
		if name == "both" && !need["both"] || name == "represented_consent" && x.alone() {
			continue
		}
		var fields []view.Field
		for _, one := range questionsOf(name) {
			fields = append(fields, s.deskField(p, x, a, typed, one))
		}
		for i := range fields {
			fields[i].Optional = !need[name] && fields[i].Kind != "hidden" || strings.Contains(fields[i].Name, ".") && !slices.Contains([]string{"person.name", "respondent.name"}, fields[i].Name)
		}
		if need[name] {
			first = append(first, fields...)
		} else {
			rest = append(rest, fields...)
		}
	}
	return append(first, rest...)
}

// questionsOf are the questions that stand for one field of a body.
func questionsOf(name string) []string {
	switch name {
	case "attempts":
		var out []string
		for n := range tries {
			for _, part := range []string{"on", "channel", "paper"} {
				out = append(out, "attempts."+part+"."+strconv.Itoa(n+1))
			}
		}
		return out
	case "items":
		var out []string
		for _, kind := range workflow.TransferItems {
			out = append(out, "items."+kind)
		}
		return out
	}
	if list := plural[name]; list != nil {
		return list
	}
	return []string{name}
}

// plain is a question with its words: a short name of its own, and as hint what the
// API says of the field.
func (x *looked) plain(p *view.Page, a *deskAct, typed *unsent, name, kind string) view.Field {
	f := view.Field{Name: name, Kind: kind, Value: typed.Form.Get(name)}
	base, part, _ := strings.Cut(name, ".")
	switch {
	case base == "items":
		f.Label = p.T("item." + part)
	case base == "attempts":
		part, n, _ := strings.Cut(part, ".")
		f.Label = p.T("page.desk.ask.attempts."+part, "N", n)
		if part == "on" {
			f.Kind = "date"
		}
	default:
		f.Label = p.T("page.desk.ask." + name)
	}
	if key := "page.desk.hint." + name; has(p.Lang, key) {
		f.Hint = p.T(key)
	} else if key := "field." + name; base == name && has(p.Lang, key) && kind != "money" && kind != "select" && kind != "checks" {
		f.Hint = p.T(key)
	}
	if kind == "check" { // the whole sentence is what is confirmed
		f.Label, f.Hint = p.T("page.desk.ask."+name), ""
	}
	if key := "page.desk.words." + a.move.Event; name == "words" && has(p.Lang, key) {
		f.Label = p.T(key)
	}
	return f
}

// codes is a question with one of a list of codes as its answer.
func codes(p *view.Page, typed *unsent, name string, list []string) view.Field {
	return view.Field{Name: name, Kind: "select", Label: p.T("page.desk.ask." + name), Value: typed.Form.Get(name), Options: options(p, typed, name, "page.desk.opt."+name+".", list)}
}

func options(p *view.Page, typed *unsent, name, prefix string, list []string) []view.Option {
	out := []view.Option{{Label: p.T("page.desk.choose")}}
	for _, code := range list {
		out = append(out, view.Option{Value: code, Label: wordsOr(p, prefix, code), On: slices.Contains(typed.Form[name], code)})
	}
	return out
}

// deskField is one question of an act.
func (s *Server) deskField(p *view.Page, x *looked, a *deskAct, typed *unsent, name string) view.Field {
	kind := kindOf[name]
	if kind == "" {
		kind = "text"
	}
	f := x.plain(p, a, typed, name, kind)
	pick := func(prefix string, list []string) {
		f.Kind, f.Options = "select", options(p, typed, name, prefix, list)
	}
	switch {
	case name == "requests":
		f.Options = typed.options(p, name, "request.", requestCodes...)
	case name == "missing":
		f.Options = typed.options(p, name, "page.desk.opt.missing.", missingCodes...)
	case name == "publish_consent", name == "entrust_consent":
		f.Options = typed.options(p, name, "page.consent."+name+".", "yes", "no")
	case name == "reason":
		pick("reason.", reasonsFor[a.move.Event])
	case name == "finding":
		pick("page.desk.opt.finding.", findingCodes)
	case name == "organisation_kind":
		pick("page.desk.opt.organisation_kind.", kindCodes)
	case name == "feedback_code":
		pick("feedback.", feedbackFor(a.move.Event))
	case name == "proof" && !strings.HasPrefix(a.move.Event, "report_performance"):
		pick("proof.", workflow.DeliveryProofs)
	case name == "act":
		pick("event.", values["act"])
	case name == "offer":
		n, _ := x.v.OpenOffer()
		if f.Value == "" {
			f.Value = strconv.FormatInt(n, 10)
		}
	case values[name] != nil && kind == "text":
		pick("page.desk.opt."+name+".", values[name])
	case kind == "select":
		f.Options = s.placesFor(p, x, a, typed, name)
	}
	return f
}

// feedbackFor are the codes of a court that an event stands for.
func feedbackFor(event string) []string {
	var out []string
	for i := range caseResources {
		field, all := caseResources[i].options()
		for _, o := range all {
			if field == "feedback_code" && slices.Contains(o.events, event) {
				out = append(out, o.value)
			}
		}
	}
	return out
}

// placesFor are the answers that the county's plan, the law or the case knows.
func (s *Server) placesFor(p *view.Page, x *looked, a *deskAct, typed *unsent, name string) []view.Option {
	out := []view.Option{{Label: p.T("page.desk.choose")}}
	add := func(code, label string) {
		out = append(out, view.Option{Value: code, Label: label, On: slices.Contains(typed.Form[name], code)})
	}
	county, today := s.Rules().County(), calendar.On(s.Now())
	switch name {
	case "domain":
		for _, d := range county.Domains {
			add(strconv.Itoa(d.Number), strconv.Itoa(d.Number)+" "+placeName(p, policy.Place{Zh: d.Zh, En: d.En}))
		}
	case "category":
		for _, d := range county.Domains {
			for _, k := range d.Categories {
				add(k.Code, strconv.Itoa(d.Number)+" · "+placeName(p, k))
			}
		}
	case "town":
		for _, t := range county.Towns {
			add(t.Code, placeName(p, t))
		}
	case "unit":
		for _, u := range s.unitsFor(x, a) {
			add(u.Code, placeName(p, u))
		}
	case "officer":
		for _, name := range x.colleagues {
			add(name, name)
		}
	case "ground":
		grounds := s.Rules().RefusalGrounds(today)
		for _, g := range grounds {
			add(g.Code, g.Code+" "+placeName(p, policy.Place{Zh: g.Zh, En: g.En}))
		}
		if a.move.Event == "ground_found" {
			add("FRAUD", p.T("page.desk.opt.ground.FRAUD"))
		}
	case "clock", "order":
		for i := range x.v.Clocks {
			k := &x.v.Clocks[i]
			if name == "clock" && k.Breached() || name == "order" && k.Code == "supervision" && k.State.Open() {
				add(strconv.FormatInt(k.No, 10), p.T("page.desk.opt.clock", "Clock", capital(p.T("clock."+k.Code)), "Day", dateWords(p, k.Due)))
			}
		}
	case "notice":
		for _, n := range x.v.Notices {
			add(strconv.FormatInt(n.No, 10), p.T("page.desk.opt.notice", "Kind", x.causeOf(p, n.Seq), "Who", p.T("page.who."+n.To)))
		}
	}
	if len(out) == 2 && (name == "clock" || name == "order" || name == "notice") { // nothing to choose between
		out[1].On = true
		return out[1:]
	}
	return out
}

// unitsFor are the units that an act may name: to be dispatched to, those whose remit
// covers the case and that have not sent it back.
func (s *Server) unitsFor(x *looked, a *deskAct) []policy.Place {
	law := s.Rules()
	all := law.County().Departments
	if a == nil || a.move.Event != "dispatch" && a.move.Event != "dispatch_accepted" {
		return all
	}
	today := calendar.On(s.Now())
	return slices.DeleteFunc(slices.Clone(all), func(u policy.Place) bool {
		return u.Code == x.v.Facts["returned_by"] || !law.Competent(u.Code, x.v.Domain(), x.v.Town(), today)
	})
}

// colleaguesOf are the officers whom a case may be given to.
func (s *Server) colleaguesOf(ctx context.Context, c *Call) ([]string, error) {
	if !isOne(c.User, staff) {
		return nil, nil
	}
	all, err := s.Store.Users(ctx)
	var out []string
	for _, u := range all {
		if u.Disabled.IsZero() && isOne(&u, []workflow.Role{"officer"}) && (c.User.Unit == "" || u.Unit == "" || u.Unit == c.User.Unit) {
			out = append(out, u.Name)
		}
	}
	return out, err
}

// causeOf is the event that a notice is about.
func (x *looked) causeOf(p *view.Page, seq int64) string {
	for i := range x.events {
		if x.events[i].Seq == seq {
			return p.T("event." + x.events[i].Event)
		}
	}
	return ""
}
