package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"fangxin/store"
	"fangxin/store/audit"
	"fangxin/store/storetest"
)

// node is this test binary as the command line, with a process clock that is
// wrong by FANGXIN_TEST_SKEW. The binary that people get knows neither.
func node() {
	skew, _ := time.ParseDuration(os.Getenv("FANGXIN_TEST_SKEW"))
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr, func() time.Time { return time.Now().Add(skew) }))
}

// often is how much of a test of failure runs: all of it under make chaos.
func often(short, long int) int {
	if os.Getenv("FANGXIN_CHAOS") != "" {
		return long
	}
	return short
}

// town is nodes on one database, and clients that speak HTTP to them.
type town struct {
	*storetest.World
	t       *testing.T
	env     []string
	officer string
	nodes   []*storetest.Node
	filed   sync.Map // key → number
	acted   sync.Map
	acked   atomic.Int64
	again   atomic.Int64
	cases   int
	stop    chan struct{}
	wg      sync.WaitGroup
}

// newTown files cases whose decision fell due while no node was there.
func newTown(t *testing.T) *town {
	dsn := storetest.Postgres(t)
	c := &town{World: storetest.Open(t, dsn), t: t, env: []string{"FANGXIN_DATABASE_URL=" + dsn, "FANGXIN_KEY=" + storetest.Key}, stop: make(chan struct{})}
	c.Set(time.Now().AddDate(0, 0, -30))
	for range overdue {
		c.Do(c.File(), "classify", "dispatch")
	}
	c.Follow(time.Now)
	token, err := c.AddUser(context.Background(), store.User{Name: "zhang", Roles: []string{"officer", "hub"}})
	if err != nil {
		t.Fatal(err)
	}
	c.officer, c.cases = token, overdue
	return c
}

const overdue = 20

func (c *town) join(env ...string) *storetest.Node {
	n := storetest.NewNode(c.t, append(env, c.env...), "--data", c.t.TempDir())
	c.nodes = append(c.nodes, n)
	return n
}

func (c *town) ready() {
	for _, n := range c.nodes {
		n.Ready()
	}
}

const complaint = `{"person":{"name":"王","phone":"13812345678"},"respondent":{"name":"店","address":"路二号"},"words":"事由","domain":1,
	"category":"false_publicity","town":"370321001","publish_consent":true,"entrust_consent":false,"amount_fen":12800}`

// post sends one request to one node; 0 is no answer at all.
func (c *town) post(n *storetest.Node, path, key, body string) (status int, number, text string) {
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, n.URL+path, strings.NewReader(body))
	if err != nil {
		c.t.Error(err)
		return 0, "", ""
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", key)
	if path != "/api/v1/cases" {
		req.Header.Set("Authorization", "Bearer "+c.officer)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err.Error()
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, "", err.Error()
	}
	var out struct{ Case struct{ Number string } }
	_ = json.Unmarshal(data, &out)
	return res.StatusCode, out.Case.Number, string(data)
}

// client files and acts, each request under its key until a node answers.
func (c *town) client(patient bool) {
	number := ""
	for i := 0; ; i++ {
		select {
		case <-c.stop:
			return
		default:
		}
		path, body, key, into := "/api/v1/cases", complaint, fmt.Sprintf("%d-%d", rand.Uint64(), i), &c.filed
		if number != "" && i%3 > 0 {
			path, body, into = "/api/v1/cases/"+number+"/commands", `{"event":"add_evidence","paper":"p:1"}`, &c.acted
		}
		for {
			status, got, text := c.post(c.nodes[rand.IntN(len(c.nodes))], path, key, body)
			if status/100 == 2 {
				into.Store(key, got)
				number = got
				c.acked.Add(1)
				break
			}
			if status != 0 && status != http.StatusServiceUnavailable && status != http.StatusTooManyRequests {
				c.t.Errorf("%s: %d %s", path, status, text)
				return
			}
			if !patient {
				return
			}
			c.again.Add(1)
			time.Sleep(10 * time.Millisecond)
		}
	}
}

func (c *town) load(clients int, patient bool) {
	for range clients {
		c.wg.Go(func() { c.client(patient) })
	}
}

// recovered waits until n more requests were answered.
func (c *town) recovered(n int) {
	c.t.Helper()
	limit := time.NewTimer(3 * time.Minute)
	defer limit.Stop()
	for want := c.acked.Load() + int64(n); c.acked.Load() < want && !c.t.Failed(); time.Sleep(5 * time.Millisecond) {
		select {
		case <-limit.C:
			c.t.Fatalf("%d answered, want %d; the first node says %s", c.acked.Load(), want, c.nodes[0].Said())
		default:
		}
	}
}

// reckon ends the load and holds the database to what clients were told.
func (c *town) reckon(y storetest.Tally) {
	c.t.Helper()
	close(c.stop)
	c.wg.Wait()
	y.Acked = int(c.acked.Load())
	filed, acted := 0, 0
	seen := map[string]bool{}
	c.filed.Range(func(_, number any) bool {
		filed++
		if _, err := c.Case(context.Background(), number.(string)); err != nil || seen[number.(string)] {
			c.t.Errorf("%s: %v", number, err)
			y.Lost++
		}
		seen[number.(string)] = true
		return true
	})
	c.acted.Range(func(any, any) bool { acted++; return true })
	cases, acts := c.Count("select count(*) from cases")-c.cases, c.Count(`select count(*) from events where payload like '%"event":"add_evidence"%'`)
	y.Lost += max(0, filed-cases) + max(0, acted-acts)
	y.Doubled += max(0, cases-filed) + max(0, acts-acted)
	for n := 1; n > 0; {
		var err error
		if n, err = c.Sweep(context.Background(), 100); err != nil {
			c.t.Fatal(err)
		}
	}
	n, doubled, _ := c.Expiries()
	if n < overdue {
		c.t.Errorf("%d expiries of %d", n, overdue)
	}
	y.Doubled += doubled
	proof, err := audit.Verify(context.Background(), c.Pool(), c.Dialect(), audit.Options{Now: c.Now()})
	if err != nil || len(proof.Findings) > 0 {
		c.t.Errorf("verify: %v %v", proof.Findings, err)
	}
	c.t.Logf("%d filed, %d acts, %d asked again", filed, acted, c.again.Load())
	y.Report(c.t)
}

