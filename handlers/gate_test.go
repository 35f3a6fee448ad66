package handlers

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"fangxin/jobs/simulate"
	"fangxin/store"
	"fangxin/store/storetest"
	"fangxin/workflow"
	"fangxin/workflow/calendar"
	"fangxin/workflow/policy"
	"fangxin/workflow/publication"
	"fangxin/workflow/register"
	"fangxin/workflow/rehearse"
)

// Canaries: what every private field of every case holds, by kind.
const (
	canaryWords, canaryPhone, canaryMail, canaryIdentity, canaryOfficer = "金丝雀", "1390077", "canary", "370321199001019", "lark"
	publicWords                                                         = "买的手机三天就坏了"
)

// gate is a site whose cases of every state are full of canaries, and what of it
// anybody reads.
type gate struct {
	*wire
	hidden []string
	seen   map[string]bool // addresses
	words  int             // answers that hold what two officers confirmed
	read   int             // answers with 200
	acts   int
}

// plant puts canaries wherever a command holds words of people.
func (g *gate) plant(cmd *workflow.Command) {
	g.acts++
	if p := cmd.Private; p != nil {
		if p.Words != "" {
			p.Words = fmt.Sprintf("%s之话%d：我住桓台，电话%s%04d", canaryWords, g.n, canaryPhone, g.acts)
		}
		if cmd.Event == "propose_narrative" {
			p.Words = publicWords
		}
		if q := p.Person; q != nil {
			*q = workflow.Person{Name: canaryWords + "人", Phone: fmt.Sprintf("%s%04d", canaryPhone, g.acts), Email: canaryMail + "@example.com", Address: canaryWords + "街", Identity: canaryIdentity + "018"}
		}
		if q := p.Respondent; q != nil {
			q.Name, q.Code, q.Phone, q.Email, q.Address = "惠民超市", "91370321MA3C0AAA0H", canaryPhone+"9999", canaryMail+".shop@example.com", canaryWords+"路九号"
		}
		if q := p.Service; q != nil {
			q.TakenBy = canaryWords + "收件人"
		}
	}
	if cmd.Input.PublishConsent != nil && cmd.Event != "change_consent" {
		yes := true
		cmd.Input.PublishConsent = &yes
	}
	if cmd.Actor.Role == "officer" && cmd.Event != "confirm_narrative" {
		cmd.Actor.ID = canaryOfficer
	}
}

// everyPilot is the embedded county with every domain in its pilot and texts on.
func everyPilot(t *testing.T) workflow.Rules {
	t.Helper()
	text := string(policy.HuantaiFile())
	law, err := policy.Load("county.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var pilots []string
	for _, d := range law.County().Domains {
		pilots = append(pilots, "{domain: "+d.Code+"}")
	}
	law, err = policy.Load("county.yaml", []byte(strings.NewReplacer("pilots: [] ", "pilots: ["+strings.Join(pilots, ", ")+"] ", "narratives: false ", "narratives: true ").Replace(text)))
	if err != nil {
		t.Fatal(err)
	}
	return workflow.Rules{Rules: law}
}

// settle runs what a public form waits for, until nothing is left.
func (g *gate) settle(t *testing.T) {
	t.Helper()
	ctx := context.Background()
	for range 8 {
		for _, step := range []func() (int, error){func() (int, error) { return g.s.Block(ctx) }, func() (int, error) { return g.s.Board(ctx, 500) },
			func() (int, error) { return g.s.MatchRespondents(ctx, 500) }, func() (int, error) { return g.s.Publish(ctx, 500) }} {
			for {
				n, err := step()
				if err != nil {
					t.Fatal(err)
				}
				if n == 0 {
					break
				}
			}
		}
	}
}

// examples are what stands for each part of a public route's path. A route that
// names another part asks for an example here, so that the gate is tried on it.
func (g *gate) examples(ids []string, numbers []string) map[string][]string {
	merchant := ""
	_ = g.s.Pool().QueryRow("select merchant from publications where form is not null limit 1").Scan(&merchant)
	penalised := []string{"i_0"}
	if list, _, err := g.s.Infringements(context.Background(), store.InfringementFilter{Limit: 9}); err == nil {
		for _, i := range list {
			penalised = append(penalised, i.ID)
		}
	}
	return map[string][]string{"{complaint}": ids, "{number}": numbers, "{merchant}": {merchant}, "{file}": {"x", "statistics.csv", "statistics.json", "statistics.xlsx", "complaints.csv", "complaints.json", "complaints.xlsx", "infringements.csv", "infringements.json", "infringements.xlsx", "datapackage.json"}, "{slice}": {"domain", "town"}, "{infringement}": penalised, "{indicator}": {"I-01A"}, "{kind}": {"merchants", "domains", "towns"}, "{of}": {merchant, "1", "370321001"}, "{code}": {"0000000000"}, "{step}": {"what"}, "{size}": {"small"}, "{member}": {"x"}, "{case}": {numbers[0]},
		"{person}": {"1"}, "{event}": {"say"}, "{notice}": {"1"}, "{check}": {"x"}, "{id}": {"x"}, "{month}": {"2026-05"}, "{period}": {"2026-05", "2026"}, "{town}": {"370321001"}, "{domain}": {"1"}, "{p}": {"x"}}
}

var pathPart = regexp.MustCompile(`\{[a-z]+\}`)

// paths are the addresses of a route with every example in it.
func (g *gate) paths(t *testing.T, r Route, examples map[string][]string) []string {
	t.Helper()
	out := []string{r.Path}
	for _, part := range pathPart.FindAllString(r.Path, -1) {
		values := examples[part]
		if len(values) == 0 {
			if !slices.Contains([]Who{Anyone, Visitor, Filer, Uploader, Keeper, Insider}, r.Who) {
				values = []string{"x"}
			} else {
				t.Fatalf("%s %s is public and has %s: give an example, so that the one gate is tried on it", r.Method, r.Path, part)
			}
		}
		var more []string
		for _, at := range out {
			for _, v := range values {
				more = append(more, strings.Replace(at, part, url.PathEscape(v), 1))
			}
		}
		out = more
	}
	return out
}

// sampleOf are values of the parameters that routes know.
var sampleOf = map[string][]string{"q": {"手机", canaryWords, canaryPhone + "0001", "惠民"}, "merchant": {"惠民"}, "domain": {"1"}, "town": {"370321001"}, "month": {"2026-05"}, "period": {"2026-05", "2026-Q2"}, "lang": {"en"}, "number": {"HT-2026-000001-0"},
	"format": {"csv", "json", "xlsx", "atom"}, "by": {"merchant", "town", "domain"}, "limit": {"200"}, "page": {"2"}, "done": {"x"}, "state": {"penalised"}, "to": {"/"}}

// look reads one address as anybody does and holds what comes to the gate.
func (g *gate) look(t *testing.T, path string) string {
	t.Helper()
	if g.seen[path] {
		return ""
	}
	g.seen[path] = true
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, g.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "*/*")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	text := unpacked(t, body)
	for name, values := range res.Header {
		text += "\n" + name + ": " + strings.Join(values, " ")
	}
	typed, _ := url.QueryUnescape(path)
	for _, secret := range g.hidden {
		if strings.Contains(text, secret) && !strings.Contains(typed, secret) {
			t.Errorf("%s says %s", path, secret)
		}
	}
	if strings.Contains(text, publicWords) {
		g.words++
	}
	if res.StatusCode == http.StatusOK {
		g.read++
	}
	return text
}

