package handlers

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"fangxin/jobs/simulate"
	"fangxin/store"
	"fangxin/store/storetest"
	"fangxin/workflow"
	"fangxin/workflow/calendar"
	"fangxin/workflow/rehearse"
)

// clerks take the commands of a simulation over the desk's pages: each by somebody
// who may, by the button on the case's page, in the act's form.
type clerks struct {
	*wire
	taken map[string]bool // rows
	looks int             // at cases, compared with the table
}

// session is one of the user's whose token this is: a new one each time, for in
// whole lives months pass.
func (x *clerks) session(token string) string {
	x.t.Helper()
	who, err := x.s.Admit(context.Background(), token, "")
	if err != nil {
		x.t.Fatal(err)
	}
	session, err := x.s.OpenSession(context.Background(), who.User.ID, store.DeskSession{Way: "password"}, time.Hour)
	if err != nil {
		x.t.Fatal(err)
	}
	return session
}

// page asks for a page as somebody of the authority.
func (x *clerks) page(method, path, session string, form url.Values) (int, string, string) {
	x.t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, x.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		x.t.Fatal(err)
	}
	req.Header.Set("Accept", "text/html")
	req.Header.Set("Cookie", "desk="+session)
	if method == "POST" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		x.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		x.t.Fatal(err)
	}
	return res.StatusCode, string(text), res.Header.Get("Location")
}

var (
	deskButton = regexp.MustCompile(`href="/desk/case/[^"/]+/act/([a-z_]+)"`)
	deskKey    = regexp.MustCompile(`name="key" value="([^"]+)"`)
	deskSees   = regexp.MustCompile(`name="sees" value="([0-9]+)"`)
)

// compare holds the buttons of a case's page to the table itself: its rows that
// leave the case's state, are somebody's of this role, are no clock's, and lack
// nothing but what a form says.
func (x *clerks) compare(c *workflow.Case, role workflow.Role, text string) {
	x.looks++
	c2 := settled(*c, x.api.Rules(), x.api.Now())
	lacking := map[string]bool{}
	for _, m := range workflow.Allowed(c2, x.api.Rules(), x.api.Now()) {
		lacking[m.Event] = !m.Possible()
	}
	list := workflow.Transitions
	if c.Kind == workflow.Report {
		list = workflow.ReportTransitions
	}
	var want, got []string
	for i := range list {
		row := &list[i]
		clock := slices.ContainsFunc(row.Clocks, func(k workflow.ClockEffect) bool { return k.Op == '!' })
		if slices.Contains(row.FromStates(), c2.State) && (slices.Contains(row.By, role) || role == "unit" && slices.Contains(row.By, "units")) && !clock && !lacking[row.Event] {
			want = append(want, row.Event)
		}
	}
	for _, m := range deskButton.FindAllStringSubmatch(text, -1) {
		got = append(got, m[1])
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		x.t.Errorf("%s in %s sees %v, the table has %v", role, c2.State, got, want)
	}
}

func (x *clerks) execute(ctx context.Context, q store.Request) (store.Answer, error) {
	role := q.Command.Actor.Role
	switch {
	case role == "units":
		role = "unit"
	case q.Command.Event == "notice_served" && !x.taken["T60"]: // the post's work, done by hand once
		role = "officer"
	}
	if machines[role] || q.Case == "" {
		return x.s.Execute(ctx, q)
	}
	v, err := x.s.Case(ctx, q.Case)
	if err != nil {
		x.t.Fatal(err)
	}
	i := slices.IndexFunc(rowsOf(v.Kind, q.Command.Event), func(r *workflow.Row) bool {
		return slices.Contains(r.FromStates(), settled(v.Case, x.api.Rules(), x.api.Now()).State)
	})
	if i < 0 || x.taken[rowsOf(v.Kind, q.Command.Event)[i].ID] {
		return x.s.Execute(ctx, q)
	}
	row := rowsOf(v.Kind, q.Command.Event)[i]
	party := workflow.Role("")
	if role == "consumer" || role == "merchant" { // at the window: only rows that are somebody's of the authority as well
		if !slices.ContainsFunc(people(row), func(r workflow.Role) bool { return r != "consumer" && r != "merchant" }) {
			return x.s.Execute(ctx, q)
		}
		party, role = role, "officer"
	}
	if q.Command.Event == "answer_supervision" {
		q.Command.Input.Order = v.Clock("supervision").No
	}
	token := x.user(append([]workflow.Role{role}, people(row)...), &v.Case)
	x.take(&v.Case, row, &q.Command, token, party)
	x.tell(ctx, q.Case)
	after, err := x.s.Case(ctx, q.Case)
	if err != nil {
		x.t.Fatal(err)
	}
	events, err := x.s.Events(ctx, q.Case)
	if err != nil {
		x.t.Fatal(err)
	}
	out := store.Answer{Number: q.Case, Version: after.Version, State: after.State, Outcome: after.Outcome}
	if row.Event == "split_report" {
		lines, _, err := x.s.List(ctx, &store.User{Roles: []string{"supervisor"}}, store.Filter{Kind: workflow.Report}, store.Page{Sort: "number", Down: true, Limit: 1})
		if err != nil || len(lines) == 0 {
			x.t.Fatal(lines, err)
		}
		out.Report = lines[0].Number
	}
	for _, e := range events {
		if e.Seq > v.Version && !strings.HasPrefix(e.Actor, "clock") {
			out.Events = append(out.Events, store.Done{Seq: e.Seq, ID: e.ID, Event: e.Event})
			x.taken[e.ID] = true
		}
	}
	return out, nil
}

