package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
)

// How long callers wait for a database that is away.
const (
	// settleLimit bounds all attempts of one group.
	settleLimit = 20 * time.Second
	// awayLimit bounds the one attempt by which a group finds out whether a
	// database that was away is back.
	awayLimit = 5 * time.Second
	// rollbackLimit bounds a rollback: what it cannot end, closing the connection does.
	rollbackLimit = 5 * time.Second
	// tries is how often a group is attempted, from 1 ms apart to 128 ms.
	tries = 9
)

// Away reports whether an error says that the database cannot do its work now
// (not reached, restarting, read-only, full, locked, out of connections) and
// nothing of the request: ask again, with the same key.
func Away(err error) bool {
	var pg *pgconn.PgError
	var lite *sqlite.Error
	var dial *pgconn.ConnectError
	var network net.Error
	switch {
	case err == nil:
		return false
	case errors.Is(err, ErrUnknown), errors.Is(err, ErrAway), errors.Is(err, ErrClosed), errors.Is(err, errLost):
		return true
	case errors.As(err, &pg):
		return pgAway(pg)
	case errors.As(err, &lite):
		return liteAway(lite)
	case errors.As(err, &dial), errors.As(err, &network):
		return true
	}
	for _, gone := range []error{driver.ErrBadConn, sql.ErrConnDone, io.EOF, io.ErrUnexpectedEOF, context.DeadlineExceeded, context.Canceled} {
		if errors.Is(err, gone) {
			return true
		}
	}
	return pgconn.Timeout(err) || pgconn.SafeToRetry(err)
}

// pgAway: connection (08), resources (53), cancelled or shut down (57), the
// system's own faults (58), a server that takes no writes, or any fatal end.
func pgAway(e *pgconn.PgError) bool {
	switch e.Code[:2] {
	case "08", "53", "57", "58":
		return true
	}
	return e.Code == "25006" || e.Severity == "FATAL" || e.Severity == "PANIC"
}

// liteAway by the primary code: busy, locked, no memory, read-only, interrupted,
// input or output, full, cannot open, protocol.
func liteAway(e *sqlite.Error) bool {
	switch e.Code() & 0xff {
	case 5, 6, 7, 8, 9, 10, 13, 14, 15:
		return true
	}
	return false
}
