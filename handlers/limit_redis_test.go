package handlers

import (
	"context"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// startRedis runs a Redis of the test's own, which it may kill, on a socket in a
// folder of its own.
func startRedis(t *testing.T, socket string) (kill func()) {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("redis-server is not installed")
	}
	cmd := exec.Command(path, "--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := false
	kill = func() {
		if !done {
			done = true
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			_ = os.Remove(socket)
		}
	}
	t.Cleanup(kill)
	client := redis.NewClient(&redis.Options{Network: "unix", Addr: socket})
	defer func() { _ = client.Close() }()
	for range 500 {
		if client.Ping(context.Background()).Err() == nil {
			return kill
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("redis-server does not answer")
	return nil
}

// Nodes that share a Redis share their budgets. While it is away each goes on
// by its own count, except where something could be guessed; when it is back
// they count together again. Redis learns no address and no number.
func TestBudgetsOfManyNodes(t *testing.T) {
	folder, err := os.MkdirTemp("", "r") // t.TempDir is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	socket := filepath.Join(folder, "s")
	kill := startRedis(t, socket)
	ctx, now := context.Background(), time.Date(2026, 5, 6, 0, 0, 0, 0, time.UTC)
	node := func() *Limits {
		l := NewLimits(func() time.Time { return now })
		client := redis.NewClient(&redis.Options{Network: "unix", Addr: socket, MaxRetries: -1, ContextTimeoutEnabled: true})
		t.Cleanup(func() { _ = client.Close() })
		l.Share(client, []byte("secret"))
		return l
	}
	a, b := node(), node()
	r := Rate{time.Hour, 10}
	given := 0
	for i := range 30 {
		if wait, err := []*Limits{a, b}[i%2].spend(ctx, "k/203.0.113.9", r, true); err != nil {
			t.Fatal(err)
		} else if wait == 0 {
			given++
		}
	}
	if given != 10 {
		t.Errorf("two nodes gave %d of 10", given)
	}
	client := redis.NewClient(&redis.Options{Network: "unix", Addr: socket})
	keys := client.Keys(ctx, "*").Val()
	_ = client.Close()
	if len(keys) != 1 || strings.Contains(keys[0], "203") {
		t.Errorf("%q", keys)
	}

	// what one node learned of a guesser the other finds out with the next guess
	guesser := netip.MustParseAddr("203.0.113.77")
	for range wrongByAddress.Burst {
		a.wrong(ctx, guesser, "")
	}
	if err := b.guess(guesser, ""); err != nil {
		t.Error("node b cannot know yet")
	}
	b.wrong(ctx, guesser, "")
	if err := b.guess(guesser, ""); statusOf(err) != 429 {
		t.Errorf("node b goes on: %v", err)
	}

	kill()
	from := netip.MustParseAddr("203.0.113.10")
	if err := a.arrive(ctx, Intake, from); err != nil {
		t.Errorf("intake waits for Redis: %v", err)
	}
	if err := a.arrive(ctx, Secret, from); statusOf(err) != 503 {
		t.Errorf("secrets may be guessed without counting together: %v", err)
	}
	for range limits[Intake].Address.Burst - 1 {
		_ = a.arrive(ctx, Intake, from)
	}
	if err := a.arrive(ctx, Intake, from); statusOf(err) != 429 {
		t.Errorf("no floor without Redis: %v", err)
	}
	startRedis(t, socket)
	now = now.Add(redisRest)
	if err := a.arrive(ctx, Secret, from); err != nil {
		t.Errorf("Redis is back: %v", err)
	}
}
