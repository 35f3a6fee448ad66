package jobs

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"fangxin/store"
)

// How often files are looked after.
const (
	filesEvery   = 2 * time.Second
	orphansEvery = time.Hour
	filesLot     = 20
)

// files finishes what is pending, one file after the other: a picture of a
// telephone's own kind takes seconds and hundreds of megabytes. One that fails
// keeps no other waiting.
func (r *Runner) files(ctx context.Context) error {
	var errs []error
	for ctx.Err() == nil {
		ids, err := r.Store.PendingFiles(ctx, filesLot)
		if err != nil || len(ids) == 0 {
			errs = append(errs, err)
			break
		}
		for _, id := range ids {
			f, err := r.Store.FinishFile(ctx, id)
			if err != nil {
				errs = append(errs, err)
			} else if f.State == store.FileRefused {
				r.Log.LogAttrs(ctx, slog.LevelWarn, "file refused", slog.String("file", id), slog.String("code", f.Code))
			}
		}
	}
	_, told := r.Store.TellInfected(ctx)
	_, swept := r.Store.SweepFiles(ctx)
	if errors.Is(swept, store.ErrFilesElsewhere) { // the hourly round says so
		swept = nil
	}
	return errors.Join(errors.Join(errs...), told, swept)
}

// orphans deletes bytes that no row knows.
func (r *Runner) orphans(ctx context.Context) error {
	n, err := r.Store.SweepOrphans(ctx)
	if n > 0 {
		r.Log.InfoContext(ctx, "bytes without a file deleted", "files", n)
	}
	return err
}
