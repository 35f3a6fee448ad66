package handlers

import (
	"reflect"
	"slices"
	"strings"
	"time"

	"fangxin/store"
	"fangxin/workflow"
	"fangxin/workflow/calendar"
	"fangxin/workflow/indicator"
	"fangxin/workflow/ledger"
	"fangxin/workflow/publication"
	"fangxin/workflow/register"
)

// object is a piece of the document.
type object = map[string]any

// schemas derives JSON schemas from Go types, as encoding writes them. Types with
// a name become components, so that the document says each once.
type schemas struct {
	lang  string
	asked bool // of requests: nothing is required by the form, null is no value
	found object
}

// names of components where the type's own would not do.
var componentNames = map[reflect.Type]string{
	reflect.TypeOf(store.Done{}): "TakenEvent", reflect.TypeOf(done{}): "CaseChanged", reflect.TypeOf(filed{}): "Filed",
	reflect.TypeOf(workflow.Private{}): "SealedWords", reflect.TypeOf(workflow.File{}): "SealedFile", reflect.TypeOf(onBehalf{}): "OnBehalf", reflect.TypeOf(eventView{}): "LogEvent", reflect.TypeOf(caseLine{}): "CaseLine",
}

func componentName(t reflect.Type) string {
	if name, ok := componentNames[t]; ok {
		return name
	}
	return strings.TrimSuffix(strings.ToUpper(t.Name()[:1])+t.Name()[1:], "View")
}

