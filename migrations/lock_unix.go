//go:build unix

package migrations

import (
	"os"
	"syscall"
)

// flock waits until nobody else holds the file.
func flock(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX) }
