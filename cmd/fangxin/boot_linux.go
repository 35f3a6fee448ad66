package main

import (
	"time"

	"golang.org/x/sys/unix"
)

// sinceBoot is a reading that nobody can set and that counts a machine's sleep:
// a node that woke up must not decide by the time at which it fell asleep.
func sinceBoot() time.Duration {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &t) != nil {
		return time.Since(started)
	}
	return time.Duration(t.Nano())
}

var started = time.Now()
