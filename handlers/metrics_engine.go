package handlers

import (
	"context"
	"strconv"
	"sync"
	"time"

	"fangxin/store"
	"fangxin/workflow"

	"github.com/prometheus/client_golang/prometheus"
)

// engineFigures asks the store when it is scraped. What costs a query is asked
// at most every figuresEvery, however many scrape.
type engineFigures struct {
	s    *Server
	mu   sync.Mutex
	at   time.Time
	last figures
}

const figuresEvery = 10 * time.Second

// figures are what the database says.
type figures struct {
	down    bool
	running map[string]int64
	due     []store.Due
	backlog []store.Backlog
	log     store.LogFigures
	swept   time.Duration
	hooks   store.WebhookFigures
	owing   map[[2]string]int64 // messages about clocks
	overdue map[string]int64    // duties, by step
}

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("fangxin_"+name, help, labels, nil)
}

var (
	descReady      = desc("unready", "1 for each reason why this node is not ready.", "reason")
	descWaiting    = desc("http_requests_waiting", "Requests that wait for a place.")
	descGroups     = desc("door_groups_total", "Groups of commands committed together.")
	descCommands   = desc("door_commands_total", "Commands taken by the door.")
	descReplays    = desc("door_replays_total", "Commands tried alone because their group was refused.")
	descLost       = desc("door_lost_connections_total", "Connections lost while a group was written; the group was attempted again.")
	descQueue      = desc("door_waiting", "Commands that wait for the door.")
	descSizes      = desc("door_group_size", "Commands in one group.")
	descCommit     = desc("door_commit_seconds", "Time from taking a group to its answers.")
	descRunning    = desc("clocks_running", "Clocks that run.", "clock")
	descDue        = desc("clocks_due", "Clocks that ran out and are not enforced yet.", "clock")
	descBacklog    = desc("clocks_due_seconds", "How long the oldest of them has waited.", "clock")
	descEnforced   = desc("clocks_enforced_total", "Clocks this node enforced since it began.", "clock")
	descLateness   = desc("clock_lateness_seconds", "How long after its lawful instant an expiry was observed.", "clock")
	descOutbox     = desc("outbox", "Owed messages by queue and state: owed, held, dead.", "queue", "state")
	descOutboxAge  = desc("outbox_age_seconds", "Age of the oldest of them.", "queue", "state")
	descReminders  = desc("reminders_owed", "Reminders that are owed and not yet given, by mark.", "mark")
	descEscalated  = desc("escalations_owed", "Messages about overdue duties that are owed and not yet given, by step.", "step")
	descDuties     = desc("duties_overdue", "Duties of the authority that ran out and are still owed, by the highest step of escalation that they took.", "step")
	descAttempts   = desc("notice_attempts_total", "Attempts to tell somebody something, by channel and outcome, since this node began.", "channel", "outcome")
	descStrays     = desc("channel_reports_stray_total", "Reports of channels that named no message of ours.")
	descUnreached  = desc("offices_unreached_total", "Messages to offices that no way led to, by kind (reminder, escalation), since this node began.", "kind")
	descBounces    = desc("bounces_read_total", "Mails read where bounces and reports arrive, by kind, since this node began; absent where no mailbox is set up.", "kind")
	descSweepAge   = desc("sweep_age_seconds", "Time since any node last found all deadlines enforced.")
	descBlockAge   = desc("block_age_seconds", "Time since the last block was sealed.")
	descHeight     = desc("block_height", "Height of the last block.")
	descUnsealed   = desc("cases_unsealed", "Changes of cases that no block holds yet.")
	descNumbers    = desc("number_blocks_open", "Reserved runs of case numbers that are not used up.")
	descDatabase   = desc("database_up", "1 when the database answers.")
	descPool       = desc("database_connections", "Connections of this node: in_use, idle, most.", "state")
	descPoolWaits  = desc("database_waits_total", "Times that somebody waited for a connection.")
	descPoolWaited = desc("database_wait_seconds_total", "Time spent waiting for a connection.")
	descRedis      = desc("redis_up", "1 when Redis answers; absent where none is configured.")
	descRedisFails = desc("redis_limit_faults_total", "Times that budgets could not be counted together.")
	descWebhooks   = desc("webhooks", "Webhooks by state: live, failing, paused.", "state")
	descWebhookLag = desc("webhook_lag_seconds", "Age of the oldest block that a webhook, paused ones apart, has not been told.")
	descDoubt      = desc("clock_in_doubt", "1 while this node's time is not to be trusted.")
)

// Describe names nothing, so that a registry asks no database to be built.
func (f *engineFigures) Describe(chan<- *prometheus.Desc) {}

// Collect reads what this process counts, and what the database says.
func (f *engineFigures) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Second)
	defer cancel()
	e := emitter{out}
	f.process(e)
	f.redis(ctx, e)
	unready := map[string]bool{}
	for _, reason := range f.s.unready(ctx) {
		unready[reason] = true
	}
	for _, reason := range unreadyReasons {
		e.gauge(descReady, truth(unready[reason]), reason)
	}
	e.gauge(descDoubt, truth(unready["clock"]))
	now := f.read(ctx)
	e.gauge(descDatabase, truth(!now.down))
	if !now.down {
		f.database(e, now)
	}
}

// emitter sends figures.
type emitter struct{ out chan<- prometheus.Metric }

func (e emitter) gauge(d *prometheus.Desc, v float64, labels ...string) {
	e.out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
}

func (e emitter) counter(d *prometheus.Desc, v float64, labels ...string) {
	e.out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
}