// tell delivers the letter about what was entered for a party. The script knows
// of none, and its own letters go out one by one, the oldest first.
func (x *clerks) tell(ctx context.Context, number string) {
	v, err := x.s.Case(ctx, number)
	if err != nil {
		x.t.Fatal(err)
	}
	for _, n := range v.Notices {
		if n.Kind != "entered_on_your_behalf" {
			continue
		}
		if _, err := x.s.Execute(ctx, store.Request{Case: number, Command: workflow.Command{Event: "notice_served", Actor: workflow.Actor{Role: "job", ID: "relay"},
			Input: workflow.Input{Notice: n.No, Proof: "sms_report"}}}); err != nil {
			x.t.Fatal(err)
		}
	}
}

// take does one act over the pages.
func (x *clerks) take(c *workflow.Case, row *workflow.Row, cmd *workflow.Command, token string, party workflow.Role) {
	x.t.Helper()
	base, session := "/desk/case/"+c.Number, x.session(token)
	status, text, _ := x.page("GET", base, session, nil)
	if status != http.StatusOK {
		x.t.Fatalf("%s: %d %s", base, status, text)
	}
	who, _, _ := strings.Cut(strings.TrimPrefix(x.nameOf(token), "the-"), "-")
	x.compare(c, workflow.Role(who), text)
	path := base + "/act/" + row.Event
	if party != "" {
		path += "?for=" + string(party)
	}
	if !strings.Contains(text, `href="`+path+`"`) {
		x.t.Errorf("%s %s: no button for %s in %s", row.ID, row.Event, who, c.State)
	}
	status, text, _ = x.page("GET", path, session, nil)
	if status != http.StatusOK {
		x.t.Fatalf("%s: %d %s", path, status, text)
	}
	form := formOf(c.Kind, cmd)
	if n, _ := number(c.Facts["complainants"]); n < 2 {
		form.Del("represented_consent")
	}
	if list := feedbackFor(row.Event); len(list) > 0 && !slices.Contains(list, form.Get("feedback_code")) {
		form.Set("feedback_code", list[0])
	}
	if party != "" {
		form.Set("on_behalf.channel", "window")
		form.Set("on_behalf.identity", "identity_card")
		form.Set("on_behalf.read_back", "yes")
	}
	for name, list := range form {
		if !strings.Contains(text, `name="`+name+`"`) {
			x.t.Errorf("%s %s: its form has no %s", row.ID, row.Event, name)
		}
		if kindOf[name] != "select" || name == "officer" {
			continue
		}
		_, after, _ := strings.Cut(text, `<select name="`+name+`"`)
		choices, _, _ := strings.Cut(after, "</select>")
		if !strings.Contains(choices, `value="`+list[0]+`"`) {
			x.t.Errorf("%s %s: nobody can choose %s %s", row.ID, row.Event, name, list[0])
		}
	}
	form.Set("key", deskKey.FindStringSubmatch(text)[1])
	form.Set("sees", deskSees.FindStringSubmatch(text)[1])
	if row.Basis != "" && !strings.Contains(text, "依据") {
		x.t.Errorf("%s: no article of law", row.ID)
	}
	if row.Event == "confirm_narrative" && (!strings.Contains(text, "投诉人原文") || !strings.Contains(text, "拟公示文本")) {
		x.t.Errorf("%s: who confirms does not see before and after", row.ID)
	}
	status, text, to := x.page("POST", path, session, form)
	if status != http.StatusSeeOther || !strings.HasSuffix(to, "?done="+row.Event) {
		if i := strings.Index(text, "role=\"alert\""); i > 0 {
			text = text[i:min(len(text), i+600)]
		}
		x.t.Fatalf("%s %s %v: %d %s %s", row.ID, path, form, status, to, text)
	}
}