// fieldKeys are where the words of a type's fields stand in the catalogue.
var fieldKeys = map[reflect.Type]string{
	reflect.TypeOf(workflow.Person{}): "field.person.", reflect.TypeOf(workflow.Respondent{}): "field.respondent.", reflect.TypeOf(workflow.Attempt{}): "field.attempts.",
	reflect.TypeOf(workflow.Item{}): "field.items.", reflect.TypeOf(onBehalf{}): "field.on_behalf.", reflect.TypeOf(workflow.File{}): "answer.File.", reflect.TypeOf(workflow.Private{}): "field.", reflect.TypeOf(workflow.Service{}): "field.service.",
	reflect.TypeOf(merchantFields{}): "field.merchant.", reflect.TypeOf(newMerchant{}): "field.merchant.", reflect.TypeOf(merchantChange{}): "field.merchant.",
	reflect.TypeOf(merchantRename{}): "field.merchant.", reflect.TypeOf(merchantMerge{}): "field.merchant.", reflect.TypeOf(merchantUnmerge{}): "field.merchant.",
	reflect.TypeOf(merchantSuccession{}): "field.merchant.", reflect.TypeOf(because{}): "field.merchant.", reflect.TypeOf(contactAdded{}): "field.merchant.contacts.",
	reflect.TypeOf(newContact{}): "field.merchant.contacts.", reflect.TypeOf(reviewDecision{}): "field.merchant.", reflect.TypeOf(caseMerchantChoice{}): "field.merchant.",
	reflect.TypeOf(docketing{}): "field.infringement.", reflect.TypeOf(settling{}): "field.infringement.", reflect.TypeOf(publication.Infringement{}): "field.infringement.", reflect.TypeOf(publication.Result{}): "field.infringement.",
	reflect.TypeOf(publication.PublicInfringement{}): "field.infringement.", reflect.TypeOf(infringementPage{}): "field.infringement.", reflect.TypeOf(publicInfringementPage{}): "field.infringement.",
	reflect.TypeOf(register.Shop{}):   "field.merchant.shops.",
	reflect.TypeOf(paperOrder{}):      "field.paper.",
	reflect.TypeOf(register.Member{}): "answer.member.", reflect.TypeOf(membershipView{}): "answer.member.", reflect.TypeOf(membershipWhole{}): "answer.member.", reflect.TypeOf(membershipPage{}): "answer.member.",
	reflect.TypeOf(memberView{}): "answer.member.", reflect.TypeOf(store.MemberPerson{}): "answer.member.", reflect.TypeOf(store.Paper{}): "answer.member.", reflect.TypeOf(membershipHistory{}): "answer.member.",
	reflect.TypeOf(store.MemberHistoryLine{}): "answer.member.", reflect.TypeOf(store.MemberNote{}): "answer.member.", reflect.TypeOf(leadPage{}): "answer.member.", reflect.TypeOf(store.MemberLead{}): "answer.member.", reflect.TypeOf(register.Figures{}): "answer.figures.",
	reflect.TypeOf(indicator.Report{}): "answer.statistics.", reflect.TypeOf(indicator.At{}): "answer.statistics.", reflect.TypeOf(indicator.GroupFigures{}): "answer.statistics.", reflect.TypeOf(indicator.Figure{}): "answer.statistics.",
	reflect.TypeOf(publicReport{}): "answer.statistics.", reflect.TypeOf(indicator.PublicGroup{}): "answer.statistics.", reflect.TypeOf(indicator.PublicFigure{}): "answer.statistics.",
	reflect.TypeOf(indicator.PublicRate{}): "answer.statistics.", reflect.TypeOf(indicator.PublicSpread{}): "answer.statistics.", reflect.TypeOf(indicator.PublicApart{}): "answer.statistics.",
	reflect.TypeOf(indicator.Rate{}): "answer.statistics.", reflect.TypeOf(indicator.Spread{}): "answer.statistics.", reflect.TypeOf(indicator.Apart{}): "answer.statistics.",
	reflect.TypeOf(countedView{}): "answer.behind.", reflect.TypeOf(countedCase{}): "answer.behind.", reflect.TypeOf(indicator.Part{}): "answer.behind.",
	reflect.TypeOf(snapshotView{}): "answer.snapshot.", reflect.TypeOf(snapshotsView{}): "answer.snapshot.", reflect.TypeOf(consistencyView{}): "answer.snapshot.", reflect.TypeOf(proofView{}): "answer.proof.", reflect.TypeOf(ledger.Part{}): "answer.proof.",
	reflect.TypeOf(indicator.RestatedFigures{}): "answer.snapshot.", reflect.TypeOf(indicator.RestatedLine{}): "answer.snapshot.", reflect.TypeOf(indicator.Pair{}): "answer.statistics.", reflect.TypeOf(indicator.ChangeCount{}): "answer.snapshot.",
	reflect.TypeOf(ledger.Receipt{}): "answer.Receipt.", reflect.TypeOf(ledger.ReceiptClock{}): "answer.ReceiptClock.",
	reflect.TypeOf(store.Coverage{}): "answer.coverage.", reflect.TypeOf(store.CoverageLine{}): "answer.coverage.", reflect.TypeOf(loginView{}): "answer.member.", reflect.TypeOf(wallView{}): "answer.shop.", reflect.TypeOf(sessionsView{}): "answer.member.",
	reflect.TypeOf(store.Session{}): "answer.member.", reflect.TypeOf(memberCases{}): "answer.member.", reflect.TypeOf(store.MemberCase{}): "answer.member.", reflect.TypeOf(peopleView{}): "answer.member.",
	reflect.TypeOf(newMembership{}): "field.member.", reflect.TypeOf(memberDecision{}): "field.member.", reflect.TypeOf(memberSupplement{}): "field.member.",
	reflect.TypeOf(register.Checklist{}): "field.checklist.", reflect.TypeOf(register.Terms{}): "field.terms.",
	reflect.TypeOf(personAdded{}): "field.member.", reflect.TypeOf(newPerson{}): "field.people.", reflect.TypeOf(newPaper{}): "field.papers.", reflect.TypeOf(loginLink{}): "field.member.",
	reflect.TypeOf(newWebhook{}):     "field.webhook.",
	reflect.TypeOf(gatewayReports{}): "field.sms.", reflect.TypeOf(GatewayReport{}): "field.sms.", reflect.TypeOf(gatewayAnswer{}): "answer.sms.", reflect.TypeOf(refusedReport{}): "answer.sms.",
	reflect.TypeOf(newTemplate{}): "field.template.", reflect.TypeOf(templateDraft{}): "field.template.",
}

// describe is what a field means: key is where the catalogue has it.
func (x *schemas) describe(t reflect.Type, name string) string {
	prefix, ok := fieldKeys[t]
	switch {
	case !ok && x.asked:
		prefix = "field."
	case !ok && t.Name() == "":
		prefix = "answer.any."
	case !ok:
		prefix = "answer." + componentName(t) + "."
	}
	if !has(x.lang, prefix+name) {
		return ""
	}
	return say(x.lang, prefix+name, nil)
}

// of is the schema of a type.
func (x *schemas) of(t reflect.Type) object {
	switch t {
	case reflect.TypeOf(time.Time{}):
		return object{"type": "string", "format": "date-time"}
	case reflect.TypeOf(calendar.Date(0)):
		return object{"type": "string", "pattern": `^([0-9]{4}-[0-9]{2}-[0-9]{2})?$`}
	}
	if list := enumOf(t); list != nil {
		return object{"type": "string", "enum": list}
	}
	switch t.Kind() {
	case reflect.Pointer:
		if x.asked {
			return x.of(t.Elem())
		}
		return object{"anyOf": []any{x.of(t.Elem()), object{"type": "null"}}}
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return object{"type": "integer", "format": "int64"}
	case reflect.Slice:
		return object{"type": "array", "items": x.of(t.Elem())}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": x.of(t.Elem())}
	case reflect.Struct:
		return x.ref(t)
	}
	return object{}
}