// Web and worker nodes killed at random under load, clients that ask again with
// the same key.
func TestKilledNodes(t *testing.T) {
	c := newTown(t)
	for range 2 {
		c.join()
	}
	worker := storetest.NewNode(t, c.env, "--data", t.TempDir(), "--role", "worker")
	c.ready()
	c.load(8, true)
	c.recovered(20)
	faults := 0
	for range often(2, 40) {
		n := c.nodes[rand.IntN(len(c.nodes))]
		n.Kill()
		worker.Kill()
		faults += 2
		c.recovered(30)
		n.Start()
		worker.Start()
		n.Ready()
		c.recovered(30)
	}
	c.reckon(storetest.Tally{Name: "nodes/killed", Faults: faults})
}

// Several nodes on one database, one with its clock wrong by five minutes: what
// each records is recorded at the right time, and no deadline early.
func TestNodesWithWrongClocks(t *testing.T) {
	for _, count := range []int{2, often(0, 5)} {
		if count == 0 {
			continue
		}
		t.Run(fmt.Sprint(count, " nodes"), func(t *testing.T) {
			c := newTown(t)
			skews := []string{"5m", "-5m", "0", "0", "0"}[:count]
			for _, skew := range skews {
				c.join("FANGXIN_TEST_SKEW=" + skew)
			}
			c.ready()
			for i, n := range c.nodes {
				before := time.Now()
				status, number, text := c.post(n, "/api/v1/cases", fmt.Sprint("skew", i), complaint)
				after := time.Now()
				if status != http.StatusCreated {
					t.Fatal(text)
				}
				c.cases++
				events, err := c.Events(context.Background(), number)
				if err != nil {
					t.Fatal(err)
				}
				if at := events[0].At; at.Before(before.Add(-time.Second)) || at.After(after.Add(time.Second)) {
					t.Errorf("a clock wrong by %s: filed between %s and %s, recorded at %s", skews[i], before, after, at)
				}
			}
			c.load(8, true)
			c.recovered(often(100, 3000))
			c.reckon(storetest.Tally{Name: fmt.Sprintf("nodes/%d-with-wrong-clocks", count), Faults: 2})
		})
	}
}

// Told to stop in the middle of work a node answers what it has begun, leaves
// nothing done that was not answered, and ends well.
func TestGracefulStop(t *testing.T) {
	c := newTown(t)
	n := c.join()
	worker := storetest.NewNode(t, c.env, "--data", t.TempDir(), "--role", "worker")
	c.ready()
	c.load(8, false)
	c.recovered(40)
	for _, x := range []*storetest.Node{n, worker} {
		if code := x.Stop(); code != 0 {
			t.Errorf("exit %d: %s", code, x.Said())
		}
	}
	c.reckon(storetest.Tally{Name: "nodes/graceful-stop", Faults: 2})
}

// A node whose database falls silent answers everybody, readers too, and serves
// again by itself.
func TestNodeBesideASilentDatabase(t *testing.T) {
	t.Parallel()
	c := newTown(t)
	p, dsn := storetest.NewProxy(t, c.Cfg.URL)
	n := storetest.NewNode(t, []string{"FANGXIN_DATABASE_URL=" + dsn, "FANGXIN_KEY=" + storetest.Key}, "--data", t.TempDir())
	c.nodes = append(c.nodes, n)
	n.Ready()
	status, number, text := c.post(n, "/api/v1/cases", "first", complaint)
	if status != http.StatusCreated {
		t.Fatal(text)
	}
	p.Freeze(true)
	var wg sync.WaitGroup
	for _, path := range []string{"/readyz", "/api/v1/cases/" + number, "/api/v1/cases"} {
		wg.Go(func() {
			if status := c.get(n, path); status != http.StatusServiceUnavailable {
				t.Errorf("%s: %d", path, status)
			}
		})
	}
	for i := range often(0, 20) { // longer than readers: a group in the door has its twenty seconds
		wg.Go(func() {
			if status, _, text := c.post(n, "/api/v1/cases", fmt.Sprint("silent", i), complaint); status != http.StatusServiceUnavailable {
				t.Errorf("filing: %d %s", status, text)
			}
		})
	}
	wg.Wait()
	p.Freeze(false)
	for range 600 {
		if status, _, text = c.post(n, "/api/v1/cases", "silent0", complaint); status == http.StatusCreated {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if status != http.StatusCreated {
		t.Errorf("no recovery: %d %s", status, text)
	}
}

func (c *town) get(n *storetest.Node, path string) int {
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, n.URL+path, nil)
	if err != nil {
		c.t.Error(err)
		return 0
	}
	req.Header.Set("Authorization", "Bearer "+c.officer)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		c.t.Errorf("%s: %v", path, err)
		return 0
	}
	_ = res.Body.Close()
	return res.StatusCode
}
