//go:build !linux

package main

import "time"

// sinceBoot is a reading that nobody can set. Whether it counts a machine's
// sleep is for the system to say; where it does not, waking up is a jump.
func sinceBoot() time.Duration { return time.Since(started) }

var started = time.Now()
