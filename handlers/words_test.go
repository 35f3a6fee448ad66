package handlers

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"fangxin/workflow"

	"gopkg.in/yaml.v3"
)

// keysOf reads a file of the catalogue as YAML; a key that stands twice is an
// error of the reader.
func keysOf(t *testing.T, lang string) map[string]string {
	t.Helper()
	var text []byte
	for _, part := range []string{"", "pages.", "members.", "signin.", "desk.", "users.", "statistics."} {
		more, err := localeFiles.ReadFile("locale/" + part + lang + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, more...)
	}
	out := map[string]string{}
	if err := yaml.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

var variable = regexp.MustCompile(`{{\.[A-Za-z]+}}`)

// Both languages have the same keys, with the same variables, and no text is
// empty.
func TestTheLanguagesAgree(t *testing.T) {
	zh, en := keysOf(t, "zh"), keysOf(t, "en")
	for _, pair := range []struct {
		name     string
		has, not map[string]string
	}{{"en", zh, en}, {"zh", en, zh}} {
		for key, text := range pair.has {
			other, ok := pair.not[key]
			if !ok {
				t.Errorf("%s has no %s", pair.name, key)
				continue
			}
			if strings.TrimSpace(text) == "" {
				t.Errorf("%s is empty", key)
			}
			a, b := variable.FindAllString(text, -1), variable.FindAllString(other, -1)
			slices.Sort(a)
			slices.Sort(b)
			if !slices.Equal(a, b) {
				t.Errorf("%s: %v in one language, %v in the other", key, a, b)
			}
		}
	}
}

// needKey asks for a key in both languages, rendered.
func needKey(t *testing.T, key string, v vars) {
	t.Helper()
	for _, lang := range languages {
		if text, err := lookUp(lang, key, v); err != nil || text == "" || strings.Contains(text, "{{") || strings.Contains(text, "<no value>") {
			t.Errorf("%s in %s: %q, %v", key, lang, text, err)
		}
	}
}

// A variable that nobody gives is an error, and so is a key that is not there:
// the library would print one and borrow the other language for the other.
func TestTheCatalogueIsStrict(t *testing.T) {
	if text, err := lookUp("zh", "problem.guard.detail", nil); err == nil {
		t.Errorf("no variable, and %q", text)
	}
	if text, err := lookUp("en", "problem.no_such_code.title", nil); err == nil {
		t.Errorf("no key, and %q", text)
	}
}

// literals collects what the code calls a function with, and what it gives a
// field of a struct: problem("x"), Refusal{Code: "x"}.
func literals(t *testing.T, dirs []string, calls []string, field string) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	text := func(e ast.Expr) {
		if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			out[strings.Trim(lit.Value, `"`)] = true
		}
	}
	for _, dir := range dirs {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v", dir, err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			src, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, src, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CallExpr:
					if f, ok := n.Fun.(*ast.Ident); ok && slices.Contains(calls, f.Name) {
						for _, arg := range n.Args {
							text(arg)
						}
					}
				case *ast.CompositeLit:
					for _, e := range n.Elts {
						kv, ok := e.(*ast.KeyValueExpr)
						if !ok {
							continue
						}
						if key, ok := kv.Key.(*ast.Ident); ok && key.Name == field {
							text(kv.Value)
						}
					}
				}
				return true
			})
		}
	}
	return out
}

