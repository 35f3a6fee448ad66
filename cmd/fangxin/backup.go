package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"fangxin/migrations"

	"filippo.io/age"
)

// BackupCmd makes a backup beside a running server.
type BackupCmd struct {
	File           string `arg:"" help:"Where to write it; FILE.keys beside it holds the keys of the cases." type:"path"`
	PassphraseFile string `help:"Encrypt under the first line of this file instead of for --backup-recipient." type:"path"`
	KeepKeys       int    `default:"30" help:"Days after which FILE.keys must be deleted: a person is erased for good only then."`
}

// Run writes both files whole or not at all, and over nothing.
func (c *BackupCmd) Run(g *Globals) error {
	to, err := c.recipients(g)
	if err != nil {
		return err
	}
	if c.KeepKeys < 1 {
		return errUse{errors.New("--keep-keys: at least one day")}
	}
	e, err := g.open(g.clock)
	if err != nil {
		return err
	}
	defer func() { _ = e.Close() }()
	main, err := newSafe(c.File, to)
	if err != nil {
		return err
	}
	defer main.discard()
	keys, err := newSafe(c.File+".keys", to)
	if err != nil {
		return err
	}
	defer keys.discard()
	m, err := e.Backup(g.Context, main, keys, time.Duration(c.KeepKeys)*24*time.Hour)
	if err == nil {
		err = errors.Join(main.finish(), keys.finish())
	}
	if err == nil { // the main file last: where it is, its keys are too
		if err = keys.publish(); err == nil {
			err = main.publish()
		}
	}
	if err != nil {
		if keys.published {
			_ = os.Remove(keys.path)
		}
		return fmt.Errorf("nothing was kept of the backup: %w", err)
	}
	fmt.Fprintf(g.Out, "%s: %d cases, log up to block %d (%s)\n", c.File, m.Cases, m.Height, m.At.Format(time.RFC3339))
	fmt.Fprintf(g.Out, "%s.keys: the keys of %d cases; DELETE IT BY %s, copies too: until then an erased person can be brought back with it\n", c.File, m.Keys, m.Expires.Format("2006-01-02"))
	return nil
}

func (c *BackupCmd) recipients(g *Globals) ([]age.Recipient, error) {
	if c.PassphraseFile != "" {
		words, err := passphrase(c.PassphraseFile)
		if err != nil {
			return nil, err
		}
		r, err := age.NewScryptRecipient(words)
		return []age.Recipient{r}, err
	}
	if g.Recipient == "" {
		return nil, errUse{errors.New("a backup is encrypted: say for whom (--backup-recipient, FANGXIN_BACKUP_RECIPIENT; `fangxin keys identity FILE` makes one), or give --passphrase-file")}
	}
	out, err := age.ParseRecipients(strings.NewReader(strings.ReplaceAll(g.Recipient, ",", "\n")))
	if err != nil {
		return nil, errUse{fmt.Errorf("backup-recipient (FANGXIN_BACKUP_RECIPIENT): %w", err)}
	}
	return out, nil
}

// passphrase is the first line of --passphrase-file.
func passphrase(path string) (string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", errUse{fmt.Errorf("--passphrase-file: %w", err)}
	}
	line, _, _ := strings.Cut(string(data), "\n")
	if line = strings.TrimSuffix(line, "\r"); line == "" {
		return "", errUse{fmt.Errorf("--passphrase-file: %s: its first line is empty", path)}
	}
	return line, nil
}

// safe is an encrypted file that appears under its name when it is whole.
type safe struct {
	path string
	file *os.File
	buf  *bufio.Writer
	age  io.WriteCloser

	published bool
}

func newSafe(path string, to []age.Recipient) (*safe, error) {
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		return nil, errors.Join(fmt.Errorf("%s is there already: a backup is never written over", path), err)
	}
	f, err := claim(path + ".part")
	if err != nil {
		return nil, err
	}
	s := &safe{path: path, file: f, buf: bufio.NewWriterSize(f, 1<<20)}
	if s.age, err = age.Encrypt(s.buf, to...); err != nil {
		s.discard()
		return nil, err
	}
	return s, nil
}

// claim takes the file for itself: one that a killed backup left is emptied, one
// that a running backup writes is not touched.
func claim(part string) (*os.File, error) {
	f, err := os.OpenFile(part, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	free, err := migrations.TryLock(f)
	if err == nil && free { // it may have got its name while the lock was waited for
		mine, errMine := f.Stat()
		there, errThere := os.Lstat(part)
		err = errors.Join(errMine, errThere)
		free = err == nil && os.SameFile(mine, there)
	}
	if err == nil && !free {
		err = fmt.Errorf("%s: another backup is writing it", part)
	}
	if err == nil {
		err = f.Truncate(0)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func (s *safe) Write(p []byte) (int, error) { return s.age.Write(p) }

// finish ends the file and waits until the disk has it.
func (s *safe) finish() error { return errors.Join(s.age.Close(), s.buf.Flush(), s.file.Sync()) }

// publish gives the file its name, and waits until the disk has that too.
func (s *safe) publish() error {
	if _, err := os.Lstat(s.path); !errors.Is(err, os.ErrNotExist) {
		return errors.Join(fmt.Errorf("%s appeared meanwhile", s.path), err)
	}
	if err := os.Rename(s.file.Name(), s.path); err != nil {
		return err
	}
	s.published = true
	dir, err := os.Open(filepath.Dir(s.path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// discard removes what is not published.
func (s *safe) discard() {
	_ = s.file.Close()
	if !s.published {
		_ = os.Remove(s.file.Name())
	}
}
