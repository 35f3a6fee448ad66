package handlers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"fangxin/handlers"
)

// aviary plants canaries: texts that stand for something personal, each found
// again wherever it got to.
type aviary struct {
	*raid
	n       int
	planted map[string]string // canary to the field that it was planted in
	refused strings.Builder   // every problem that was answered
}

// words is a canary that reads like words, number one like a telephone number.
func (a *aviary) words(field string) string {
	a.n++
	c := fmt.Sprintf("金丝雀%05d号", a.n)
	a.planted[c] = field
	return c
}

func (a *aviary) number(field string) string {
	a.n++
	c := fmt.Sprintf("139%08d", 12340000+a.n)
	a.planted[c] = field
	return c
}

// identity is a number of an identity card with the right check character.
func (a *aviary) identity(field string) string {
	a.n++
	body, sum, weight := fmt.Sprintf("37032119900101%03d", a.n%1000), 0, [...]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
	for i, c := range body {
		sum += int(c-'0') * weight[i]
	}
	c := body + string("10X98765432"[sum%11])
	a.planted[c] = field
	return c
}

// leaves lists the texts that a type can hold, as paths into its JSON.
func leaves(t reflect.Type, at []string) [][]string {
	switch t.Kind() {
	case reflect.Pointer:
		return leaves(t.Elem(), at)
	case reflect.Slice:
		return leaves(t.Elem(), append(at, "[]"))
	case reflect.Map:
		return leaves(t.Elem(), append(at, "state"))
	case reflect.String:
		return [][]string{append([]string{}, at...)}
	case reflect.Struct:
		var out [][]string
		for i := range t.NumField() {
			f := t.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			switch {
			case f.Anonymous:
				out = append(out, leaves(f.Type, at)...)
			case f.IsExported() && name != "-":
				out = append(out, leaves(f.Type, append(append([]string{}, at...), name))...)
			}
		}
		return out
	}
	return nil
}

// put sets a path of a JSON object to a text.
func put(body map[string]any, path []string, text string) {
	list := len(path) > 1 && path[1] == "[]"
	rest := path[1:]
	if list {
		rest = path[2:]
	}
	var v any = text
	if len(rest) > 0 {
		inner, _ := body[path[0]].(map[string]any)
		if inner == nil {
			inner = map[string]any{}
		}
		put(inner, rest, text)
		v = inner
	}
	if list {
		v = []any{v}
	}
	body[path[0]] = v
}

// send sends a body and keeps what it was refused with.
func (a *aviary) send(method, path, token string, body map[string]any, headers ...string) (int, map[string]any) {
	text := ""
	if body != nil {
		b, _ := json.Marshal(body)
		text = string(b)
	}
	status, out, answer := a.call(method, path, token, text, headers...)
	if status >= http.StatusBadRequest {
		a.refused.WriteString(answer)
	}
	if status >= http.StatusInternalServerError {
		a.t.Errorf("%s %s %s: %d %s", method, path, text, status, answer)
	}
	return status, out
}

func (a *aviary) base() map[string]any {
	var body map[string]any
	if err := json.Unmarshal([]byte(complaint), &body); err != nil {
		a.t.Fatal(err)
	}
	return body
}

// everyField plants a canary in every text of every body, one at a time, so that
// the rest is lawful and it gets as far as it can.
func (a *aviary) everyField() (tried int) {
	for _, t := range handlers.BodyTypes() {
		for _, path := range leaves(t, nil) {
			name := strings.Join(path, ".")
			canaries := []string{a.words(name), a.identity(name)}
			if name != "ticket" { // other systems number as they like
				canaries = append(canaries, a.number(name))
			}
			for _, canary := range canaries {
				a.plant(t.Name(), path, canary)
				tried++
			}
		}
	}
	return tried
}

func (a *aviary) plant(kind string, path []string, canary string) {
	body := map[string]any{}
	switch kind {
	case "filing":
		body = a.base()
		put(body, path, canary)
		a.send("POST", "/api/v1/cases", "", body)
	case "command":
		body["event"] = "add_evidence"
		if path[0] == "on_behalf" {
			body["on_behalf"] = map[string]any{"party": "consumer", "channel": "window", "identity": "card", "read_back": true}
		}
		put(body, path, canary)
		a.send("POST", "/api/v1/cases/"+a.caseNumber()+"/commands", a.officer, body)
	case "newLink":
		body["recipient"] = "agent"
		put(body, path, canary)
		a.send("POST", "/api/v1/cases/"+a.caseNumber()+"/links", a.officer, body)
	case "question":
		put(body, path, canary)
		a.send("POST", "/api/v1/search", a.officer, body)
	case "chosen":
		put(body, path, canary)
		if path[0] == "on_behalf" || strings.Contains("person respondent words", path[0]) {
			a.send("POST", "/api/v1/cases/"+a.caseNumber()+"/evidence", a.officer, body)
			return
		}
		for _, route := range a.caseRoutes() {
			if route.Method == "POST" && a.n%7 == len(route.Path)%7 { // each field on some of them
				a.send("POST", a.fill(route.Path, a.caseNumber()), a.officer, body)
			}
		}
	}
}

