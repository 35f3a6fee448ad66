package indicator_test

import (
	"slices"
	"testing"
	"time"

	"fangxin/workflow"
	"fangxin/workflow/calendar"
	"fangxin/workflow/indicator"
	"fangxin/workflow/policy"
	"fangxin/workflow/rehearse"
)

var rules = func() workflow.Rules {
	law, err := policy.Load("huantai.yaml", policy.HuantaiFile())
	if err != nil {
		panic(err)
	}
	return workflow.Rules{Rules: law}
}()

// life is a case whose events are counted, on a clock that moves when told.
type life struct {
	t      *testing.T
	c      workflow.Case
	now    time.Time
	counts indicator.Counts
}

func begin(t *testing.T, into indicator.Counts, event string) *life {
	l := &life{t: t, c: workflow.New(workflow.Complaint, 1, "HT-2026-000001-0"), now: time.Date(2026, 5, 6, 2, 0, 0, 0, time.UTC), counts: into}
	l.do(event)
	return l
}

func (l *life) take(steps []workflow.Step) {
	for i := range steps {
		for _, c := range indicator.Of(&l.c, &steps[i].After, &steps[i].Event) {
			l.counts.Add(c.Code, c.Measure, c.Value)
		}
		l.c = steps[i].After
	}
}

// act does one event after what is due, and tells nobody.
func (l *life) act(event string) {
	l.t.Helper()
	l.wait(0)
	for i := range workflow.Transitions {
		row := &workflow.Transitions[i]
		if row.Event != event || !(len(row.From) == 0 && l.c.Version == 0 || slices.Contains(row.FromStates(), l.c.State)) {
			continue
		}
		steps, err := workflow.Steps(l.c, rehearse.Compose(l.c, row, rules, l.now), rules, l.now)
		if err != nil {
			l.t.Fatalf("%s in %s: %v", event, l.c.State, err)
		}
		l.take(steps)
		return
	}
	l.t.Fatalf("no %s in %s", event, l.c.State)
}

// do does events, each with its notices delivered.
func (l *life) do(events ...string) *life {
	l.t.Helper()
	for _, event := range events {
		l.act(event)
		l.serve()
	}
	return l
}

// serve delivers what is owed.
func (l *life) serve() *life {
	for {
		cmd, more := rehearse.Served(l.c)
		if !more {
			return l
		}
		steps, err := workflow.Steps(l.c, cmd, rules, l.now)
		if err != nil {
			l.t.Fatal(err)
		}
		l.take(steps)
	}
}

// wait lets days pass and what runs out run out.
func (l *life) wait(days int) *life {
	l.now = l.now.Add(time.Duration(days) * 24 * time.Hour)
	for {
		steps, due := workflow.DueSteps(l.c, rules, l.now)
		if !due {
			return l
		}
		l.take(steps)
	}
}

