package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"database/sql"

	"github.com/labstack/echo/v4"
)

// body is a filing as a page sends it.
const body = `{"track":"authority","person":{"name":"演示张三","phone":"13800000000","address":"桓台县索镇演示路1号"},
"respondent":{"name":"演示商店","phone":"05330000000","address":"桓台县索镇演示路2号"},"words":"演示：买的电饭煲用了三天就坏了，商家不肯退货，也不肯换货，说是人为损坏。要求退货并退还货款。",
"domain":1,"category":"false_publicity","town":"370321001","amount_fen":12800,"requests":["refund"],"publish_consent":true,"entrust_consent":false}`

// helpers are what this program does in processes of its own.
var helpers = map[string]func(args []string) error{"part": partHelper, "load": loadHelper, "serve": serveHelper, "node": nodeHelper}

// server is a process that listens.
type server struct {
	cmd     *exec.Cmd
	address string
}

// spawn starts a program that serves on an address and waits until it answers.
func spawn(ready string, env []string, name string, args ...string) (*server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := l.Addr().String()
	_ = l.Close()
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "{address}", address)
	}
	s := &server{exec.Command(name, args...), address}
	s.cmd.Env = append(os.Environ(), env...)
	for i := range s.cmd.Env {
		s.cmd.Env[i] = strings.ReplaceAll(s.cmd.Env[i], "{address}", address)
	}
	var said bytes.Buffer
	s.cmd.Stderr = &said
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	for range 3000 {
		if r, err := http.Get("http://" + address + ready); err == nil {
			_ = r.Body.Close()
			if r.StatusCode == http.StatusOK {
				return s, nil
			}
		}
		time.Sleep(2 * time.Millisecond)
	}
	s.stop()
	return nil, fmt.Errorf("%s does not serve: %.2000s", name, said.String())
}

func (s *server) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	_ = s.cmd.Wait()
}

// memory is what of the process is in memory, in bytes.
func (s *server) memory() int64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	n, _ := strconv.ParseInt(strings.Fields(rest + " 0")[0], 10, 64)
	return n << 10
}

// fangxin starts the service itself on a database: no rate limits, they would
// measure themselves.
func (b *bench) fangxin(dsn, folder, role string) (*server, error) {
	return spawn("/readyz", []string{"FANGXIN_DATABASE_URL=" + dsn, "FANGXIN_DATA=" + folder, "FANGXIN_KEY=" + key, "FANGXIN_LISTEN={address}", "FANGXIN_RATE_LIMITS=off"}, b.binary, "serve", "--role="+role)
}

// web is the service and what it is measured beside, each a process.
type web struct {
	door, limit, models, nothing *server
	body                         string
}

func (w *web) stop() {
	for _, s := range []*server{w.door, w.limit, w.models, w.nothing} {
		if s != nil {
			s.stop()
		}
	}
}

func (b *bench) web(pg string) (w *web, err error) {
	folder, err := os.MkdirTemp("", "fangxin-bench")
	if err != nil {
		return nil, err
	}
	dsn := ""
	if pg != "" {
		s, to, err := open(pg, now) // migrates
		if err != nil {
			return nil, err
		}
		if dsn = to; s.Close() != nil {
			return nil, errors.New("the database does not close")
		}
	}
	w = &web{body: filepath.Join(folder, "body.json")}
	defer func() {
		if err != nil {
			w.stop()
		}
	}()
	if w.door, err = b.fangxin(dsn, folder, "web"); err != nil {
		return nil, err
	}
	answer, err := fileOne(w.door.address)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(os.WriteFile(w.body, []byte(body), 0o600), os.WriteFile(filepath.Join(folder, "answer.json"), answer, 0o600)); err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	from := dsn
	if pg == "" {
		from = folder
	}
	for name, into := range map[string]**server{"limit": &w.limit, "models": &w.models, "nothing": &w.nothing} {
		if *into, err = spawn("/readyz", nil, self, "serve", "-what", name, "-listen", "{address}", "-server", pg, "-from", from, "-answer", filepath.Join(folder, "answer.json")); err != nil {
			return nil, err
		}
	}
	return w, nil
}

func fileOne(address string) ([]byte, error) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.Close() }()
	return post(c, bufio.NewReader(c), address, []byte(body))
}

