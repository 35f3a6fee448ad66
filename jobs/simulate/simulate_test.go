package simulate_test

import (
	"context"
	"testing"

	"fangxin/jobs/simulate"
	"fangxin/store"
	"fangxin/store/audit"
	"fangxin/store/storetest"
	"fangxin/workflow"
	"fangxin/workflow/calendar"
)

// Every row of the table is lived through the real door, then a mix; the proof
// holds, and no outcome is missing.
func TestEveryRowThroughTheDoor(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		clock := &simulate.Clock{}
		from := calendar.NewDate(2026, 4, 15)
		clock.Set(from.Start())
		cfg := w.Cfg
		cfg.Now, cfg.Node = clock.Now, "simulation"
		s, err := store.Open(context.Background(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		plan := simulate.Plan{Cases: 60, From: from, To: from.AddDays(90), Seed: 1, Scripted: true, Outage: func(o workflow.Outage) {
			law := w.Law()
			law.Outages = append(law.Outages, o)
			w.Rules(law)
		}}
		r, err := simulate.Run(context.Background(), s, w.Law, clock, plan)
		if err != nil {
			t.Fatal(err)
		}
		for _, list := range [][]workflow.Row{workflow.Transitions, workflow.ReportTransitions} {
			for _, row := range list {
				if r.Rows[row.ID] == 0 {
					t.Errorf("%s %s was not taken", row.ID, row.Event)
				}
			}
		}
		proof, err := audit.Verify(context.Background(), s.Pool(), s.Dialect(), audit.Options{Now: clock.Now()})
		if err != nil || len(proof.Findings) > 0 {
			t.Errorf("%v %v", proof.Findings, err)
		}
		checkStatistics(t, s, calendar.NewDate(2014, 1, 1), calendar.On(clock.Now()).AddDays(400))
	})
}
