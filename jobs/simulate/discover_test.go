package simulate

import (
	"testing"
	"time"

	"fangxin/workflow"
	"fangxin/workflow/policy"
)

// Every row of the table has a script that leads through it.
func TestEveryRowIsFound(t *testing.T) {
	found := discover(1, workflow.Rules{Rules: policy.Default()}, time.Date(2026, 5, 6, 1, 0, 0, 0, time.UTC))
	for _, r := range workflow.Transitions {
		if found[r.ID] == nil {
			t.Errorf("%s %s was never taken", r.ID, r.Event)
		}
	}
}