// Each trick that the definitions must survive, played, and the number that shows
// it (DOMAIN 8.4).
func TestGaming(t *testing.T) {
	type shows struct {
		id, line string
		num, den int64
	}
	for _, x := range []struct {
		trick string
		play  func(t *testing.T, into indicator.Counts)
		shows []shows
	}{
		{"closing just before the due day and reopening", func(t *testing.T, into indicator.Counts) {
			begin(t, into, "file_with_authority").do("classify", "dispatch").wait(6).do("refuse").wait(5).do("correct_closing").wait(3)
		}, []shows{{"I-12b", "reopened", 1, 1}, {"I-06a", "in_time", 0, 1}, {"I-05", "closed", 0, 1}}},
		{"deciding on publication twice", func(t *testing.T, into indicator.Counts) {
			begin(t, into, "file_with_authority").do("withdraw_before_acceptance", "publish_or_hold", "publish_or_hold")
			begin(t, into, "file_with_authority").do("withdraw_before_acceptance", "publish_or_hold", "correct_closing")
		}, []shows{{"I-07", "published", 1, 1}}},
		{"a settlement that is not kept and comes back", func(t *testing.T, into indicator.Counts) {
			begin(t, into, "file_green_channel").do("classify", "open_green_channel", "delivered", "answer_with_offer", "accept_offer").wait(16).serve().wait(20).do("settlement_not_performed")
		}, []shows{{"I-12b", "again", 1, 0}, {"I-01C", "in_time", 0, 1}, {"I-01B", "settled", 0, 0}, {"I-09", "missed", 1, 1}}},
		{"pushing withdrawals", func(t *testing.T, into indicator.Counts) {
			begin(t, into, "file_green_channel").do("classify", "open_green_channel", "delivered", "answer", "withdraw_before_acceptance")
		}, []shows{{"I-13", "withdrawn", 1, 1}, {"I-01A", "settled", 0, 1}, {"I-01A", "withdrawn", 1, 1}, {"I-04", "resolved", 0, 1}}},
		{"refusing weak cases", func(t *testing.T, into indicator.Counts) {
			begin(t, into, "file_with_authority").do("classify", "dispatch", "refuse")
			begin(t, into, "file_with_authority").do("classify", "dispatch", "accept", "ask_consent", "one_consents", "both_consent", "agree")
		}, []shows{{"I-14", "refused", 1, 2}, {"I-04", "resolved", 0, 1}, {"I-03a", "agreed", 1, 1}, {"I-03c", "agreed", 0, 1}}},
		{"booking what the two settled themselves as mediated", func(t *testing.T, into indicator.Counts) {
			begin(t, into, "file_with_authority").do("classify", "dispatch", "accept", "settle_themselves", "end_own_settlement", "decide_termination", "told_close_settled")
		}, []shows{{"I-03b", "agreed", 0, 1}, {"I-03b", "with_own", 1, 1}, {"I-03a", "agreed", 0, 0}, {"I-01B", "settled", 0, 1}, {"I-01B", "settled_in_mediation", 1, 1}}},
		{"deciding in time and telling late", func(t *testing.T, into indicator.Counts) {
			l := begin(t, into, "file_with_authority").do("classify", "dispatch").wait(6)
			l.act("accept")
			l.wait(5).do("notice_sent")
		}, []shows{{"I-06a", "in_time", 0, 1}}},
		{"accepting after seven working days and dating it back", func(t *testing.T, into indicator.Counts) {
			l := begin(t, into, "file_with_authority").do("classify", "dispatch").wait(12)
			l.act("accept")
			cmd, more := rehearse.Served(l.c)
			cmd.Input.ServedOn = calendar.On(l.now) - 9
			steps, err := workflow.Steps(l.c, cmd, rules, l.now)
			if !more || err != nil {
				t.Fatal(more, err)
			}
			l.take(steps)
		}, []shows{{"I-06a", "in_time", 0, 1}}},
		{"bouncing a case", func(t *testing.T, into indicator.Counts) {
			begin(t, into, "file_with_authority").do("classify", "dispatch", "return_to_hub", "dispatch").wait(3).do("refuse")
		}, []shows{{"I-20", "bounced", 1, 2}, {"I-11", "gross", 1, 3}}},
		{"settling only the easy ones", func(t *testing.T, into indicator.Counts) {
			begin(t, into, "file_green_channel").do("classify", "open_green_channel", "delivered", "answer_with_offer", "accept_offer", "report_performance").wait(10)
			begin(t, into, "file_green_channel").do("classify", "green_channel_unavailable").wait(20)
			begin(t, into, "file_with_authority").do("classify", "dispatch", "refuse")
		}, []shows{{"I-01A", "settled", 1, 1}, {"I-01B", "settled", 1, 3}, {"I-01B", "silence", 1, 3}}},
		{"a rival who complains", func(t *testing.T, into indicator.Counts) {
			begin(t, into, "file_green_channel").do("classify", "open_green_channel", "delivered", "answer_with_offer", "record_finding", "accept_offer")
		}, []shows{{"I-01A", "settled", 0, 0}, {"I-01A", "talks.not_a_consumer", 1, 0}}},
		{"asking only happy people", func(t *testing.T, into indicator.Counts) {
			begin(t, into, "file_with_authority").do("classify", "dispatch", "refuse", "rate")
			begin(t, into, "file_with_authority").do("classify", "dispatch", "refuse").wait(30)
		}, []shows{{"I-08", "satisfied", 1, 1}, {"I-08", "response", 1, 2}}},
	} {
		t.Run(x.trick, func(t *testing.T) {
			into := indicator.Counts{}
			x.play(t, into)
			for _, s := range x.shows {
				num, den := lineOf(t, figure(into, s.id), s.line)
				if num != s.num || den != s.den {
					t.Errorf("%s %s: %d of %d, not %d of %d; %v", s.id, s.line, num, den, s.num, s.den, into)
				}
			}
		})
	}
}

// lineOf finds a line: of a spread how many and their sum, of what is apart how many.
func lineOf(t *testing.T, f indicator.Figure, line string) (int64, int64) {
	for _, r := range f.Rates {
		if r.Line == line {
			return r.Numerator, r.Denominator
		}
	}
	for _, s := range f.Spreads {
		if s.Line == line {
			return s.N, s.Sum
		}
	}
	for _, a := range f.Excluded {
		if a.Code == line {
			return a.N, 0
		}
	}
	t.Fatalf("%s has no line %s", f.ID, line)
	return 0, 0
}