// unpacked is a body as text, with all that is packed in it.
func unpacked(t *testing.T, body []byte) string {
	t.Helper()
	switch {
	case bytes.HasPrefix(body, []byte("PK\x03\x04")):
		z, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
		if err != nil {
			t.Fatal(err)
		}
		text := ""
		for _, f := range z.File {
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			part, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			text += f.Name + "\n" + unpacked(t, part)
		}
		return text
	case bytes.HasPrefix(body, []byte("\x1f\x8b")):
		r, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		part, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		return unpacked(t, part)
	}
	return string(body)
}

var linked = regexp.MustCompile(`(?:href|src|action)="(/[^"#]*)`)

// walk asks every route of the tables that can be read, with every parameter that
// it knows, and follows what the pages link to.
func (g *gate) walk(t *testing.T, ids, numbers []string) {
	t.Helper()
	examples := g.examples(ids, numbers)
	var queue []string
	for _, r := range append(g.api.Routes(), g.api.pageRoutes()...) {
		if r.Method != http.MethodGet {
			continue
		}
		for _, path := range g.paths(t, r, examples) {
			queue = append(queue, path)
			for _, name := range queries[r.Method+" "+r.Path] {
				for _, v := range sampleOf[name] {
					queue = append(queue, path+"?"+url.Values{name: {v}}.Encode())
				}
			}
		}
	}
	for len(queue) > 0 {
		path := queue[0]
		queue = queue[1:]
		for _, m := range linked.FindAllStringSubmatch(g.look(t, path), -1) {
			if to := strings.ReplaceAll(m[1], "&amp;", "&"); len(g.seen) < 2000 && !g.seen[to] && !strings.HasPrefix(to, "//") {
				queue = append(queue, to)
			}
		}
	}
}

