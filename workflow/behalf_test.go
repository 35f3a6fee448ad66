package workflow_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"fangxin/workflow"
	"fangxin/workflow/calendar"
	"fangxin/workflow/rehearse"
)

func walk(t *testing.T, events ...string) *life {
	t.Helper()
	l := &life{t: t, c: workflow.New(workflow.Complaint, 1, "HT-2026-000001-0"), now: time.Date(2026, 5, 6, 2, 0, 0, 0, time.UTC)}
	for _, e := range events {
		l.take(e, struct{ wait, due int }{})
	}
	return l
}

func refusal(t *testing.T, err error) *workflow.Refusal {
	t.Helper()
	var r *workflow.Refusal
	if !errors.As(err, &r) {
		t.Fatalf("not refused: %v", err)
	}
	return r
}

// A party's act may be entered at the window: with channel, identity, and the
// words read back where it binds; and the party is told.
func TestActsOnBehalf(t *testing.T) {
	l := walk(t, "file_green_channel", "classify", "open_green_channel", "delivered", "answer_with_offer")
	cmd := rehearse.Compose(l.c, l.row("accept_offer"), rules, l.now)
	cmd.Actor = workflow.Actor{Role: "officer", ID: "li", For: "consumer"}
	if r := refusal(t, l.do(cmd)); r.Code != "missing" || r.Missing[0] != "on_behalf.channel" {
		t.Errorf("%+v", r)
	}
	cmd.Actor.Channel, cmd.Actor.Identity = "telephone", "number_on_file"
	if r := refusal(t, l.do(cmd)); r.Guard != "express" {
		t.Errorf("%+v", r)
	}
	cmd.Actor.ReadBack = true
	if err := l.do(cmd); err != nil {
		t.Fatal(err)
	}
	var last workflow.Event
	for _, e := range l.log {
		if e.Event == "accept_offer" {
			last = e
		}
	}
	told := false
	for _, n := range last.Data.Notices {
		told = told || n.Kind == "entered_on_your_behalf" && n.To == "consumer"
	}
	if !told || last.Data.Info["on_behalf_of"] != "consumer" || last.Data.Info["channel"] != "telephone" {
		t.Errorf("%+v", last.Data)
	}
	mediator := cmd
	mediator.Actor.Role = "mediator"
	if r := refusal(t, l.do(mediator)); r.Code != "not_allowed_now" && r.Code != "not_for_you" {
		t.Errorf("%+v", r)
	}
}

// A joint act needs two halves: one side proposes, the other side does it.
func TestAJointActNeedsBoth(t *testing.T) {
	l := walk(t, "file_with_authority", "classify", "dispatch", "accept", "ask_consent", "both_consent", "agree")
	apply := rehearse.Compose(l.c, l.row("apply_confirmation"), rules, l.now)
	apply.Input.Both = false
	apply.Actor = workflow.Actor{Role: "consumer", ID: "consumer"}
	if r := refusal(t, l.do(apply)); r.Guard != "both_apply" {
		t.Errorf("%+v", r)
	}
	propose := rehearse.Compose(l.c, l.row("propose"), rules, l.now)
	propose.Actor = workflow.Actor{Role: "merchant", ID: "merchant"}
	propose.Input.Act = "apply_confirmation"
	if err := l.do(propose); err != nil {
		t.Fatal(err)
	}
	twice := apply
	twice.Actor = workflow.Actor{Role: "merchant", ID: "merchant"}
	if r := refusal(t, l.do(twice)); r.Guard != "both_apply" {
		t.Errorf("one side is no two: %+v", r)
	}
	if err := l.do(apply); err != nil {
		t.Fatal(err)
	}
	for _, k := range l.c.Clocks {
		if k.Code == "proposal" && k.State != workflow.Met {
			t.Errorf("the proposal is %s", k.State)
		}
	}
}

