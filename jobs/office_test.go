package jobs_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"fangxin/jobs"
	"fangxin/jobs/channel"
	"fangxin/jobs/channel/channeltest"
	"fangxin/store"
	"fangxin/store/storetest"

	"github.com/emersion/go-smtp"
)

// The lines of two departments, without and with a mailbox.
const (
	amrLine = `  - {code: amr, `
	psbLine = `  - {code: psb, `
	amrMail = `  - {code: amr, mail: amr@county.example, `
	psbMail = `  - {code: psb, mail: psb@county.example, `
)

// postOffice is a mail server with a channel to it.
func postOffice(t *testing.T, w *storetest.World) (*channeltest.MailServer, channel.Channel) {
	t.Helper()
	ca := channeltest.NewCA(t)
	server := channeltest.NewMailServer(t, ca, "starttls", false)
	return server, mailTo(t, w, server.URL+"?ca="+ca.File)
}

func mailTo(t *testing.T, w *storetest.World, url string) channel.Channel {
	t.Helper()
	mail, err := channel.ParseMail(url)
	if err != nil {
		t.Fatal(err)
	}
	mail.From, mail.Marks, mail.Now = "notice@fx.example", channel.NewMarks(make([]byte, 32)), w.Now
	way, err := mail.Channel()
	if err != nil {
		t.Fatal(err)
	}
	return way
}

// lawful lets a post go by the county's rules.
func lawful(w *storetest.World) func(*jobs.Post) {
	return func(p *jobs.Post) { p.Rules, p.Site = w.Law, "https://fx.example" }
}

func people(t *testing.T, w *storetest.World, mails map[string]string, all ...store.User) {
	t.Helper()
	for _, u := range all {
		if _, err := w.AddUser(ctx, u); err != nil {
			t.Fatal(err)
		}
		if err := w.SetUserMail(ctx, "cli", u.Name, mails[u.Name]); err != nil {
			t.Fatal(err)
		}
	}
}

// assigned files a complaint that a unit and an officer are in charge of.
func assigned(t *testing.T, w *storetest.World, unit, officer string) string {
	t.Helper()
	number := w.File()
	w.Do(number, "classify")
	cmd := w.Compose(number, "assign")
	cmd.Input.Unit, cmd.Input.Officer = unit, officer
	if _, err := w.Execute(ctx, store.Request{Case: number, Command: cmd}); err != nil {
		t.Fatal(err)
	}
	return number
}

// overdue lets days go by until every step of escalation was taken; what the
// parties are owed is of no interest here.
func overdue(t *testing.T, w *storetest.World, days int) {
	t.Helper()
	for range days {
		w.Advance(24 * time.Hour)
		for _, do := range []func() (int, error){func() (int, error) { return w.Sweep(ctx, 500) }, func() (int, error) { return w.Remind(ctx, 500) }, func() (int, error) { return w.Escalate(ctx, 500) }} {
			for {
				n, err := do()
				if err != nil {
					t.Fatal(err)
				}
				if n == 0 {
					break
				}
			}
		}
	}
	w.Run("update outbox set state = 'void' where topic = 'notice' or recipient in ('consumer', 'merchant')")
}

// steps are whom the overdue decision's steps told, keep waiting and did not reach.
func stepsOf(t *testing.T, w *storetest.World) (told, waiting, unreached []string) {
	t.Helper()
	list, _, err := w.Duties(ctx, &store.User{Name: "x", Roles: []string{"supervisor"}}, store.DutyFilter{Clock: "accept_decision"}, "", 10)
	if err != nil || len(list) != 1 {
		t.Fatalf("%+v %v", list, err)
	}
	for _, s := range list[0].Steps {
		told, waiting, unreached = append(told, s.Told...), append(waiting, s.Waiting...), append(unreached, s.Unreached...)
	}
	return told, waiting, unreached
}

func addressees(server *channeltest.MailServer) map[string]int {
	out := map[string]int{}
	for _, l := range server.Letters() {
		out[l.To]++
	}
	return out
}

