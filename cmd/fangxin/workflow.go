package main

import (
	"fmt"
	"io"
	"strings"

	"fangxin/workflow"
)

// WorkflowCmd prints the procedure from the table itself.
type WorkflowCmd struct {
	Format string `default:"table" enum:"mermaid,table" help:"mermaid or table."`
}

// Run prints it.
func (c *WorkflowCmd) Run(g *Globals) error {
	if c.Format == "mermaid" {
		mermaid(g.Out)
		return nil
	}
	tableOf(g.Out)
	return nil
}

func mermaid(w io.Writer) {
	fmt.Fprintln(w, "stateDiagram-v2")
	name := func(s workflow.State) string { return strings.ReplaceAll(string(s), ".", "_") }
	stage := ""
	for _, d := range workflow.States {
		if d.State.Stage() != stage {
			if stage != "" {
				fmt.Fprintln(w, "  }")
			}
			stage = d.State.Stage()
			fmt.Fprintf(w, "  state %s {\n", stage)
		}
		fmt.Fprintf(w, "    %s: %s\n", name(d.State), d.Zh)
	}
	fmt.Fprintln(w, "  }")
	seen := map[string]bool{}
	for i := range workflow.Transitions {
		r := &workflow.Transitions[i]
		if r.To == "same" || r.To == "before_closing" {
			continue
		}
		if len(r.From) == 0 {
			fmt.Fprintf(w, "  [*] --> %s: %s\n", name(r.To), r.ID)
		}
		for _, from := range r.FromStates() {
			if line := fmt.Sprintf("  %s --> %s: %s\n", name(from), name(r.To), r.ID); !seen[line] && from != r.To {
				seen[line] = true
				fmt.Fprint(w, line)
			}
		}
	}
}

func tableOf(w io.Writer) {
	fmt.Fprintln(w, "| id | event | from | by | if | to | clocks | outcome | basis |\n|---|---|---|---|---|---|---|---|---|")
	for _, list := range [][]workflow.Row{workflow.Transitions, workflow.ReportTransitions} {
		for _, r := range list {
			var by, clocks []string
			for _, role := range r.By {
				by = append(by, string(role))
			}
			for _, c := range r.Clocks {
				text := string(c.Op) + c.Code
				if c.When != "" {
					text += " (" + c.When + ")"
				}
				clocks = append(clocks, text)
			}
			fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", r.ID, r.Event, strings.Join(r.From, ", "), strings.Join(by, ", "), strings.Join(r.If, ", "),
				r.To, strings.Join(clocks, ", "), r.Outcome+r.OutcomeThen, r.Basis)
		}
	}
}