// One second late is late: the offer lapsed at its instant, and no acceptance
// makes it an agreement.
func TestOneMicrosecondLateIsLate(t *testing.T) {
	for _, late := range []time.Duration{-time.Microsecond, 0} {
		l := walk(t, "file_green_channel", "classify", "open_green_channel", "delivered", "answer_with_offer")
		cmd := rehearse.Compose(l.c, l.row("accept_offer"), rules, l.now)
		l.now = l.c.Clock("offer_reply").LateFrom.Add(late)
		err := l.do(cmd)
		if (err == nil) != (late < 0) {
			t.Errorf("%s from the midnight: %v", late, err)
		}
		if late == 0 && l.c.Agreement != "none" {
			t.Error("an expired offer became an agreement")
		}
	}
}

// REF3 takes two persons.
func TestREF3TakesTwoPersons(t *testing.T) {
	l := walk(t, "file_with_authority", "classify", "dispatch")
	refuse := rehearse.Compose(l.c, l.row("refuse"), rules, l.now)
	refuse.Input.Ground = "REF3"
	if r := refusal(t, l.do(refuse)); r.Guard != "second_person_for_REF3" {
		t.Errorf("%+v", r)
	}
	prepare := rehearse.Compose(l.c, l.row("prepare_refusal"), rules, l.now)
	prepare.Actor.ID = "li"
	if err := l.do(prepare); err != nil {
		t.Fatal(err)
	}
	same := refuse
	same.Actor.ID = "li"
	if r := refusal(t, l.do(same)); r.Guard != "second_person_for_REF3" {
		t.Errorf("%+v", r)
	}
	if err := l.do(refuse); err != nil {
		t.Fatal(err)
	}
}

// A calendar that becomes known moves provisional clocks, with its cause in the
// log, and never a clock that ran out.
func TestACalendarThatBecomesKnown(t *testing.T) {
	l := &life{t: t, c: workflow.New(workflow.Complaint, 1, "HT-2026-000001-0"), now: time.Date(2026, 12, 25, 2, 0, 0, 0, time.UTC)}
	l.take("file_with_authority", struct{ wait, due int }{})
	k := l.c.Clock("accept_decision")
	if !k.Provisional || k.Due.String() != "2027-01-06" {
		t.Fatalf("%+v", k)
	}
	cmd := workflow.Command{Event: workflow.CalendarChanged, Actor: workflow.Actor{Role: "job", ID: "calendar"}}
	if r := refusal(t, l.do(cmd)); r.Code != "nothing_to_do" {
		t.Errorf("%+v", r)
	}
	notice := calendar.Notice{Year: 2027, Number: "a test", Published: calendar.NewDate(2026, 12, 28)}
	for d := calendar.NewDate(2027, 1, 1); d <= calendar.NewDate(2027, 1, 4); d++ {
		notice.Days = append(notice.Days, calendar.NoticeDay{Date: d, Off: true, Name: "元旦"})
	}
	cal, err := calendar.Embedded().With(notice)
	if err != nil {
		t.Fatal(err)
	}
	law := workflow.Rules{Rules: rules.WithCalendar(cal)}
	at := time.Date(2026, 12, 29, 2, 0, 0, 0, time.UTC)
	events, err := workflow.Decide(l.c, cmd, law, at)
	if err != nil || len(events) != 1 || events[0].ID != "K1" || !strings.HasPrefix(events[0].Data.Clocks[0].Cause, "calendar 2027a") {
		t.Fatalf("%+v %v", events, err)
	}
	c := workflow.Apply(l.c, events[0])
	if k := c.Clock("accept_decision"); k.Provisional || k.Due.String() != "2027-01-07" || !k.LateFrom.Equal(k.Due.AddDays(1).Start()) {
		t.Errorf("%+v", k)
	}
	if k := c.Clock("triage"); k.Due.String() != "2026-12-29" {
		t.Errorf("a certain clock moved: %+v", k)
	}
	late := at.Add(60 * 24 * time.Hour)
	events, due := workflow.Due(l.c, law, late)
	for ; due; events, due = workflow.Due(l.c, law, late) {
		l.apply(events)
	}
	if r := refusal(t, func() error { _, err := workflow.Decide(l.c, cmd, law, late); return err }()); r.Code != "nothing_to_do" {
		t.Errorf("a clock that ran out was moved: %+v", r)
	}
}