func (x *clerks) nameOf(token string) string {
	for name, t := range x.tokens {
		if t == token {
			return name
		}
	}
	return ""
}

// formOf writes a command as somebody would fill in its form.
func formOf(kind workflow.Kind, cmd *workflow.Command) url.Values {
	text, _ := json.Marshal(cmd.Input)
	said := map[string]any{}
	_ = json.Unmarshal(text, &said)
	if p := cmd.Private; p != nil {
		text, _ := json.Marshal(p)
		_ = json.Unmarshal(text, &said)
	}
	form := url.Values{}
	for _, name := range takesOf(kind, cmd.Event) {
		switch v := said[name].(type) {
		case nil:
		case map[string]any:
			for part, value := range v {
				form.Set(name+"."+part, fmt.Sprint(value))
			}
		case []any:
			for n, one := range v {
				switch one := one.(type) {
				case string:
					form.Add(name, one)
				case map[string]any:
					if name == "items" {
						form.Set("items."+one["kind"].(string), one["ref"].(string))
						continue
					}
					for part, value := range one {
						form.Set("attempts."+part+"."+strconv.Itoa(n+1), fmt.Sprint(value))
					}
				}
			}
		case bool:
			form.Set(name, map[bool]string{true: "yes", false: "no"}[v])
		case float64:
			if kindOf[name] == "money" {
				form.Set(name, yuan(int64(v)))
			} else {
				form.Set(name, strconv.FormatInt(int64(v), 10))
			}
		default:
			form.Set(name, fmt.Sprint(v))
		}
	}
	return form
}

// Every row of the table that one of the authority's people may take is taken on
// the pages, by its button, and the buttons are the table's on every page that is
// looked at on the way.
func TestEveryRowHasAButton(t *testing.T) {
	w := storetest.New(t)
	clock, from := &simulate.Clock{}, calendar.NewDate(2026, 4, 15)
	clock.Set(from.Start())
	cfg := w.Cfg
	cfg.Now, cfg.Node = clock.Now, "clerks"
	s, err := store.Open(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	x := &clerks{wire: newWire(t, s, w, clock.Now), taken: map[string]bool{}}
	_, err = simulate.Run(context.Background(), s, w.Law, clock, simulate.Plan{From: from, To: from, Seed: 1, Scripted: true, Execute: x.execute, Outage: func(o workflow.Outage) {
		law := w.Law()
		law.Outages = append(law.Outages, o)
		w.Rules(law)
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, events := range [][]string{{"file_with_authority", "classify", "dispatch"}, {"file_with_authority", "classify", "invite_settlement", "channels_exhausted", "proceed_to_decision"},
		strings.Fields("file_with_authority classify invite_settlement delivered answer_with_offer accept_offer accept_settled report_performance end_settled_in_mediation")} {
		number := ""
		for _, event := range events {
			c := workflow.New(workflow.Complaint, 0, "")
			if number != "" {
				v, err := s.Case(context.Background(), number)
				if err != nil {
					t.Fatal(err)
				}
				c = v.Case
			}
			i := slices.IndexFunc(rowsOf(workflow.Complaint, event), func(r *workflow.Row) bool { return len(r.From) == 0 || slices.Contains(r.FromStates(), c.State) })
			answer, err := x.execute(context.Background(), store.Request{Case: number, Command: rehearse.Compose(c, rowsOf(workflow.Complaint, event)[i], w.Law(), clock.Now())})
			if err != nil {
				t.Fatal(err)
			}
			number = answer.Number
		}
	}
	for _, list := range [][]workflow.Row{workflow.Transitions, workflow.ReportTransitions} {
		for i := range list {
			row := &list[i]
			desk := slices.ContainsFunc(people(row), func(r workflow.Role) bool { return r != "consumer" && r != "merchant" })
			if desk && len(row.From) > 0 && !x.taken[row.ID] && row.Event != "open_report" {
				t.Errorf("%s %s by %v was not taken on a page", row.ID, row.Event, people(row))
			}
		}
	}
	t.Logf("%d rows on pages, %d looks", len(x.taken), x.looks)
}
