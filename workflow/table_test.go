package workflow_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"fangxin/workflow"
	"fangxin/workflow/calendar"
	"fangxin/workflow/policy"

	"gopkg.in/yaml.v3"
)

// list reads a word or a list of words.
type list []string

func (l *list) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*l = list{n.Value}
		return nil
	}
	var all []string
	err := n.Decode(&all)
	*l = all
	return err
}

type published struct {
	Transitions       []publishedRow            `yaml:"transitions"`
	ReportTransitions []publishedRow            `yaml:"report_transitions"`
	Guards            map[string]string         `yaml:"guards"`
	Clocks            map[string]map[string]any `yaml:"clocks"`
	Outcomes          []string                  `yaml:"outcomes"`
}

type publishedRow struct {
	ID          string            `yaml:"id"`
	From        list              `yaml:"from"`
	Event       string            `yaml:"event"`
	By          list              `yaml:"by"`
	If          list              `yaml:"if"`
	To          string            `yaml:"to"`
	Set         map[string]string `yaml:"set"`
	Clocks      list              `yaml:"clocks"`
	Then        list              `yaml:"then"`
	Outcome     string            `yaml:"outcome"`
	OutcomeThen string            `yaml:"outcome_then"`
}

// added are the rows that the published table does not have, each with its
// reason in docs/divergences.md, and the guards that only they ask.
var added, addedGuards = []string{"E1", "E2", "E3", "E4", "E5", "E6", "E7", "PE1", "PE2"}, []string{"duty_owed", "objection_named", "public_answer_named", "publication_decided",
	"not_objected_before", "publication_consented", "narrative_given", "narrative_proposed_by_another", "narrative_there"}

func TestWhatWasAddedIsExplained(t *testing.T) {
	text, err := os.ReadFile("../docs/divergences.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(added, addedGuards...) {
		if !strings.Contains(string(text), "`"+name+"`") {
			t.Errorf("%s is explained nowhere", name)
		}
	}
}

// Where the published table lies beside the repository, ours says the same, row
// for row.
func TestTheTableIsThePublishedOne(t *testing.T) {
	data, err := os.ReadFile("../../shared/transitions.yaml")
	if err != nil {
		t.Skip("the published table is not at hand")
	}
	var p published
	if err := yaml.Unmarshal(data, &p); err != nil {
		t.Fatal(err)
	}
	compare(t, p.Transitions, workflow.Transitions)
	compare(t, p.ReportTransitions, workflow.ReportTransitions)
	if len(p.Guards)+len(addedGuards) != len(workflow.Guards) || len(p.Clocks) != len(workflow.ClockDefs) || !slices.Equal(p.Outcomes, workflow.Outcomes) {
		t.Error("guards, clocks or outcomes differ")
	}
	for _, d := range workflow.ClockDefs {
		c := p.Clocks[d.Code]
		starts := map[workflow.Starts]string{workflow.OnEvent: "event", workflow.OnNotice: "notice"}[d.Starts]
		if c == nil || c["starts"] != starts || c["raises"] != d.Raises || c["whose"] != d.Whose || c["expiry"] != d.Expiry.String() || (c["until_told"] == true) != d.UntilTold {
			t.Errorf("clock %s differs", d.Code)
		}
	}
}

func compare(t *testing.T, want []publishedRow, all []workflow.Row) {
	t.Helper()
	got := slices.DeleteFunc(slices.Clone(all), func(r workflow.Row) bool { return slices.Contains(added, r.ID) })
	if len(want) != len(got) {
		t.Fatalf("%d rows, published are %d", len(got), len(want))
	}
	for i, w := range want {
		g := got[i]
		var by, clocks, set []string
		for _, r := range g.By {
			by = append(by, string(r))
		}
		for _, c := range g.Clocks {
			text := string(c.Op) + c.Code
			if c.When != "" {
				text += " (" + c.When + ")"
			}
			clocks = append(clocks, text)
		}
		for _, a := range g.Set {
			text := a.Name + "=" + a.Value
			if a.When != "" {
				text += " (" + a.When + ")"
			}
			set = append(set, text)
		}
		var wantClocks, wantSet []string
		for _, c := range w.Clocks {
			switch {
			case c == "restore":
			case strings.HasPrefix(c, "lead_check +"):
				wantClocks = append(wantClocks, "mlead_check ("+strings.TrimPrefix(c, "lead_check + ")+")")
			default:
				wantClocks = append(wantClocks, c[:1]+strings.TrimSpace(c[1:]))
			}
		}
		for k, v := range w.Set {
			wantSet = append(wantSet, k+"="+v)
		}
		slices.Sort(set)
		slices.Sort(wantSet)
		for what, pair := range map[string][2][]string{"from": {w.From, g.From}, "by": {w.By, by}, "if": {w.If, g.If}, "then": {w.Then, g.Then},
			"clocks": {wantClocks, clocks}, "set": {wantSet, set}, "rest": {{w.ID, w.Event, w.To, w.Outcome, w.OutcomeThen}, {g.ID, g.Event, string(g.To), g.Outcome, g.OutcomeThen}}} {
			if strings.Join(pair[0], "|") != strings.Join(pair[1], "|") {
				t.Errorf("%s %s: published %q, ours %q", w.ID, what, pair[0], pair[1])
			}
		}
	}
}

// Every clock has a length in every regime, every name in the table is defined.
func TestEveryClockHasALength(t *testing.T) {
	for _, day := range []calendar.Date{calendar.NewDate(2014, 3, 15), calendar.NewDate(2019, 12, 31), calendar.NewDate(2020, 1, 1), calendar.NewDate(2024, 7, 1), calendar.NewDate(2026, 4, 15)} {
		for _, d := range workflow.ClockDefs {
			term, err := policy.Default().Term(d.Code, policy.Question{Start: day})
			if err != nil || term.N < 1 || term.Rule == "" {
				t.Errorf("%s on %s: %+v %v", d.Code, day, term, err)
			}
		}
	}
	for _, r := range workflow.Transitions {
		for _, g := range r.If {
			_, defined := workflow.Guards[g]
			pattern := strings.HasSuffix(g, "_running") || strings.HasPrefix(g, "outcome_") || strings.HasPrefix(g, "ground_") || strings.HasPrefix(g, "agreement_") || strings.HasPrefix(g, "acceptance_")
			if !defined && !pattern {
				t.Errorf("%s asks %s, which is not defined", r.ID, g)
			}
		}
		for _, id := range r.Then {
			if _, ok := workflow.RowByID(id); !ok {
				t.Errorf("%s is followed by %s, which is no row", r.ID, id)
			}
		}
	}
}
