package storetest

import (
	"bytes"
	"net"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Node is a process of the engine: the test binary started again, which its
// TestMain turns into the command line when FANGXIN_TEST_NODE is set.
type Node struct {
	URL  string
	t    testing.TB
	env  []string
	args []string

	mu   sync.Mutex
	cmd  *exec.Cmd
	errs *output
	gone chan struct{}
}

// output keeps what a process says while it says it.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write is the process's.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// NewNode starts `serve` with the arguments and the environment beside the
// test's own, on an address of its own that it keeps, without waiting until it
// serves. It is killed at the end of the test.
func NewNode(t testing.TB, env []string, args ...string) *Node {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	n := &Node{t: t, URL: "http://" + address, env: append([]string{"FANGXIN_RATE_LIMITS=off"}, env...), args: append([]string{"serve", "--listen", address}, args...)}
	t.Cleanup(n.Kill)
	n.Start()
	return n
}

// Command is the command line in a process of its own.
func Command(env []string, args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(append(os.Environ(), "FANGXIN_TEST_NODE=1"), env...)
	return cmd
}

// Start starts the process, again after it ended, without waiting for it.
func (n *Node) Start() {
	n.t.Helper()
	cmd := Command(n.env, n.args...)
	errs := &output{}
	cmd.Stderr = errs
	if err := cmd.Start(); err != nil {
		n.t.Fatal(err)
	}
	gone := make(chan struct{})
	go func() { defer close(gone); _ = cmd.Wait() }()
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cmd, n.errs, n.gone = cmd, errs, gone
}

// Ready waits until the node serves; what it said otherwise fails the test.
func (n *Node) Ready() {
	n.t.Helper()
	limit := time.NewTimer(time.Minute)
	defer limit.Stop()
	for {
		res, err := http.Get(n.URL + "/healthz")
		if err == nil {
			_ = res.Body.Close()
			return
		}
		select {
		case <-n.gone:
			n.t.Fatalf("the node ended: %s", n.Said())
		case <-limit.C:
			n.t.Fatalf("the node does not serve: %s", n.Said())
		default:
			rest()
		}
	}
}

// Said is what it wrote to its log.
func (n *Node) Said() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.errs.String()
}

// Kill ends the process without warning.
func (n *Node) Kill() {
	n.signal(syscall.SIGKILL)
}

// Stop asks the process to end and returns its exit code.
func (n *Node) Stop() int {
	return n.signal(syscall.SIGTERM)
}

func (n *Node) signal(s syscall.Signal) int {
	n.mu.Lock()
	cmd, gone := n.cmd, n.gone
	n.mu.Unlock()
	if cmd == nil {
		return 0
	}
	_ = cmd.Process.Signal(s)
	<-gone
	return cmd.ProcessState.ExitCode()
}
