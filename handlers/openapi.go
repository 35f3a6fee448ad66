package handlers

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"fangxin/store"
	"fangxin/workflow"
	"fangxin/workflow/indicator"
	"fangxin/workflow/ledger"
	"fangxin/workflow/publication"
	"fangxin/workflow/register"
)

// bodies, answers and queries are what each route takes and gives; what a route
// is for stands in the catalogue as route.<operationId>. A resource's body is
// made from its own fields.
var bodies = map[string]any{"POST /api/v1/cases/{number}/commands": command{}, "POST /api/v1/search": question{}, "POST /api/v1/cases/{number}/links": newLink{},
	"POST /api/v1/cases/{number}/links/{id}/rotate": nothing{}, "POST /api/v1/cases/{number}/links/{id}/revoke": nothing{}, "POST /api/v1/link/rotate": nothing{},
	"POST " + resendPath:                nothing{},
	"POST /api/v1/cases/{number}/notes": newNote{}, "POST /api/v1/cases/{number}/erasure-requests": nothing{}, "POST /api/v1/absences": newAbsence{}, "POST /api/v1/absences/{id}/end": nothing{},
	"POST /api/v1/checks": newCheck{}, "POST /api/v1/checks/{check}/confirm": enteredCode{},
	"POST /api/v1/memberships": newMembership{}, "POST " + memberPath + "/decisions": memberDecision{}, "POST " + memberPath + "/supplement": memberSupplement{},
	"POST " + memberPath + "/withdrawal": because{}, "POST " + memberPath + "/shop-code": because{}, "POST " + memberPath + "/people": personAdded{}, "POST " + memberPath + "/people/{person}/end": because{},
	"POST /api/v1/member/login": newLogin{}, "POST /api/v1/member/session": loginLink{}, "POST /api/v1/member/session/end": nothing{}, "POST /api/v1/member/supplement": memberSupplement{},
	"POST /api/v1/member/withdrawal": because{}, "POST /api/v1/member/people": personAdded{}, "POST /api/v1/member/people/{person}/end": because{},
	"PUT " + templatePath: newTemplate{}, "POST " + templatePath + "/preview": templateDraft{},
	"POST /api/v1/channels/sms/reports": gatewayReports{},
	"POST /api/v1/webhooks":             newWebhook{}, "PATCH /api/v1/webhooks/{webhook}": newWebhook{},
	"POST /api/v1/webhooks/{webhook}/rotate": nothing{}, "POST /api/v1/webhooks/{webhook}/pause": nothing{}, "POST /api/v1/webhooks/{webhook}/resume": nothing{},
	"POST /api/v1/webhooks/{webhook}/end": nothing{}, "POST /api/v1/webhooks/{webhook}/test": nothing{},
	"POST /api/v1/proofs":       ledger.Receipt{},
	"POST " + infringementsPath: docketing{}, "POST " + infringementsPath + "/{infringement}/result": settling{},
	"POST /api/v1/merchants": newMerchant{}, "PATCH " + merchantPath: merchantChange{}, "POST " + merchantPath + "/contacts": contactAdded{}, "POST " + merchantPath + "/contacts/{contact}/end": because{},
	"POST " + merchantPath + "/rename": merchantRename{}, "POST " + merchantPath + "/merge": merchantMerge{}, "POST " + merchantPath + "/unmerge": merchantUnmerge{},
	"POST " + merchantPath + "/successor": merchantSuccession{}, "POST /api/v1/merchant-reviews/{review}": reviewDecision{}, "POST /api/v1/cases/{number}/merchants": caseMerchantChoice{}}