// serveHelper is a contender: echo, the same body read, an answer of the same
// size, and between them what it is named after.
func serveHelper(args []string) error {
	f := flag.NewFlagSet("serve", flag.ExitOnError)
	what := f.String("what", "", "limit, models or nothing")
	listen := f.String("listen", "", "")
	pg := f.String("server", "", "")
	from := f.String("from", "", "database that holds one filing")
	sample := f.String("answer", "", "")
	if err := f.Parse(args); err != nil {
		return err
	}
	answer, err := os.ReadFile(*sample)
	if err != nil {
		return err
	}
	file := func() error { return nil }
	if *what != "nothing" {
		if file, err = contender(*what, *pg, *from); err != nil {
			return err
		}
	}
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.GET("/readyz", func(c echo.Context) error { return c.NoContent(http.StatusOK) })
	e.POST("/api/v1/cases", func(c echo.Context) error {
		raw, err := io.ReadAll(c.Request().Body)
		if err != nil {
			return err
		}
		var in map[string]any
		if err := json.Unmarshal(raw, &in); err != nil {
			return err
		}
		if err := file(); err != nil {
			return err
		}
		return c.JSON(http.StatusCreated, json.RawMessage(answer))
	})
	return e.Start(*listen)
}

func contender(what, pg, from string) (func() error, error) {
	dialect, source := "postgres", (*sql.DB)(nil)
	var err error
	if pg == "" {
		dialect = "sqlite"
		source, err = sql.Open("sqlite", "file:"+from+"/fangxin.db?_pragma=busy_timeout(10000)")
	} else {
		source, err = sql.Open("pgx", from)
	}
	if err != nil {
		return nil, err
	}
	var id int64
	if err := source.QueryRow("select max(id) from cases").Scan(&id); err != nil {
		return nil, err
	}
	rows, err := template(source, dialect, id)
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "fangxin-bench")
	if err != nil {
		return nil, err
	}
	pool, _, err := newSchema(pg, folder)
	if err != nil {
		return nil, err
	}
	if what == "models" {
		var number atomic.Int64
		return models(pool, pg == "", rows, func() int64 { return number.Add(1) }), nil
	}
	l, err := newLimit(pool, pg == "", rows)
	if err != nil {
		return nil, err
	}
	return l.file, nil
}

// load runs the load program against a server.
func (b *bench) load(s *server, clients int, body string) (speed, error) {
	self, err := os.Executable()
	if err != nil {
		return speed{}, err
	}
	cmd := exec.Command(self, "load", "-address", s.address, "-clients", strconv.Itoa(clients), "-for", b.window.String(), "-body", body)
	cmd.Stderr = os.Stderr
	text, err := cmd.Output()
	if err != nil {
		return speed{}, fmt.Errorf("load: %w", err)
	}
	var out speed
	err = json.Unmarshal(text, &out)
	out.Memory = s.memory()
	return out, err
}

// overHTTP measures the real service beside echo with the limit, with models,
// and with nothing stored.
func (b *bench) overHTTP(pg string) error {
	w, err := b.web(pg)
	if err != nil {
		return err
	}
	defer w.stop()
	clients := []int{1, 8, 32, 128}
	if b.quick {
		clients = []int{8}
	}
	for _, n := range clients {
		what := fmt.Sprintf("filing over HTTP, %s, %d clients", nameOf(pg), n)
		b.row(what, func() error { return b.clients(w, pg, n, what) })
	}
	return nil
}

func (b *bench) clients(w *web, pg string, n int, what string) error {
	var door, limit, models, nothing rounds
	for range b.rounds {
		for _, x := range []struct {
			into *rounds
			s    *server
		}{{&limit, w.limit}, {&door, w.door}, {&models, w.models}, {&nothing, w.nothing}} {
			s, err := b.load(x.s, n, w.body)
			if err != nil {
				return err
			}
			*x.into = append(*x.into, s)
		}
	}
	b.compare(what, door, limit, "echo, grouped by hand", aimOf(pg, n, true))
	b.beside(what, door, models, 0)
	b.report.add(line{what: what, figure: door.String(), limit: "echo, nothing stored: " + nothing.String(), ratio: number(ratio(door, nothing, perSecond)), aim: "–", met: "–"})
	if n == 128 {
		ours, theirs := door[len(door)-1].Memory, limit[len(limit)-1].Memory
		b.report.add(line{what: "memory under 128 clients, " + nameOf(pg), figure: fmt.Sprintf("%d MB", ours>>20), limit: fmt.Sprintf("echo, grouped by hand: %d MB", theirs>>20),
			ratio: number(float64(ours) / float64(theirs)), aim: "–", met: "–"})
	}
	return nil
}