func (a *aviary) caseNumber() string { return a.raid.number }

// Nothing personal leaves its place: a canary in every text of every input, in
// paths, parameters and headers, and through a whole life; then searched for in
// logs, metrics, problems, and in every table as it lies on the disk.
func TestCanaries(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		a := &aviary{raid: &raid{site: s}, planted: map[string]string{}}
		a.officer = s.officer("officer", "hub", "supervisor")
		a.raid.number, a.token = s.file()
		tokens := []string{a.token, a.officer}
		if n := a.everyField(); n < 200 {
			t.Errorf("%d fields only", n)
		}
		for _, r := range s.api.Routes() {
			w := a.words(r.Path)
			path := strings.NewReplacer("{number}", w, "{seq}", w, "{id}", w, "{no}", w, "{offer}", w, "{notice}", w, "{order}", w, "{clock}", w).Replace(r.Path)
			body := map[string]any{}
			if r.Method == "GET" {
				body = nil
			}
			a.send(r.Method, path+"?state="+a.words("query")+"&after="+a.words("after"), a.officer, body, "Idempotency-Key", "k"+fmt.Sprint(a.n), "User-Agent", "a "+a.number("agent"),
				"Referer", "http://x/"+a.number("referer"), "X-Request-Id", a.number("request id"), "X-Forwarded-For", a.number("xff"), "Accept-Language", a.number("language"), "Origin-Agent", a.number("x"))
		}
		tokens = append(tokens, a.life())
		a.w.Advance(40 * 24 * time.Hour)
		for _, work := range []func(context.Context) (int, error){s.w.Block, func(ctx context.Context) (int, error) { return s.w.Sweep(ctx, 500) },
			func(ctx context.Context) (int, error) { return s.w.Remind(ctx, 500) }, s.w.Block} {
			if _, err := work(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		a.search(tokens)
	})
}

// life goes through a case with words at every step, and returns its merchant's
// token.
func (a *aviary) life() string {
	number, consumer := a.file()
	merchant, _ := a.give(number, a.officer, `{"party":"merchant"}`)
	for _, step := range []struct{ token, body string }{
		{a.officer, `{"event":"classify"}`}, {a.officer, `{"event":"invite_settlement"}`}, {merchant, `{"event":"answer_with_offer","answer_kind":"offer"}`},
		{consumer, `{"event":"counter","offer":1}`}, {merchant, `{"event":"accept_offer","offer":2,"due_on":"2026-05-20"}`},
		{merchant, `{"event":"report_performance","proof":"file:1","performed_on":"2026-05-06"}`}, {consumer, `{"event":"close_settled"}`},
	} {
		var body map[string]any
		_ = json.Unmarshal([]byte(step.body), &body)
		body["words"] = a.words("words of "+fmt.Sprint(body["event"])) + a.number("words")
		if status, out := a.send("POST", "/api/v1/cases/"+number+"/commands", step.token, body); status != http.StatusOK {
			a.t.Fatalf("%s: %d %v", step.body, status, out)
		}
	}
	return merchant
}

// readable are the tables that may hold words in clear, and why.
var readable = map[string]string{}

func (a *aviary) search(tokens []string) {
	_, metrics := a.scrape()
	places := map[string]string{"log": a.logs.String(), "metrics": metrics, "problems": a.refused.String()}
	list := "select name from sqlite_master where type = 'table' order by 1"
	if a.w.Dialect() == "postgres" {
		list = "select tablename from pg_tables where schemaname = 'public' order by 1"
	}
	for _, table := range a.strings(list) {
		if readable[table] == "" {
			places["table "+table] = a.table(table)
		}
	}
	for place, text := range places {
		if text == "" {
			continue
		}
		for canary, field := range a.planted {
			if strings.Contains(text, canary) {
				a.t.Errorf("%s of %s in the %s", canary, field, place)
			}
		}
		for _, token := range tokens {
			if strings.Contains(text, token) {
				a.t.Errorf("a token in the %s", place)
			}
		}
		for _, known := range []string{"金丝雀名", "13812345678", "370321199001011234", "金丝雀店", "金丝雀事由", "金丝雀街", "金丝雀路", "05331234567"} {
			if strings.Contains(text, known) {
				a.t.Errorf("%s in the %s", known, place)
			}
		}
	}
	if !strings.Contains(places["table events"], `"event":"report_performance"`) || !strings.Contains(places["log"], `"route":"/api/v1/cases"`) || len(a.refused.String()) < 1000 {
		a.t.Error("the places that were searched are empty")
	}
}
