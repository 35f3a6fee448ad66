//go:build !unix

package migrations

import "os"

// flock is not there outside Unix: only one process may migrate at a time.
func flock(*os.File) error { return nil }

// TryLock always says yes there.
func TryLock(*os.File) (free bool, err error) { return true, nil }
