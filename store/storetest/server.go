package storetest

import (
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Server is a PostgreSQL server of a test's own, for faults that the others
// must not feel.
type Server struct {
	t       testing.TB
	folder  string
	options []string
	URL     string // of its database postgres; the same after every start
}

// NewServer starts one in a folder, "" for a new one; options are those of the
// server's command line. The test is skipped where there is no PostgreSQL.
func NewServer(t testing.TB, folder string, options ...string) *Server {
	t.Helper()
	if os.Getenv("FANGXIN_TEST_POSTGRES") == "" {
		t.Skip("FANGXIN_TEST_POSTGRES is not set: make test starts a server")
	}
	if folder == "" {
		dir, err := os.MkdirTemp("", "fangxin-pg")     // not TempDir: the server is another user
		if err != nil || os.Chmod(dir, 0o711) != nil { // to pass through
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.RemoveAll(dir) })
		folder = filepath.Join(dir, "pg")
	}
	s := &Server{t: t, folder: folder, options: options}
	t.Cleanup(func() { _, _ = s.run("stop") })
	s.Start()
	return s
}

// Start starts it, again where it was stopped before.
func (s *Server) Start() {
	s.t.Helper()
	url, err := s.run("start", s.options...)
	if err != nil {
		s.t.Fatal(err)
	}
	s.URL = url
}

// Halt ends it as an operator would: sessions are cut, the log is kept whole.
func (s *Server) Halt() { _, _ = s.run("halt") }

// Crash ends it as a power cut would.
func (s *Server) Crash() { _, _ = s.run("crash") }

// Folder is where it lies.
func (s *Server) Folder() string { return s.folder }

// Name is the database that a URL names.
func Name(dsn string) string {
	u, err := url.Parse(dsn)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(u.Path, "/")
}

// Database makes an empty database on it and returns its URL.
func (s *Server) Database() string { return database(s.t, s.URL, "") }

// run asks the script that starts every server of this project.
func (s *Server) run(action string, options ...string) (string, error) {
	cmd := exec.Command(filepath.Join(root(), ".ci", "postgres.sh"), append([]string{action, s.folder}, options...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	return strings.TrimSpace(string(out)), err
}

// root is the folder of go.mod.
func root() string {
	dir, _ := os.Getwd()
	for dir != "/" {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		dir = filepath.Dir(dir)
	}
	return "."
}