var answers = map[string]any{
	"GET /healthz": Status{}, "GET /readyz": Status{}, "GET /api/v1/vocabulary": Vocabulary{}, "GET /api/v1/keys": publicKeys{}, "POST /api/v1/cases": filed{},
	"GET /api/v1/cases": casePage{}, "GET /api/v1/counts": countsView{}, "POST /api/v1/search": casePage{}, "GET /api/v1/cases/{number}": CaseView{},
	"GET /api/v1/cases/{number}/receipt": ledger.Receipt{}, "GET /api/v1/cases/{number}/proof": proofView{}, "POST /api/v1/proofs": proofView{}, "GET /api/v1/statistics/snapshots": snapshotsView{}, "GET /api/v1/statistics/snapshots/{period}": indicator.RestatedFigures{}, "GET /api/v1/statistics/consistency": consistencyView{}, "POST /api/v1/cases/{number}/commands": done{}, "GET /api/v1/cases/{number}/events": eventList{},
	"GET /api/v1/cases/{number}/events/{seq}/words": workflow.Private{}, "GET /api/v1/cases/{number}/withdrawal": Warning{},
	"GET /api/v1/cases/{number}/links": linkList{}, "POST /api/v1/cases/{number}/links": handedLink{}, "POST /api/v1/cases/{number}/links/{id}/rotate": handedLink{},
	"POST /api/v1/cases/{number}/links/{id}/revoke": nothing{}, "GET /api/v1/link": linkView{}, "POST /api/v1/link/rotate": handedLink{},
	"GET /api/v1/cases/{number}/notices": noticeFacts{}, "POST " + resendPath: resendView{},
	"GET /api/v1/cases/{number}/notes": notesView{}, "POST /api/v1/cases/{number}/notes": noteView{}, "GET /api/v1/cases/{number}/data": dataCopy{},
	"POST /api/v1/cases/{number}/erasure-requests": erasureView{}, "GET /api/v1/erasure-requests": erasuresView{}, "GET /api/v1/statistics": indicator.Report{}, "GET /api/v1/statistics/cases": countedView{}, "GET /api/v1/public/statistics": publicReport{}, "GET /api/v1/escalations": dutiesView{}, "POST /api/v1/checks": checkView{}, "POST /api/v1/checks/{check}/confirm": confirmedCheck{}, "GET /api/v1/me": meView{}, "GET /api/v1/users": usersView{},
	"GET " + templatesPath: templatesView{}, "GET " + templatePath: templateView{}, "PUT " + templatePath: templateVersion{}, "POST " + templatePath + "/preview": previewView{},
	"POST /api/v1/channels/sms/reports": gatewayAnswer{},
	"GET /api/v1/webhooks":              webhooksView{}, "POST /api/v1/webhooks": webhookSecret{}, "GET /api/v1/webhooks/{webhook}": webhookView{}, "PATCH /api/v1/webhooks/{webhook}": webhookView{},
	"POST /api/v1/webhooks/{webhook}/rotate": webhookSecret{}, "POST /api/v1/webhooks/{webhook}/pause": nothing{}, "POST /api/v1/webhooks/{webhook}/resume": nothing{},
	"POST /api/v1/webhooks/{webhook}/end": nothing{}, "POST /api/v1/webhooks/{webhook}/test": webhookTest{},
	"GET /api/v1/absences": absencesView{}, "POST /api/v1/absences": absenceLine{}, "POST /api/v1/absences/{id}/end": nothing{},
	"POST /api/v1/memberships": membershipView{}, "GET /api/v1/memberships": membershipPage{}, "GET " + memberPath: membershipWhole{}, "GET " + memberPath + "/history": membershipHistory{},
	"GET " + memberPath + "/figures": register.Figures{}, "POST " + memberPath + "/decisions": membershipView{}, "POST " + memberPath + "/supplement": membershipView{},
	"POST " + memberPath + "/withdrawal": membershipView{}, "POST " + memberPath + "/shop-code": membershipView{}, "POST " + memberPath + "/people": peopleView{}, "POST " + memberPath + "/people/{person}/end": peopleView{},
	"GET /api/v1/membership-leads": leadPage{}, "GET /api/v1/coverage": store.Coverage{}, "GET /api/v1/shops/{code}": wallView{}, "GET " + publicPath: publicPage{}, "GET " + publicPath + "/{complaint}": publication.Form{}, "GET " + casePath + "/publication": standingView{}, "POST /api/v1/member/login": loginView{}, "POST /api/v1/member/session": sessionsView{},
	"POST /api/v1/member/session/end": nothing{}, "GET /api/v1/member": memberView{}, "GET /api/v1/member/cases": memberCases{}, "GET /api/v1/member/figures": register.Figures{},
	"POST /api/v1/member/supplement": membershipView{}, "POST /api/v1/member/withdrawal": membershipView{}, "POST /api/v1/member/people": peopleView{}, "POST /api/v1/member/people/{person}/end": peopleView{},
	"GET /api/v1/reports/{number}": CaseView{}, "GET /api/v1/reports/{number}/events": eventList{},
	"GET /api/v1/cases/{number}/merchants": caseMerchantList{}, "POST /api/v1/cases/{number}/merchants": caseMerchantList{}, "GET /api/v1/merchants": merchantPage{},
	"GET " + infringementsPath: infringementPage{}, "POST " + infringementsPath: publication.Infringement{}, "POST " + infringementsPath + "/{infringement}/result": publication.Infringement{}, "GET " + publicInfringementsPath: publicInfringementPage{}, "GET " + publicInfringementsPath + "/{infringement}": publication.PublicInfringement{},
	"POST /api/v1/merchants": merchantView{}, "GET " + merchantPath: merchantView{}, "PATCH " + merchantPath: merchantView{}, "GET " + merchantPath + "/history": merchantHistory{},
	"GET " + merchantPath + "/contacts": contactList{}, "POST " + merchantPath + "/contacts": contactNo{}, "POST " + merchantPath + "/contacts/{contact}/end": contactNo{},
	"POST " + merchantPath + "/rename": merchantView{}, "POST " + merchantPath + "/merge": merchantView{}, "POST " + merchantPath + "/unmerge": merchantView{},
	"POST " + merchantPath + "/successor": merchantView{}, "GET /api/v1/merchant-reviews": reviewPage{}, "POST /api/v1/merchant-reviews/{review}": reviewView{},
}

