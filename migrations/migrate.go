// Package migrations holds the numbered SQL of both databases and applies it:
// under a lock, each file in one transaction, marked applied on success only.
// A file that was released is never edited.
package migrations

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed postgres/*.sql sqlite/*.sql
var files embed.FS

// Print is a digest of all files of a dialect: two binaries with the same one make
// the same schema.
func Print(dialect string) string {
	sum := sha256.New()
	_ = fs.WalkDir(files, dialect, func(path string, _ fs.DirEntry, _ error) error {
		text, err := files.ReadFile(path)
		if err == nil {
			_, _ = fmt.Fprintf(sum, "%s %d\n%s", path, len(text), text)
		}
		return nil
	})
	return hex.EncodeToString(sum.Sum(nil)[:8])
}

// Step is one numbered file and whether it is applied.
type Step struct {
	Name    string
	Version int64
	Applied bool
}

// Up applies what is missing and lists it. dialect is "postgres" or "sqlite";
// for SQLite lockFile is held meanwhile, because goose has no lock of its own
// there. Nodes that migrate together wait for one another.
func Up(ctx context.Context, db *sql.DB, dialect, lockFile string) ([]Step, error) {
	return up(ctx, db, dialect, lockFile, files)
}

func up(ctx context.Context, db *sql.DB, dialect, lockFile string, all fs.FS) ([]Step, error) {
	release, err := hold(dialect, lockFile)
	if err != nil {
		return nil, err
	}
	defer release()
	p, err := provider(db, dialect, all)
	if err != nil {
		return nil, err
	}
	results, err := p.Up(ctx)
	var steps []Step
	for _, r := range results {
		steps = append(steps, Step{r.Source.Path, r.Source.Version, r.Error == nil})
	}
	var partial *goose.PartialError
	if errors.As(err, &partial) && partial.Failed != nil {
		return steps, fmt.Errorf("migrate: %s, nothing of it was kept: %w", partial.Failed.Source.Path, partial.Err)
	}
	if err != nil {
		return steps, fmt.Errorf("migrate: %w", err)
	}
	return steps, nil
}

// ErrNewer says that a later version of the engine migrated the database: this
// one does not know what the new tables ask of it.
var ErrNewer = errors.New("the database's schema is newer than this version: run the version that migrated it, or a later one")

// Status lists all files and whether each is applied, or says ErrNewer.
func Status(ctx context.Context, db *sql.DB, dialect string) ([]Step, error) {
	p, err := provider(db, dialect, files)
	if err != nil {
		return nil, err
	}
	states, err := p.Status(ctx)
	var steps []Step
	for _, s := range states {
		steps = append(steps, Step{s.Source.Path, s.Source.Version, s.State == goose.StateApplied})
	}
	if err != nil {
		return steps, err
	}
	there, ours, err := p.GetVersions(ctx)
	if err == nil && there > ours {
		err = ErrNewer
	}
	return steps, err
}

// Newest is the number of the last file.
func Newest() int64 {
	names, _ := fs.Glob(files, "sqlite/*.sql")
	n, _ := goose.NumericComponent(names[len(names)-1])
	return n
}

func provider(db *sql.DB, dialect string, all fs.FS) (*goose.Provider, error) {
	sub, err := fs.Sub(all, dialect)
	if err != nil {
		return nil, err
	}
	if dialect != "postgres" {
		return goose.NewProvider(goose.DialectSQLite3, db, sub)
	}
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectPostgres, db, sub, goose.WithSessionLocker(locker))
}

func hold(dialect, lockFile string) (release func(), err error) {
	if dialect == "postgres" {
		return func() {}, nil
	}
	return Hold(lockFile)
}

// Hold takes the lock of a file, which ends with the process, and waits for it.
func Hold(lockFile string) (release func(), err error) {
	f, err := os.OpenFile(lockFile, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	if err := flock(f); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("lock: %w", err)
	}
	return func() { _ = f.Close() }, nil // closing gives the lock back
}

// TryHold takes the lock if nobody has it.
func TryHold(lockFile string) (release func(), free bool, err error) {
	f, err := os.OpenFile(lockFile, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, false, fmt.Errorf("lock: %w", err)
	}
	if free, err = TryLock(f); err != nil || !free {
		return nil, false, errors.Join(err, f.Close())
	}
	return func() { _ = f.Close() }, true, nil
}

// To brings an empty database to an earlier version: what a backup was made of.
func To(ctx context.Context, db *sql.DB, dialect string, version int64) error {
	p, err := provider(db, dialect, files)
	if err != nil {
		return err
	}
	_, err = p.UpTo(ctx, version)
	return err
}
