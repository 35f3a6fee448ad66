package handlers

import (
	"embed"
	"strings"

	"fangxin/workflow"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"github.com/nicksnyder/go-i18n/v2/i18n/template"
	tags "golang.org/x/text/language"
	"gopkg.in/yaml.v3"
)

// The catalogue: locale/zh.yaml is what everybody gets, locale/en.yaml the same
// keys in English, pages.…, members.…, signin.… and desk.… the words of the pages. A new code is a new line in each.
//
//go:embed locale/*.yaml
var localeFiles embed.FS

// Languages of the catalogue, the default first.
var languages = []string{"zh", "en"}

var catalogue = loadCatalogue()

// strictParser makes a variable that a text asks for, and nobody gave, an error:
// the library's own default prints "<no value>".
var strictParser = &template.TextParser{Option: "missingkey=error"}

func loadCatalogue() map[string]*i18n.Localizer {
	bundle := i18n.NewBundle(tags.Chinese)
	bundle.RegisterUnmarshalFunc("yaml", yaml.Unmarshal)
	out := map[string]*i18n.Localizer{}
	for _, lang := range languages {
		for _, part := range []string{"", "pages.", "members.", "signin.", "desk.", "users.", "statistics."} {
			if _, err := bundle.LoadMessageFileFS(localeFiles, "locale/"+part+lang+".yaml"); err != nil {
				panic(err)
			}
		}
	}
	for _, lang := range languages {
		out[lang] = i18n.NewLocalizer(bundle, lang)
	}
	return out
}

// vars fill the places of a text: {{.Guard}}.
type vars map[string]string

// lookUp renders a key of the catalogue. A key that a language lacks and a
// variable that is not given are errors.
func lookUp(lang, key string, v vars) (string, error) {
	return catalogue[lang].Localize(&i18n.LocalizeConfig{MessageID: key, TemplateData: v, TemplateParser: strictParser})
}

// say renders a key, and is the key itself where the catalogue fails: tests see
// to it that it never does for a key that the code uses.
func say(lang, key string, v vars) string {
	text, err := lookUp(lang, key, v)
	if err != nil {
		return key
	}
	return text
}

// has reports whether the catalogue knows a key.
func has(lang, key string) bool {
	_, err := lookUp(lang, key, nil)
	return err == nil
}

// fieldWord says what a field is for, and so why it is asked for.
func fieldWord(lang, field string) string {
	if key := "field." + field; has(lang, key) {
		return say(lang, key, nil)
	}
	return say(lang, "why.needed", nil)
}

// roleWords names roles, as a sentence lists them.
func roleWords(lang string, roles []workflow.Role) string {
	names := make([]string, 0, len(roles))
	for _, r := range roles {
		names = append(names, say(lang, "role."+string(r), nil))
	}
	if lang == "en" {
		return strings.Join(names, ", ")
	}
	return strings.Join(names, "、")
}

// stateWords names a state of a complaint or of a report record.
func stateWords(lang string, state workflow.State) string {
	for _, defs := range [][]workflow.StateDef{workflow.States, workflow.ReportStates} {
		for _, d := range defs {
			if d.State == state && lang == "en" {
				return d.En
			} else if d.State == state {
				return d.Zh
			}
		}
	}
	return say(lang, "state.none", nil)
}