// registerConflicts are the routes that answer by what an entry or a doubt has
// become meanwhile.
var registerConflicts = []string{"PATCH " + merchantPath, "POST " + merchantPath + "/rename", "POST " + merchantPath + "/merge", "POST " + merchantPath + "/unmerge",
	"POST " + merchantPath + "/successor", "POST /api/v1/merchant-reviews/{review}", "POST " + memberPath + "/decisions", "POST " + memberPath + "/supplement",
	"POST " + memberPath + "/withdrawal", "POST " + memberPath + "/shop-code", "POST " + memberPath + "/people", "POST /api/v1/member/supplement", "POST /api/v1/member/withdrawal",
	"POST /api/v1/member/people", "PUT " + templatePath, "POST " + infringementsPath, "POST " + infringementsPath + "/{infringement}/result"}

// resendPath has a notice sent anew.
const resendPath = "/api/v1/cases/{number}/notices/{notice}/resend"

// merchantPath is an entry of the register.
const merchantPath = "/api/v1/merchants/{merchant}"

// queries are the parameters that a route knows; another one is refused by name.
var queries = map[string][]string{"GET /api/v1/openapi.json": {"lang"}, "GET /api": {"lang"}, "GET /api/v1/counts": slices.Sorted(maps.Keys(filters)),
	"GET /api/v1/cases":                  slices.Concat(slices.Sorted(maps.Keys(filters)), slices.Sorted(maps.Keys(pages))),
	"GET /api/v1/statistics":             {"from", "to", "by", "of"},
	"GET /api/v1/statistics/cases":       {"from", "to", "by", "of", "indicator", "line", "side", "after", "limit"},
	"GET /api/v1/public/statistics":      {"period", "by"},
	"GET /api/v1/statistics/consistency": {"from", "to"}, "GET /api/v1/cases/{number}/proof": {"snapshot"},
	"GET " + publicPath: publicQueries, "GET " + infringementsPath: infringementQueries, "GET " + publicInfringementsPath: publicInfringementQueries,
	"GET /api/v1/escalations": append(slices.Sorted(maps.Keys(dutyFilters)), "after", "limit"),
	"GET /api/v1/merchants":   {"q", "status", "town", "after", "limit"}, "GET " + merchantPath + "/history": {"after", "limit"}, "GET /api/v1/merchant-reviews": {"status", "after", "limit"},
	"GET /api/v1/memberships": {"status", "merchant", "town", "after", "limit"}, "GET /api/v1/membership-leads": {"status", "after", "limit"}, "GET /api/v1/coverage": {"on"}, "GET " + templatePath: {"after", "limit"}}