// ref makes a component of a named struct and points to it.
func (x *schemas) ref(t reflect.Type) object {
	if t.Name() == "" {
		return x.object(t, nil)
	}
	name := componentName(t)
	if x.asked {
		name += "Input"
	}
	if x.found[name] == nil {
		x.found[name] = object{} // a type may hold itself
		x.found[name] = x.object(t, nil)
	}
	return object{"$ref": "#/components/schemas/" + name}
}

// object is the schema of a struct; only, where it is given, names the fields
// that count.
func (x *schemas) object(t reflect.Type, only []string) object {
	properties, required := object{}, []string{}
	x.collect(t, only, properties, &required)
	out := object{"type": "object", "properties": properties, "additionalProperties": false}
	if !x.asked && len(required) > 0 {
		out["required"] = required
	}
	return out
}

func (x *schemas) collect(t reflect.Type, only []string, into object, required *[]string) {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			x.collect(f.Type, only, into, required)
			continue
		}
		name, rest, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || name == "-" || only != nil && !slices.Contains(only, name) {
			continue
		}
		p := x.narrowed(t, f.Type, name)
		if about := x.describe(t, name); about != "" {
			p["description"] = about
		}
		into[name] = p
		if !strings.Contains(rest, "omitempty") {
			*required = append(*required, name)
		}
	}
}

// narrowed is a field's schema with what its values may be.
func (x *schemas) narrowed(owner, t reflect.Type, name string) object {
	p := x.of(t)
	if !x.asked {
		if list := answerEnums[componentNameOf(owner)+"."+name]; list != nil {
			p["enum"] = list()
		}
		return p
	}
	path := strings.TrimPrefix(strings.TrimPrefix(fieldKeys[owner], "field.")+name, ".")
	if list, ok := values[path]; ok && t.Kind() == reflect.Slice {
		p["items"] = object{"type": "string", "enum": list}
	} else if ok && t.Kind() == reflect.String {
		p["enum"] = list
	}
	if limit, ok := spans[path]; ok {
		p["minimum"], p["maximum"] = limit.least, limit.most
	}
	if name == "event" {
		p["enum"] = workflow.Events()
	}
	if name == "as" {
		p["enum"] = store.UserRoles
	}
	return p
}

func componentNameOf(t reflect.Type) string {
	if t.Name() == "" {
		return ""
	}
	return componentName(t)
}

// answerEnums are the fields of answers that take one of a list.
var answerEnums = map[string]func() []string{
	"Move.event": eventNames, "Move.id": rowIDs, "TakenEvent.event": eventNames, "TakenEvent.id": rowIDs, "LogEvent.event": loggedEvents, "LogEvent.id": loggedIDs,
	"Clock.code": clockCodes, "ReceiptClock.code": clockCodes, "Problem.code": problemCodes,
	"Case.stage": func() []string {
		return []string{"RECEIVED", "NEGOTIATION", "REFERRAL", "LITIGATION_LINK", "CLOSED", "REPORT"}
	},
	"Case.outcome":    func() []string { return workflow.Outcomes },
	"Case.acceptance": func() []string { return []string{"", "none", "pending", "accepted", "refused"} },
	"Case.agreement":  func() []string { return []string{"", "none", "self", "mediated", "entrusted", "court"} },
	"Case.performance": func() []string {
		return []string{"", "none", "due", "reported", "done", "presumed", "partly", "missed", "denied", "unknown"}
	},
	"Case.offer_by": func() []string { return []string{"consumer", "merchant"} },
}

// enumOf lists the values of a type that has a fixed list.
func enumOf(t reflect.Type) []string {
	switch t {
	case reflect.TypeOf(workflow.State("")):
		out := []string{"", "before_closing"} // of a report before it is opened; the place that a corrected closing returns to
		for _, defs := range [][]workflow.StateDef{workflow.States, workflow.ReportStates} {
			for _, d := range defs {
				out = append(out, string(d.State))
			}
		}
		return out
	case reflect.TypeOf(workflow.Role("")):
		return roleCodes()
	case reflect.TypeOf(workflow.ClockState("")):
		return []string{"waiting", "running", "paused", "owed", "met", "met_late", "void", "expired"}
	case reflect.TypeOf(calendar.Unit("")):
		return []string{string(calendar.WorkingDay), string(calendar.Day), string(calendar.Month), string(calendar.Year)}
	}
	return nil
}
