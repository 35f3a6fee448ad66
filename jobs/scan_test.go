package jobs_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fangxin/jobs"
	"fangxin/store"
	"fangxin/store/storetest"
)

// marker is what the tests' signature finds.
const marker = "FANGXIN-TEST-VIRUS-7f3a"

// realClamd starts clamd with a signature of our own; the test is skipped where
// there is none.
func realClamd(t *testing.T) (network, address string) {
	t.Helper()
	binary, err := exec.LookPath("clamd")
	if err != nil {
		t.Skip("clamd is not installed")
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	hex := ""
	for _, c := range []byte(marker) {
		hex += string("0123456789abcdef"[c>>4]) + string("0123456789abcdef"[c&15])
	}
	socket := filepath.Join(dir, "s")
	for name, text := range map[string]string{"db/own.ndb": "Fangxin.Test:0:*:" + hex + "\n",
		"conf": "LocalSocket " + socket + "\nDatabaseDirectory " + filepath.Join(dir, "db") + "\nForeground yes\nStreamMaxLength 1M\nTemporaryDirectory " + dir + "\n"} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(binary, "-c", filepath.Join(dir, "conf"))
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = cmd.Process.Kill(), cmd.Wait() })
	for range 300 {
		if conn, err := net.Dial("unix", socket); err == nil {
			_ = conn.Close()
			return "unix", socket
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("clamd does not listen: %s", said.String())
	return "", ""
}

// The real scanner finds what it must, passes what it may, and of what is larger
// than it takes nobody says that it was scanned.
func TestClamd(t *testing.T) {
	scan := jobs.Clamd(realClamd(t))
	for name, x := range map[string]struct {
		data    []byte
		found   bool
		scanned bool
	}{"clean": {bytes.Repeat([]byte("clean "), 50_000), false, true}, "empty": {nil, false, true}, "bad": {append(bytes.Repeat([]byte("x"), 100_000), marker...), true, true},
		"too large": {bytes.Repeat([]byte("x"), 2<<20), false, false}} {
		found, err := scan(context.Background(), bytes.NewReader(x.data))
		if found != x.found || (err == nil) != x.scanned {
			t.Errorf("%s: %v %v", name, found, err)
		}
	}
}

// talker is a scanner that reads what it is sent and answers what it is told to.
func talker(t *testing.T, answer string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			head := make([]byte, 10)
			if _, err := io.ReadFull(conn, head); err == nil && string(head) == "zINSTREAM\x00" {
				for n := uint32(1); n > 0; {
					if binary.Read(conn, binary.BigEndian, &n) != nil {
						break
					}
					if _, err := io.CopyN(io.Discard, conn, int64(n)); err != nil {
						break
					}
				}
				_, _ = io.WriteString(conn, answer)
			}
			_ = conn.Close()
		}
	}()
	return l.Addr().String()
}

// Anything but a clear yes or no is no scan.
func TestOnlyClearAnswersCount(t *testing.T) {
	for answer, want := range map[string][2]bool{"stream: OK\x00": {false, true}, "stream: Eicar FOUND\x00": {true, true}, "": {}, "stream: OK or so\x00": {}, "INSTREAM size limit exceeded. ERROR\x00": {},
		"stream: \x00": {}, "UNKNOWN COMMAND\x00": {}, strings.Repeat("x", 10_000): {}} {
		found, err := jobs.Clamd("tcp", talker(t, answer))(context.Background(), strings.NewReader("text"))
		if found != want[0] || (err == nil) != want[1] {
			t.Errorf("%.40q: %v %v", answer, found, err)
		}
	}
	if _, err := jobs.Clamd("tcp", "127.0.0.1:1")(context.Background(), strings.NewReader("x")); err == nil {
		t.Error("nobody was there")
	}
	broken := errors.New("the disk is broken")
	if _, err := jobs.Clamd("tcp", talker(t, "stream: OK\x00"))(context.Background(), io.MultiReader(strings.NewReader("x"), &faulty{broken})); !errors.Is(err, broken) {
		t.Error(err)
	}
	for where, ok := range map[string]bool{"tcp://h:3310": true, "unix:///run/c": true, "/run/c": true, "": false, "h:3310": false, "tcp://h": false, "http://h:1": false, "tcp://h:1/x": false, "unix://h/x": false} {
		if _, _, err := jobs.ParseClamd(where); (err == nil) != ok {
			t.Errorf("%q: %v", where, err)
		}
	}
}

type faulty struct{ err error }

func (f *faulty) Read([]byte) (int, error) { return 0, f.err }

// The job finishes what came while nobody could: telephone pictures, and files
// that a scanner was away for.
func TestPendingFilesAreFinished(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		heic, err := os.ReadFile("../store/testdata/photo.heic")
		if err != nil {
			t.Fatal(err)
		}
		where := "127.0.0.1:1"
		w.Cfg.Scan = func(ctx context.Context, from io.Reader) (bool, error) { return jobs.Clamd("tcp", where)(ctx, from) }
		_ = w.Store.Close()
		w.Reopen()
		draft := store.DraftHash("d")
		for _, data := range [][]byte{heic, []byte("%PDF-1.4 x")} {
			if _, err := w.TakeFile(context.Background(), store.Once{}, store.NewFile{Draft: draft, Seen: store.SeenByBoth, Name: "n", Body: bytes.NewReader(data)}); err != nil {
				t.Fatal(err)
			}
		}
		r := &jobs.Runner{Store: w.Store, Log: quiet}
		for _, want := range []string{store.FilePending, store.FileKept} {
			w.Advance(time.Hour)
			if err := jobs.WorkFiles(context.Background(), r); err != nil {
				t.Fatal(err)
			}
			files, err := w.DraftFiles(context.Background(), draft)
			if err != nil || len(files) != 2 || files[0].State != want || files[1].State != want {
				t.Errorf("%s: %+v %v", want, files, err)
			}
			where = talker(t, "stream: OK\x00")
		}
	})
}