// media are the routes that do not answer in JSON.
var media = map[string]string{"GET /api": "text/html", "GET /api/reference.css": "text/css", "GET " + memberPath + "/sheet.svg": "image/svg+xml",
	"GET " + memberPath + "/sheet.pdf": "application/pdf", "GET /api/v1/member/sheet.svg": "image/svg+xml", "GET /api/v1/member/sheet.pdf": "application/pdf"}

func (r Route) name() string { return r.Method + " " + r.Path }

// openapi describes the API from the routes, resources and types themselves, in
// English unless Chinese is asked for: programs read it.
func (s *Server) openapi(_ context.Context, c *Call) (any, error) {
	lang := c.Query("lang")
	if lang == "" {
		lang = "en"
	}
	if !slices.Contains(languages, lang) {
		return nil, badQuery("lang", "why.choice")
	}
	return s.document(lang), nil
}

func (s *Server) document(lang string) object {
	components, paths := object{}, object{}
	ask, give := &schemas{lang, true, components}, &schemas{lang, false, components}
	give.of(reflect.TypeOf(Problem{}))
	acts := s.acts()
	for _, r := range s.Routes() {
		item, _ := paths[r.Path].(object)
		if item == nil {
			item = object{}
		}
		item[strings.ToLower(r.Method)] = operation(r, acts, ask, give)
		paths[r.Path] = item
	}
	return object{"openapi": "3.1.0", "info": object{"title": "Fangxin 放心", "version": "0.1.0", "description": say(lang, "reference.about", nil),
		"license": object{"name": "Apache-2.0", "identifier": "Apache-2.0"}},
		"servers": []any{object{"url": "/"}}, "tags": tagList(lang), "paths": paths,
		"components": object{"schemas": components, "responses": problemResponses(lang), "securitySchemes": object{"token": object{"type": "http", "scheme": "bearer", "description": say(lang, "reference.token", nil)},
			"signature": object{"type": "apiKey", "in": "header", "name": "webhook-signature", "description": say(lang, "reference.signature", nil)}}}}
}

// acting is a resource with the kind of record that it is of.
type acting struct {
	resource
	kind workflow.Kind
}

func (s *Server) acts() map[string]acting {
	out := map[string]acting{}
	for _, r := range caseResources {
		out["POST "+casePath+r.path] = acting{r, workflow.Complaint}
	}
	for _, r := range reportResources {
		out["POST "+reportPath+r.path] = acting{r, workflow.Report}
	}
	return out
}

func operation(r Route, acts map[string]acting, ask, give *schemas) object {
	lang := ask.lang
	op := object{"summary": say(lang, "route."+operationID(r), nil), "operationId": operationID(r), "security": security(r.Who), "tags": []string{tagOf(r.Path)}}
	if p := parameters(r, lang); len(p) > 0 {
		op["parameters"] = p
	}
	answer := reflect.TypeOf(done{})
	body, hasBody := bodies[r.name()]
	schema := object{}
	switch res, ok := acts[r.name()]; {
	case ok:
		op["description"] = res.describe(lang)
		schema, hasBody = res.body(ask), true
	case r.name() == "POST /api/v1/cases":
		schema, hasBody = filingBody(ask), true
	case hasBody:
		schema = ask.object(reflect.TypeOf(body), nil)
	}
	if limits[r.Limit].Stream {
		op["requestBody"] = object{"required": true, "content": object{"multipart/form-data": object{"schema": uploadForm(lang)}}}
	}
	if hasBody {
		op["requestBody"] = object{"required": true, "content": object{"application/json": object{"schema": schema, "example": exampleOf(schema)}}}
	}
	if a, ok := answers[r.name()]; ok {
		answer = reflect.TypeOf(a)
	} else if _, act := acts[r.name()]; !act {
		answer = nil
	}
	op["responses"] = responses(r, answer, give)
	return op
}