// Offices are told by mail: a person in his own mailbox, who has none in his
// department's, who has no department in the hub's.
func TestOfficesAreToldByMail(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		w.County(amrLine, amrMail, psbLine, psbMail)
		people(t, w, map[string]string{"zhang": "zhang@county.example"}, store.User{Name: "zhang", Roles: []string{"officer"}, Unit: "psb"},
			store.User{Name: "boss", Roles: []string{"supervisor"}, Unit: "psb"}, store.User{Name: "liu", Roles: []string{"coordinator"}})
		assigned(t, w, "psb", "zhang")
		overdue(t, w, 20)
		server, way := postOffice(t, w)
		if _, waiting, _ := stepsOf(t, w); len(waiting) != 4 {
			t.Errorf("before: %v wait", waiting)
		}
		open(t, w, way, lawful(w))
		settled(t, w)
		told, waiting, unreached := stepsOf(t, w)
		if fmt.Sprint(told) != "[officer:zhang supervisor:boss coordinator:liu joint_conference]" || len(waiting)+len(unreached) != 0 {
			t.Errorf("told %v, waiting %v, unreached %v", told, waiting, unreached)
		}
		to := addressees(server)
		if to["zhang@county.example"] == 0 || to["psb@county.example"] == 0 || to["amr@county.example"] == 0 || len(to) != 3 {
			t.Errorf("%v", to)
		}
		for recipient, want := range map[string]string{"officer:zhang": "officer:zhang", "supervisor:boss": "unit:psb", "coordinator:liu": "unit:amr", "joint_conference": "unit:amr"} {
			if n := w.Count("select count(*) from notice_attempts a join outbox o on o.case_id = a.case_id and o.no = a.no and o.topic = a.topic where o.recipient = $1 and a.topic like 'escalation%' and a.recipient <> $2", recipient, want); n != 0 {
				t.Errorf("%s: %d attempts went to another than %s", recipient, n, want)
			}
		}
	})
}

// A site with mail whose county names no mailbox tells an office nothing, and says
// so: to the operator, in the figures, and in the list of overdue duties.
func TestAnOfficeWithoutAnAddressIsCounted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		people(t, w, nil, store.User{Name: "zhang", Roles: []string{"officer"}, Unit: "psb"})
		assigned(t, w, "psb", "zhang")
		overdue(t, w, 20)
		server, way := postOffice(t, w)
		o := open(t, w, way, lawful(w))
		settled(t, w)
		o.stop()
		told, waiting, unreached := stepsOf(t, w)
		if len(told)+len(waiting) != 0 || fmt.Sprint(unreached) != "[officer:zhang unit_head:psb coordinator joint_conference]" {
			t.Errorf("told %v, waiting %v, unreached %v", told, waiting, unreached)
		}
		if n := w.Told().Unreached; n["escalation"] != 8 || n["reminder"] != 0 || len(server.Letters()) != 0 { // of triage and the decision; their reminders are over
			t.Errorf("%v counted, %d letters", n, len(server.Letters()))
		}
		if said := o.said(); !strings.Contains(said, "recipient=officer:zhang") || !strings.Contains(said, "an office was told nothing") {
			t.Errorf("%s", said)
		}
	})
}

// Where somebody's own mailbox does not take it his department's is tried, then
// the hub's, each mail with an id of its own; the mailbox of one who has left is
// not used.
func TestTheNextMailboxIsTried(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		w.County(amrLine, amrMail, psbLine, psbMail, "digest: {more_than: 5,", "digest: {more_than: 100,") // all of them end in one mailbox, one by one
		people(t, w, map[string]string{"zhang": "zhang@county.example", "boss": "boss@county.example"}, store.User{Name: "zhang", Roles: []string{"officer"}, Unit: "psb"},
			store.User{Name: "boss", Roles: []string{"supervisor"}, Unit: "psb"})
		assigned(t, w, "psb", "zhang")
		overdue(t, w, 20)
		if err := w.DisableUser(ctx, "cli", "boss"); err != nil {
			t.Fatal(err)
		}
		server, way := postOffice(t, w)
		server.Say = func(stage, address string) error {
			if stage == "rcpt" && slices.Contains([]string{"zhang@county.example", "psb@county.example"}, address) {
				return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "unknown"}
			}
			return nil
		}
		open(t, w, way, lawful(w))
		settled(t, w)
		if _, waiting, unreached := stepsOf(t, w); len(waiting)+len(unreached) != 0 {
			t.Errorf("waiting %v, unreached %v", waiting, unreached)
		}
		if to := addressees(server); len(to) != 1 || to["amr@county.example"] == 0 {
			t.Errorf("%v", to)
		}
		tried, err := w.Pool().Query("select a.recipient, a.outcome from notice_attempts a join outbox o on o.case_id = a.case_id and o.no = a.no and o.topic = a.topic where o.recipient = 'officer:zhang' and o.topic like 'escalation%' and o.template = 'escalation.accept_decision' order by a.ordinal")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = tried.Close() }()
		var all []string
		for tried.Next() {
			var who, outcome string
			if err := tried.Scan(&who, &outcome); err != nil {
				t.Fatal(err)
			}
			all = append(all, who+" "+outcome)
		}
		if got := strings.Join(all, ", "); got != "officer:zhang failed, unit:psb failed, unit:amr handed" {
			t.Error(got)
		}
	})
}
