package indicator_test

import (
	"testing"
	"time"

	"fangxin/workflow"
	"fangxin/workflow/indicator"
	"fangxin/workflow/rehearse"
)

// BenchmarkOf measures what counting adds to a filing.
func BenchmarkOf(b *testing.B) {
	now := time.Date(2026, 5, 6, 2, 0, 0, 0, time.UTC)
	c := workflow.New(workflow.Complaint, 1, "HT-2026-000001-0")
	steps, err := workflow.Steps(c, rehearse.Compose(c, &workflow.Transitions[0], rules, now), rules, now)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if len(indicator.Of(&c, &steps[0].After, &steps[0].Event)) != 1 {
			b.Fatal("a filing counts once")
		}
	}
}