// describe lists the rows that the resource stands for.
func (a acting) describe(lang string) string {
	var b strings.Builder
	field, all := a.options()
	for _, o := range all {
		for _, event := range o.events {
			for _, row := range rowsOf(a.kind, event) {
				b.WriteString("- " + row.ID + " `" + event + "` " + say(lang, "event."+event, nil) + " (" + roleWords(lang, people(row)) + ")")
				if field != "" {
					b.WriteString(" `" + field + "=" + o.value + "`")
				}
				b.WriteString("\n")
			}
		}
	}
	return b.String()
}

// body is the schema of a resource's own fields.
func (a acting) body(ask *schemas) object {
	out := ask.object(reflect.TypeOf(chosen{}), a.fields(a.kind))
	if field, all := a.options(); field != "" {
		var list []string
		for _, o := range all {
			list = append(list, o.value)
		}
		p := out["properties"].(object)[field].(object)
		p["enum"] = list
	}
	return out
}

func filingBody(ask *schemas) object {
	out := ask.object(reflect.TypeOf(filing{}), slices.Concat(filingFields, officerFields))
	out["properties"].(object)["source"].(object)["enum"] = sources
	return out
}

// operationID names an operation: method and path without what it is about, but
// for a last part that would make two alike.
func operationID(r Route) string {
	var out []string
	parts := strings.Split(strings.TrimPrefix(strings.TrimPrefix(r.Path, "/api/v1"), "/"), "/")
	for i, part := range parts {
		if strings.HasPrefix(part, "{") && i < len(parts)-1 {
			continue
		}
		out = append(out, strings.Trim(part, "{}"))
	}
	return strings.ToLower(r.Method) + "_" + strings.NewReplacer("-", "_", ".", "_").Replace(strings.Join(out, "_"))
}

func security(who Who) []any {
	token := object{"token": []string{}}
	switch who {
	case Anyone:
		return []any{}
	case Filer, Visitor, Uploader:
		return []any{object{}, token}
	case Signing:
		return []any{object{"signature": []string{}}}
	}
	return []any{token}
}

