package workflow_test

import (
	"testing"
	"time"

	"fangxin/workflow"
	"fangxin/workflow/rehearse"
)

// BenchmarkDecide measures a decision alone: a filing, with its two clocks.
func BenchmarkDecide(b *testing.B) {
	c, now := workflow.New(workflow.Complaint, 1, "HT-2026-000001-0"), time.Date(2026, 5, 6, 2, 0, 0, 0, time.UTC)
	cmd := rehearse.Compose(c, &workflow.Transitions[0], rules, now)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := workflow.Decide(c, cmd, rules, now); err != nil {
			b.Fatal(err)
		}
	}
}
