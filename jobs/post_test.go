package jobs_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"fangxin/jobs"
	"fangxin/jobs/channel"
	"fangxin/store"
	"fangxin/store/audit"
	"fangxin/store/storetest"
	"fangxin/workflow"

	"go.uber.org/goleak"
)

var ctx = context.Background()

// sink is a channel that remembers what went through it.
type sink struct {
	mu   sync.Mutex
	sent map[string]int
	all  []channel.Message
	fail func(m channel.Message) error // asked before
}

func (s *sink) channel() channel.Channel {
	return channel.Channel{Name: "console", Send: func(ctx context.Context, m channel.Message) (channel.Sent, error) {
		if s.fail != nil {
			if err := s.fail(m); err != nil {
				return channel.Sent{}, err
			}
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.sent == nil {
			s.sent = map[string]int{}
		}
		s.sent[m.ID]++
		s.all = append(s.all, m)
		return channel.Sent{}, nil
	}}
}

// quickly are limits for tests: nothing in them waits for a deadline.
func quickly() jobs.Limits { return jobs.Limits{Poll: 5 * time.Millisecond, Grace: 5 * time.Second} }

// office is a post at work, with what it has said.
type office struct {
	*jobs.Post
	stop func()
	mu   sync.Mutex
	log  bytes.Buffer
}

func (o *office) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.log.Write(b)
}

func (o *office) said() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.log.String()
}

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

func filed(t *testing.T, w *storetest.World, cmd workflow.Command) string {
	t.Helper()
	a, err := w.Execute(ctx, store.Request{Command: cmd})
	if err != nil {
		t.Fatal(err)
	}
	return a.Number
}

// open starts a post; stop ends it and waits.
func open(t *testing.T, w *storetest.World, c channel.Channel, change func(*jobs.Post)) *office {
	t.Helper()
	o := &office{}
	o.Post = &jobs.Post{Store: w.Store, Log: slog.New(slog.NewTextHandler(o, nil)), Now: w.Now, Node: fmt.Sprintf("n%p", o), Channels: []channel.Channel{c}, Limits: quickly()}
	if change != nil {
		change(o.Post)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); o.Run(ctx) }()
	o.stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(func() {
		o.stop()
		if t.Failed() {
			t.Log(o.said())
		}
	})
	return o
}

// until waits for something that is on its way.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(4 * time.Minute); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// ends proves that what begins from now on ends; a busy machine takes its time.
// pgx reads ahead on a connection that was slow to take a query, for as long as
// the connection lives.
func ends(t *testing.T) func() {
	before, ahead := goleak.IgnoreCurrent(), goleak.IgnoreAnyFunction("github.com/jackc/pgx/v5/pgconn/internal/bgreader.(*BGReader).bgRead")
	return func() {
		var err error
		for range 20 { // each looks for more than a second
			if err = goleak.Find(before, ahead); err == nil {
				return
			}
		}
		t.Error(err)
	}
}

const owing = "select count(*) from outbox where state = 'owed'"

// settled waits until nothing is owed.
func settled(t *testing.T, w *storetest.World) {
	t.Helper()
	until(t, "nothing is owed any more", func() bool { return w.Count(owing) == 0 })
}

// kept proves that nothing was lost and nothing doubled: every notice that was
// told has its one event, every event its notice, and the whole log verifies.
func kept(t *testing.T, w *storetest.World) (told, lost, doubled int) {
	t.Helper()
	events := map[string]int{}
	rows, err := w.Pool().Query("select case_id, payload from events")
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var id int64
		var payload string
		if err := rows.Scan(&id, &payload); err != nil {
			t.Fatal(err)
		}
		e, _, err := workflow.ParseEvent([]byte(payload))
		if err != nil {
			t.Fatal(err)
		}
		if e.Event == "bounced_after_all" {
			events[fmt.Sprintf("%d/bounced", id)]++
		}
		for _, n := range e.Data.Notices {
			if e.Event == "notice_sent" || e.Event == "notice_failed" {
				events[fmt.Sprintf("%d/%d", id, n.No)] |= 1
				if key := fmt.Sprintf("%d/%d/%s/%s", id, n.No, n.Op, n.How); events[key] > 0 {
					t.Errorf("case %d event %d says again of notice %d: %s %s", id, e.Seq, n.No, n.Op, n.How)
					doubled++
				}
				events[fmt.Sprintf("%d/%d/%s/%s", id, n.No, n.Op, n.How)]++
			}
		}
		if n := len(e.Data.Notices); e.Event == "notice_sent" && n > 1 {
			t.Errorf("case %d event %d says of %d notices that they were sent", id, e.Seq, n)
		}
		if (e.Event == "notice_sent" || e.Event == "notice_failed") && len(e.Data.Notices) == 0 {
			t.Errorf("case %d event %d says of no notice that it was sent: it was before", id, e.Seq)
			doubled++
		}
	}
	if err := rows.Close(); err != nil {
		t.Fatal(err)
	}
	owed, err := w.Pool().Query("select case_id, no, state from outbox where topic = 'notice'")
	if err != nil {
		t.Fatal(err)
	}
	for owed.Next() {
		var id, no int64
		var state string
		if err := owed.Scan(&id, &no, &state); err != nil {
			t.Fatal(err)
		}
		n := events[fmt.Sprintf("%d/%d", id, no)]
		switch {
		case n == 1:
			told++
		case state == "failed" && events[fmt.Sprintf("%d/bounced", id)] > 0: // an invitation that was delivered before it was told
		case state == "told" || state == "failed" || state == "owed":
			t.Errorf("case %d notice %d is %s and no event says so", id, no, state)
			lost++
		}
	}
	if err := owed.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := audit.Verify(ctx, w.Pool(), w.Dialect(), audit.Options{Now: w.Now()})
	if err != nil || len(r.Findings) > 0 {
		t.Errorf("verify: %v %v", r.Findings, err)
	}
	return told, lost, doubled
}

// Without Redis the notices go out, each once, each with its event; a party gets
// a link that works.
func TestInProcess(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		defer ends(t)()
		for range 20 {
			w.Do(w.File(), "request_correction")
		}
		var s sink
		o := open(t, w, s.channel(), nil)
		settled(t, w)
		o.stop()
		if told, _, _ := kept(t, w); told != 40 || len(s.sent) != 40 || len(s.all) != 40 {
			t.Errorf("%d told, %d sent", told, len(s.all))
		}
		for _, m := range s.all {
			_, token, _ := strings.Cut(m.Link, "#")
			if c, err := w.Admit(ctx, token, m.Number); err != nil || c.Link == nil || c.Link.Role != "consumer" || m.Phone == "" {
				t.Errorf("%+v %v", c, err)
			}
		}
		if o.Driver() != "process" {
			t.Error(o.Driver())
		}
	})
}