// statuses are what a route may answer beside its success.
func (r Route) statuses() []int {
	out := []int{http.StatusBadRequest, http.StatusRequestURITooLong, http.StatusTooManyRequests, http.StatusRequestHeaderFieldsTooLarge, http.StatusInternalServerError, http.StatusServiceUnavailable}
	switch r.Who {
	case Anyone:
	case Signing:
		out = append(out, http.StatusUnauthorized)
	default:
		out = append(out, http.StatusUnauthorized, http.StatusNotFound)
	}
	if strings.HasSuffix(r.Path, "/{code}") || strings.HasSuffix(r.Path, "/{period}") || r.Path == "/api/v1/proofs" || strings.HasPrefix(r.Path, publicPath) || strings.HasPrefix(r.Path, publicInfringementsPath) {
		out = append(out, http.StatusNotFound)
	}
	if r.Path == publicPath+"/{complaint}" || r.Path == publicInfringementsPath+"/{infringement}" { // what was published once
		out = append(out, http.StatusGone)
	}
	beside, inCase := strings.CutPrefix(r.Path, casePath)
	if r.Who == Staff || r.Who == Supervising || inCase && beside == "/data" {
		out = append(out, http.StatusForbidden)
	}
	if inCase && (slices.Contains([]string{"/data", "/notes", "/erasure-requests"}, beside) || strings.HasPrefix(beside, "/papers/") || r.name() == "POST "+papersPath) {
		out = append(out, http.StatusGone)
	}
	if r.Path == handoverPath {
		out = append(out, http.StatusForbidden, http.StatusGone)
	}
	if inCase && strings.HasPrefix(beside, "/papers") && r.Method != http.MethodGet || r.Path == handoverPath {
		out = append(out, http.StatusConflict)
	}
	if r.name() == "POST "+resendPath {
		out = append(out, http.StatusConflict, http.StatusGone)
	}
	if r.name() == "POST /api/v1/absences" || slices.Contains(registerConflicts, r.name()) {
		out = append(out, http.StatusConflict)
	}
	switch {
	case limits[r.Limit].Stream, r.Method == http.MethodDelete, delivers(r), r.Path == casePath+"/files":
		out = append(out, r.fileStatuses()...)
		slices.Sort(out)
		return slices.Compact(out)
	case r.Method != http.MethodGet:
		out = append(out, http.StatusForbidden, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	switch body, keyed := bodies[r.name()]; {
	case r.name() == "POST /api/v1/cases":
		out = append(out, http.StatusConflict, http.StatusUnprocessableEntity)
	case r.Method != http.MethodGet && (!keyed || strings.HasSuffix(r.Path, "/commands")): // an act on a case
		out = append(out, http.StatusConflict, http.StatusGone, http.StatusUnprocessableEntity)
	case keyed && body != nothing{} && !slices.Contains([]string{"/api/v1/search", "/api/v1/proofs", templatePath + "/preview", papersPath + "/preview"}, r.Path) && r.Who != Signing: // the key again with another body
		out = append(out, http.StatusUnprocessableEntity)
	case strings.Contains(r.Path, "{seq}"):
		out = append(out, http.StatusGone)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func responses(r Route, answer reflect.Type, give *schemas) object {
	schema, kind := object{"type": "object"}, "application/json"
	switch text := media[r.name()]; {
	case text != "":
		schema, kind = object{"type": "string"}, text
	case delivers(r):
	case answer != nil && answer.Name() != "":
		schema = give.of(answer)
	case answer != nil:
		schema = give.object(answer, nil)
	}
	out := object{strconv.Itoa(r.Status): object{"description": say(give.lang, "reference.done", nil), "content": object{kind: object{"schema": schema}}}}
	if delivers(r) {
		out[strconv.Itoa(r.Status)].(object)["content"] = deliveredAs(r)
	}
	for _, status := range r.statuses() {
		out[strconv.Itoa(status)] = object{"$ref": "#/components/responses/Problem" + strconv.Itoa(status)}
	}
	return out
}

// problemResponses groups the codes of problems by status.
func problemResponses(lang string) object {
	out := object{}
	for code, status := range problemStatus {
		name := "Problem" + strconv.Itoa(status)
		r, _ := out[name].(object)
		if r == nil {
			r = object{"content": object{"application/problem+json": object{"schema": object{"$ref": "#/components/schemas/Problem"}}}}
			out[name] = r
		}
		codes, _ := r["x-codes"].([]string)
		codes = append(codes, code)
		slices.Sort(codes)
		r["x-codes"] = codes
		words := make([]string, 0, len(codes))
		for _, c := range codes {
			words = append(words, "`"+c+"` "+say(lang, "problem."+c+".title", nil))
		}
		r["description"] = strings.Join(words, "; ")
	}
	return out
}

func parameters(r Route, lang string) []any {
	var out []any
	add := func(name, in string, schema object, required bool) {
		key := "parameter."
		if in == "query" {
			key = "query."
		}
		out = append(out, object{"name": name, "in": in, "required": required, "description": say(lang, key+name, nil), "schema": schema})
	}
	for _, part := range strings.Split(r.Path, "/") {
		switch name := strings.Trim(part, "{}"); {
		case name == part:
		case slices.Contains([]string{"seq", "offer", "notice", "order", "clock", "no", "contact"}, name):
			add(name, "path", object{"type": "integer", "minimum": 1}, true)
		default:
			add(name, "path", object{"type": "string"}, true)
		}
	}
	for _, q := range queries[r.name()] {
		schema := object{"type": "string"}
		if q == "lang" {
			schema["enum"] = languages
		}
		add(q, "query", schema, false)
	}
	if r.Method != http.MethodGet {
		add("Idempotency-Key", "header", object{"type": "string", "maxLength": 200}, false)
	}
	add("Accept-Language", "header", object{"type": "string"}, false)
	return out
}

// Document is the OpenAPI document as it is served, keys in order.
func (s *Server) Document() ([]byte, error) { return json.MarshalIndent(s.document("en"), "", "  ") }

// eventList is the log of a case.
type eventList struct {
	Events []eventView `json:"events"`
}

// Status is the answer of the probes.
type Status struct {
	Status string `json:"status"`
}
