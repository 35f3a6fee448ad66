package main

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/pprof"
	"strings"
	"syscall"
	"time"
)

// apart measures a part in a process of its own: what it leaves in memory weighs
// on nothing after it, and if it fails, panics or hangs, the table says so in a
// line and goes on.
func (b *bench) apart(p part, until time.Time, args []string) {
	start := time.Now()
	most := min(p.most, until.Sub(start))
	if most <= 0 || ctx.Err() != nil {
		b.report.add(failed(p.name, errors.New("not begun, the time was up")))
		return
	}
	limited, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	if err := b.child(limited, p.name, args); err != nil {
		if limited.Err() != nil {
			err = fmt.Errorf("ended after %s", most.Round(time.Second))
		}
		b.report.add(failed(p.name, err))
	}
	if err := tidy(b.postgres); err != nil {
		fmt.Fprintln(os.Stderr, "bench: tidying up:", err)
	}
	fmt.Printf("  (%s in %s)\n", p.name, time.Since(start).Round(time.Second))
}

// child runs one part and takes its rows as they come.
func (b *bench) child(limited context.Context, name string, args []string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "part")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	cmd := exec.CommandContext(limited, self, append([]string{"part", name}, args...)...)
	cmd.Stderr, cmd.Env = os.Stderr, append(os.Environ(), "TMPDIR="+folder)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // with the servers that it starts
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	lines := bufio.NewReader(out)
	for {
		text, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			break
		}
		var l line
		if err == nil {
			err = json.Unmarshal(text, &l)
		}
		if err != nil {
			fmt.Printf("  %s", text)
			continue
		}
		b.report.add(l)
	}
	err = cmd.Wait()
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // whatever it left
	return err
}

// partHelper is the child: its rows go to its output, one JSON object a line.
func partHelper(args []string) error {
	b := &bench{report: report{out: json.NewEncoder(os.Stdout)}}
	f := b.flags()
	for _, name := range []string{"rows", "budget", "markdown"} { // the parent's
		f.String(name, "", "")
	}
	if err := errors.Join(f.Parse(args[1:]), b.settle()); err != nil {
		return err
	}
	for _, p := range parts {
		if p.name == args[0] {
			stop, err := b.profile(p.name)
			if err != nil {
				return err
			}
			defer stop()
			b.row(p.name, func() error { return p.run(b) })
			return nil
		}
	}
	return fmt.Errorf("no part is called %s", args[0])
}

func (b *bench) profile(name string) (stop func(), err error) {
	if b.profiles == "" {
		return func() {}, nil
	}
	f, err := os.Create(filepath.Join(b.profiles, name+".pprof"))
	if err == nil {
		err = pprof.StartCPUProfile(f)
	}
	return pprof.StopCPUProfile, err
}

// row measures what may be told in lines of its own: if it fails, they say so and
// the rows after it are measured all the same.
func (b *bench) row(what string, do func() error) {
	if err := do(); err != nil {
		b.report.add(failed(what, err))
	}
}

func failed(what string, err error) line {
	text := strings.Map(func(r rune) rune {
		if r == '|' || r == '\n' {
			return ' '
		}
		return r
	}, err.Error())
	return line{what: what, figure: fmt.Sprintf("failed: %.200s", text), limit: "–", ratio: "–", aim: "–", met: "**no**"}
}

var lasting = regexp.MustCompile(`^(postgres|template[01]|.*_schema(\d+))$`)

// tidy drops the databases that no later part uses, also those of another schema,
// and writes out what is in memory, so that no part pays for the one before.
func tidy(server string) error {
	admin, err := sql.Open("pgx", server)
	if err != nil {
		return err
	}
	defer func() { _ = admin.Close() }()
	rows, err := admin.Query("select datname from pg_database")
	if err != nil {
		return err
	}
	var list []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return errors.Join(err, rows.Close())
		}
		list = append(list, name)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	now, err := schema(admin)
	if err != nil {
		return err
	}
	for _, name := range list {
		if m := lasting.FindStringSubmatch(name); m == nil || m[2] != "" && m[2] != now {
			if _, err := admin.Exec(`drop database if exists "` + name + `" with (force)`); err != nil {
				return err
			}
		}
	}
	_, err = admin.Exec("checkpoint")
	return err
}
