package handlers

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"fangxin/store/storetest"
	"fangxin/workflow"

	"github.com/getkin/kin-openapi/openapi3"
)

func documented(t *testing.T, lang string) (*Server, *openapi3.T) {
	t.Helper()
	w := storetest.New(t)
	s := &Server{Store: w.Store, Rules: w.Law, Now: w.Now}
	text, err := json.Marshal(s.document(lang))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		t.Fatal(err)
	}
	return s, doc
}

var wordless = regexp.MustCompile(`^(route|parameter|query|tag|reference|who|event|role)\.`)

// The document has every route and nothing else, is valid with its examples, and
// says of every operation, parameter and field what it means, in both languages.
func TestTheDocumentIsWhole(t *testing.T) {
	for _, lang := range languages {
		s, doc := documented(t, lang)
		if err := doc.Validate(t.Context()); err != nil {
			t.Error(err)
		}
		all := 0
		for _, item := range doc.Paths.Map() {
			all += len(item.Operations())
		}
		if all != len(s.Routes()) {
			t.Errorf("%d operations, %d routes", all, len(s.Routes()))
		}
		ids := map[string]string{}
		for _, r := range s.Routes() {
			op := doc.Paths.Value(r.Path).GetOperation(r.Method)
			if ids[op.OperationID] != "" {
				t.Errorf("%s and %s are both %s", r.name(), ids[op.OperationID], op.OperationID)
			}
			ids[op.OperationID] = r.name()
			texts := []string{op.Summary}
			for _, p := range op.Parameters {
				texts = append(texts, p.Value.Description)
			}
			for _, text := range texts {
				if text == "" || wordless.MatchString(text) {
					t.Errorf("%s in %s: %q", r.name(), lang, text)
				}
			}
			if !delivers(r) && media[r.name()] == "" && answers[r.name()] == nil && s.acts()[r.name()].path == "" && r.Path != "/api/v1/openapi.json" {
				t.Errorf("%s has no answer", r.name())
			}
			if body := op.RequestBody; body != nil {
				for _, c := range body.Value.Content {
					meant(t, r.name(), c.Schema.Value)
				}
			} else if r.Method != "GET" && r.Method != "DELETE" {
				t.Errorf("%s has no body", r.name())
			}
		}
		for name, schema := range doc.Components.Schemas {
			meant(t, name, schema.Value)
		}
	}
}

// meant holds every field of an object to having a meaning.
func meant(t *testing.T, of string, schema *openapi3.Schema) {
	t.Helper()
	for name, p := range schema.Properties {
		if p.Value.Description == "" && p.Extensions["description"] == nil {
			t.Errorf("%s.%s has no meaning", of, name)
		}
	}
	if has := schema.AdditionalProperties.Has; schema.Type.Is("object") && (has == nil || *has) && schema.AdditionalProperties.Schema == nil {
		t.Errorf("%s takes any field", of)
	}
}

// Every row that a person may take is in the document, at its resource, and
// every guard's field is one that the resource takes.
func TestTheResourcesCoverTheTable(t *testing.T) {
	_, doc := documented(t, "en")
	for kind, list := range map[workflow.Kind][]workflow.Row{workflow.Complaint: workflow.Transitions, workflow.Report: workflow.ReportTransitions} {
		for i := range list {
			row := &list[i]
			who := people(row)
			if len(who) == 0 || row.Event == "open_report" {
				continue
			}
			method, path, _ := strings.Cut(resourceOf[row.ID], " ")
			if (kind == workflow.Report) != strings.HasPrefix(path, reportPath) {
				t.Errorf("%s of a %s is taken at %s", row.ID, kind, path)
			}
			item := doc.Paths.Value(path)
			if item == nil || item.GetOperation(method) == nil {
				t.Errorf("%s %s by %v has no resource", row.ID, row.Event, who)
				continue
			}
			if len(row.From) == 0 {
				continue
			}
			r, choice, _, _ := find(kind, row.Event, 0)
			fields := append(r.fields(kind), choice)
			for _, g := range row.If {
				for _, need := range workflow.Needs(g) {
					if !slices.Contains(fields, need) && !strings.Contains(r.path, "{"+need+"}") && !slices.Contains([]string{"read_back", "on_behalf_of"}, need) && !(need == "answer_kind" && r.answer != "") {
						t.Errorf("%s asks for %s (%s), which %s does not take", row.ID, need, g, r.path)
					}
				}
			}
		}
	}
	for _, r := range caseResources {
		for _, e := range r.candidates() {
			if len(rowsOf(workflow.Complaint, e)) == 0 {
				t.Errorf("%s: there is no %s", r.path, e)
			}
		}
	}
}

// What the lists of the vocabulary name has words, and so has every example its
// place.
func TestTheVocabularyHasWords(t *testing.T) {
	s, _ := documented(t, "en")
	out, err := s.vocabulary(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := json.Marshal(out)
	var lists map[string]json.RawMessage
	_ = json.Unmarshal(text, &lists)
	for name := range maps.Keys(lists) {
		var list []map[string]any
		if err := json.Unmarshal(lists[name], &list); err != nil || len(list) == 0 {
			t.Errorf("%s: %v, %d", name, err, len(list))
		}
		for _, w := range list {
			for field, v := range w {
				if v == "" {
					t.Errorf("%s: %v has no %s", name, w, field)
				}
				if text, ok := v.(string); ok && (field == "zh" || field == "en") && regexp.MustCompile(`^[a-z_]+\.[A-Za-z_0-9]+$`).MatchString(text) {
					t.Errorf("%s: %v has no words", name, w)
				}
			}
		}
	}
}