// Every code that the code can produce has a status, a title and a detail, and
// every status belongs to a code that is produced.
func TestEveryCodeHasWords(t *testing.T) {
	made := literals(t, []string{"."}, []string{"problem", "later"}, "")
	for code := range literals(t, []string{"../workflow", "../store"}, nil, "Code") {
		if _, clock := workflow.ClockByCode(code); !clock {
			made[code] = true
		}
	}
	for code := range made {
		if problemStatus[code] == 0 {
			t.Errorf("%s has no status", code)
		}
	}
	all := vars{"State": "s", "Guard": "g", "By": "b", "Case": "c", "Most": "m"}
	for code, status := range problemStatus {
		if !made[code] && code != "bad_json" && code != "bad_query" {
			t.Errorf("nothing makes %s", code)
		}
		needKey(t, "problem."+code+".title", all)
		needKey(t, "problem."+code+".detail", all)
		for _, lang := range languages {
			p := &Problem{Status: status, Code: code}
			if code == "guard" {
				p.Guard = "accepted"
			}
			p.say(lang, "")
			if strings.HasPrefix(p.Title, "problem.") || strings.HasPrefix(p.Detail, "problem.") {
				t.Errorf("%s in %s: %q, %q", code, lang, p.Title, p.Detail)
			}
		}
	}
	for why := range literals(t, []string{"."}, []string{"badField", "badQuery"}, "") {
		if strings.HasPrefix(why, "why.") {
			needKey(t, why, nil)
		}
	}
}

// Every guard, every field that a guard asks for, every field of a request and
// every role has words.
func TestWhatTheLawAsksHasWords(t *testing.T) {
	guards := map[string]bool{}
	for name := range workflow.Guards {
		guards[name] = true
	}
	for _, rows := range [][]workflow.Row{workflow.Transitions, workflow.ReportTransitions} {
		for _, row := range rows {
			for _, g := range row.If {
				guards[g] = true
			}
			for _, by := range row.By {
				needKey(t, "role."+string(by), nil)
			}
		}
	}
	for g := range guards {
		needKey(t, "guard."+g, nil)
		for _, field := range workflow.Needs(g) {
			needKey(t, "field."+field, nil)
		}
	}
	for _, body := range []any{filing{}, command{}} {
		fieldNames(reflect.TypeOf(body), "", func(name string) { needKey(t, "field."+name, nil) })
	}
	for _, name := range []string{"on_behalf.channel", "on_behalf.identity", "person.name", "person.phone"} {
		needKey(t, "field."+name, nil)
	}
}

// fieldNames visits the fields of a body, those of its parts with a dot.
func fieldNames(t reflect.Type, prefix string, visit func(string)) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		inner := f.Type
		for inner.Kind() == reflect.Pointer || inner.Kind() == reflect.Slice {
			inner = inner.Elem()
		}
		if f.Anonymous {
			fieldNames(inner, prefix, visit)
			continue
		}
		visit(prefix + name)
		if inner.Kind() == reflect.Struct {
			fieldNames(inner, prefix+name+".", visit)
		}
	}
}

// A failed guard says in words what does not hold; what is missing says why.
func TestARefusalSaysWhatDoesNotHold(t *testing.T) {
	p := problemOf(&workflow.Refusal{Code: "guard", Guard: "outcome_TRANSFERRED", State: "CLOSED.closed"})
	p.say("zh", "")
	if !strings.Contains(p.Detail, "已移送") {
		t.Error(p.Detail)
	}
	p = problemOf(&workflow.Refusal{Code: "not_for_you", By: []workflow.Role{"officer", "hub"}, State: "RECEIVED.registered"})
	p.say("en", "")
	if !strings.Contains(p.Detail, "an officer, the hub") {
		t.Error(p.Detail)
	}
	p = problemOf(&workflow.Refusal{Code: "not_a_code", Missing: []string{"proof"}})
	p.say("en", "")
	if len(p.Missing) != 1 || !strings.Contains(p.Missing[0].Why, "128") {
		t.Error(p.Missing)
	}
}

// One day is no days, in the language that tells them apart.
func TestOneDay(t *testing.T) {
	for key, want := range map[string]string{"page.clock.left.after.working_day": "working day", "page.clock.unit.day": "day", "page.desk.late_by": "1 working day late", "page.length.day": "1 day"} {
		many := strings.NewReplacer("1", "2", "day", "days").Replace(want)
		if one, two := say("en", key, vars{"N": "1"}), say("en", key, vars{"N": "2"}); one != want || two != many {
			t.Errorf("%s: %q and %q, not %q and %q", key, one, two, want, many)
		}
	}
}