// Nothing but the public form is read by anybody: cases of every state are lived
// with canaries in every private field, published where they may be, and then
// every route that the tables know is asked in every way that it can be asked,
// and every link followed (P1, P2, P5). A route that is added is asked as well.
func TestOneGate(t *testing.T) {
	w := storetest.New(t)
	clock, from := &simulate.Clock{}, calendar.NewDate(2026, 4, 15)
	clock.Set(from.Start())
	w.Rules(everyPilot(t))
	cfg := w.Cfg
	cfg.Now, cfg.Node = clock.Now, "gate"
	s, err := store.Open(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	g := &gate{wire: newWire(t, s, w, clock.Now), seen: map[string]bool{}, hidden: []string{canaryWords, canaryPhone, canaryMail, canaryIdentity, canaryOfficer}}
	ctx := context.Background()
	if _, err := s.OpenMerchant(ctx, store.Once{Key: "1", Scope: "gate"}, store.By{Actor: canaryOfficer, Why: "x"}, register.Details{Name: "惠民超市", LegalName: canaryWords + "个体", Code: "91370321MA3C0AAA0H", Town: "370321001"}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := simulate.Run(ctx, s, w.Law, clock, simulate.Plan{From: from, To: from, Seed: 1, Scripted: true, Execute: func(ctx context.Context, q store.Request) (store.Answer, error) {
		g.plant(&q.Command)
		return s.Execute(ctx, q)
	}, Outage: func(o workflow.Outage) {
		law := w.Law()
		law.Outages = append(law.Outages, o)
		w.Rules(law)
	}}); err != nil {
		t.Fatal(err)
	}
	g.told(t, w, clock.Now)
	g.penalised(t, clock.Now)
	clock.Set(clock.Now().Add(10 * 24 * time.Hour)) // what was announced may be read now
	g.settle(t)
	ids, numbers := g.sample(t)
	g.walk(t, ids, numbers)
	t.Logf("%d addresses, %d read, %d with a published text", len(g.seen), g.read, g.words)
	if g.words < 4 || g.read < 60 { // or the walk saw nothing
		t.Errorf("%d addresses were read, %d of them with a published text", g.read, g.words)
	}
}

// told leads one complaint to its end, to be published with its text.
func (g *gate) told(t *testing.T, w *storetest.World, now func() time.Time) {
	t.Helper()
	number := ""
	take := func(event string) {
		c := workflow.New(workflow.Complaint, 0, "")
		if number != "" {
			v, err := g.s.Case(context.Background(), number)
			if err != nil {
				t.Fatal(err)
			}
			c = v.Case
		}
		list := rowsOf(workflow.Complaint, event)
		i := slices.IndexFunc(list, func(r *workflow.Row) bool { return len(r.From) == 0 || slices.Contains(r.FromStates(), c.State) })
		q := store.Request{Case: number, Command: rehearse.Compose(c, list[i], w.Law(), now())}
		g.plant(&q.Command)
		a, err := g.s.Execute(context.Background(), q)
		if err != nil {
			t.Fatalf("%s: %v", event, err)
		}
		number = a.Number
	}
	for _, event := range strings.Fields("file_with_authority classify invite_settlement delivered answer offer reject_offer merchant_refuses accept ask_consent one_consents both_consent agree report_performance close_mediated") {
		take(event)
	}
	g.settle(t)
	take("propose_narrative")
	take("confirm_narrative")
	take("answer_publicly")
	g.settle(t)
}

// penalised records two penalty cases on leads: one with its result, one without.
func (g *gate) penalised(t *testing.T, now func() time.Time) {
	t.Helper()
	ctx, by := context.Background(), store.By{Actor: "officer:" + canaryOfficer, Why: canaryWords + "查实"}
	m, err := g.s.SearchMerchants(ctx, "惠民超市", "", 1)
	if err != nil || len(m) == 0 {
		t.Fatal(err)
	}
	n := 0
	for _, v := range g.column(t, "select number from cases where kind = 'report' order by number") {
		i := publication.Infringement{Lead: v, Merchant: m[0].ID, Domain: 1, Town: "370321001", Docket: fmt.Sprintf("%s立案%d号", map[bool]string{true: canaryWords}[n > 0], n), DocketedOn: calendar.On(now())}
		i, err := g.s.OpenInfringement(ctx, store.Once{Key: v, Scope: "gate"}, by, i)
		var refusal *workflow.Refusal
		if errors.As(err, &refusal) {
			continue // no case was opened on this lead
		}
		if n++; err == nil && n == 1 {
			_, err = g.s.SettleInfringement(ctx, store.Once{Key: i.ID, Scope: "gate"}, by, i.ID, 0, "penalised", publication.Result{Decision: "处罚1号", DecidedOn: calendar.On(now()), Basis: "第一条", Penalties: []string{"closure"}})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if n < 1 {
		t.Error("no case was opened on any lead")
	}
}

// column is what a query finds.
func (g *gate) column(t *testing.T, query string) (out []string) {
	t.Helper()
	rows, err := g.s.Pool().Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		out = append(out, text)
	}
	return out
}

// sample is one public id of every state, and the numbers of cases of every state;
// every number is hidden.
func (g *gate) sample(t *testing.T) (ids, numbers []string) {
	t.Helper()
	column := func(query string) []string { return g.column(t, query) }
	states := column("select distinct state from publications")
	for _, state := range []string{"held", "published", "removed"} {
		if !slices.Contains(states, state) {
			t.Errorf("no entry is %s: %v", state, states)
		}
	}
	ids = append(column("select min(ref) from publications group by state"), column("select ref from publications where narrative = 'confirmed' and form is not null")...)
	numbers = column("select min(number) from cases group by kind, state limit 4")
	g.hidden = append(g.hidden, column("select number from cases where number not like 'HT-2026-000123-%'")...) // the example of forms
	return append(ids, "p_aaaaaaaaaaaaaaaaaaaaaaaaaa"), numbers
}