func (e emitter) spread(d *prometheus.Desc, s store.Spread, labels ...string) {
	e.out <- prometheus.MustNewConstHistogram(d, s.Count, s.Sum, s.Below, labels...)
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func (f *engineFigures) process(e emitter) {
	d := f.s.Store.Door()
	e.counter(descGroups, float64(d.Groups))
	e.counter(descCommands, float64(d.Commands))
	e.counter(descReplays, float64(d.Replays))
	e.counter(descLost, float64(d.Lost))
	e.gauge(descQueue, float64(d.Waiting))
	e.spread(descSizes, d.Sizes)
	e.spread(descCommit, d.Seconds)
	e.gauge(descWaiting, float64(f.s.Limits.waiting.Load()))
	enforced, late := f.s.Store.Enforced(), f.s.Store.Lateness()
	for _, k := range workflow.ClockDefs {
		e.counter(descEnforced, float64(enforced[k.Code].Count), k.Code)
		if l, ok := late[k.Code]; ok {
			e.spread(descLateness, l, k.Code)
		}
	}
	told := f.s.Store.Told()
	for _, channel := range []string{"sms", "mail", "console"} {
		for _, outcome := range []string{store.Handed, store.Delivered, store.Failed, store.Unknown} {
			e.counter(descAttempts, float64(told.Outcomes[[2]string{channel, outcome}]), channel, outcome)
		}
	}
	e.counter(descStrays, float64(told.Strays))
	for _, kind := range []string{"reminder", "escalation"} {
		e.counter(descUnreached, float64(told.Unreached[kind]), kind)
	}
	if f.s.Bounces != nil {
		for kind, n := range f.s.Bounces() {
			e.counter(descBounces, float64(n), kind)
		}
	}
	pool := f.s.Store.Pool().Stats()
	e.gauge(descPool, float64(pool.InUse), "in_use")
	e.gauge(descPool, float64(pool.Idle), "idle")
	e.gauge(descPool, float64(pool.MaxOpenConnections), "most")
	e.counter(descPoolWaits, float64(pool.WaitCount))
	e.counter(descPoolWaited, pool.WaitDuration.Seconds())
}

func (f *engineFigures) redis(ctx context.Context, e emitter) {
	if shared := f.s.Limits.shared; shared != nil {
		e.gauge(descRedis, truth(shared.ping(ctx) == nil))
		e.counter(descRedisFails, float64(shared.faults.Load()))
	}
}

// read asks the database, at most every figuresEvery.
func (f *engineFigures) read(ctx context.Context) figures {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.s.Now()
	if age := now.Sub(f.at); !f.last.down && !f.at.IsZero() && age >= 0 && age < figuresEvery {
		return f.last
	}
	var got figures
	for _, ask := range []func() error{
		func() (err error) { got.running, err = f.s.Store.Running(ctx); return },
		func() (err error) { got.due, err = f.s.Store.Overdue(ctx); return },
		func() (err error) { got.backlog, err = f.s.Store.Backlogs(ctx); return },
		func() (err error) { got.log, err = f.s.Store.Log(ctx); return },
		func() (err error) { got.owing, err = f.s.Store.Owing(ctx); return },
		func() (err error) { got.overdue, err = f.s.Store.DutiesByStep(ctx); return },
		func() (err error) { got.hooks, err = f.s.Store.WebhookState(ctx); return },
		func() (err error) { got.swept, err = f.s.sweptAgo(ctx); return },
	} {
		if ask() != nil {
			got = figures{down: true}
			break
		}
	}
	f.last, f.at = got, now
	return got
}

func (f *engineFigures) database(e emitter, now figures) {
	at := f.s.Now()
	due := map[string]store.Due{}
	for _, d := range now.due {
		due[d.Code] = d
	}
	for _, k := range workflow.ClockDefs {
		e.gauge(descRunning, float64(now.running[k.Code]), k.Code)
		d := due[k.Code]
		e.gauge(descDue, float64(d.Count), k.Code)
		e.gauge(descBacklog, since(at, d.Oldest), k.Code)
	}
	backlog := map[[2]string]store.Backlog{}
	for _, b := range now.backlog {
		backlog[[2]string{b.Queue, b.State}] = b
	}
	for _, queue := range store.Queues {
		for _, state := range []string{"owed", "held", "dead"} {
			b := backlog[[2]string{queue, state}]
			e.gauge(descOutbox, float64(b.Count), queue, state)
			e.gauge(descOutboxAge, since(at, b.Oldest), queue, state)
		}
	}
	for _, share := range f.s.Rules().ReminderShares() {
		e.gauge(descReminders, float64(now.owing[[2]string{"reminder", strconv.Itoa(share)}]), strconv.Itoa(share))
	}
	e.gauge(descReminders, float64(now.owing[[2]string{"reminder", "last"}]), "last")
	for _, step := range steps {
		e.gauge(descEscalated, float64(now.owing[[2]string{"escalation", step}]), step)
		e.gauge(descDuties, float64(now.overdue[step]), step)
	}
	e.gauge(descDuties, float64(now.overdue[""]), "none")
	e.gauge(descWebhooks, float64(now.hooks.Live), "live")
	e.gauge(descWebhooks, float64(now.hooks.Failing), "failing")
	e.gauge(descWebhooks, float64(now.hooks.Paused), "paused")
	e.gauge(descWebhookLag, since(at, now.hooks.Oldest))
	e.gauge(descSweepAge, now.swept.Seconds())
	e.gauge(descBlockAge, since(at, now.log.SealedAt))
	e.gauge(descHeight, float64(now.log.Height))
	e.gauge(descUnsealed, float64(now.log.Unsealed))
	e.gauge(descNumbers, float64(now.log.Blocks))
}

// since is how many seconds lie between an instant and now; none, when there is
// no instant.
func since(now, then time.Time) float64 {
	if then.IsZero() {
		return 0
	}
	return max(0, now.Sub(then).Seconds())
}
