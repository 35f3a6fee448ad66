package jobs_test

import (
	"testing"

	"fangxin/jobs"

	"pgregory.net/rapid"
)

// However slow the workers are beside the patience, everything is delivered in
// the end: what was passed on and not taken in time does not crowd out what is
// passed on again.
func TestTheWindowLetsEverythingThrough(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		messages := rapid.IntRange(1, 600).Draw(t, "messages")
		pace := rapid.IntRange(1, 40).Draw(t, "tasks per round")
		patience := rapid.IntRange(2, 12).Draw(t, "rounds of patience")
		w := jobs.NewWindow(rapid.SampledFrom([]int{4, 16}).Draw(t, "workers"))
		type task struct{ message, fence int }
		var line []task
		fence, until, done := make([]int, messages), make([]int, messages), make([]bool, messages)
		left := messages
		for now := 1; left > 0; now++ {
			if now > 40*messages+1000 {
				t.Fatalf("%d of %d are never delivered", left, messages)
			}
			there, overdue := 0, 0
			for i := range messages {
				if !done[i] && fence[i] > 0 {
					there++
					if until[i] <= now {
						overdue++
					}
				}
			}
			for i, room := 0, w.Turn(there, overdue, 512); i < messages && room > 0; i++ {
				if !done[i] && until[i] <= now {
					fence[i]++
					until[i] = now + patience
					line = append(line, task{i, fence[i]})
					room--
				}
			}
			for _, x := range line[:min(pace, len(line))] {
				if !done[x.message] && fence[x.message] == x.fence {
					done[x.message] = true
					left--
				}
			}
			line = line[min(pace, len(line)):]
		}
	})
}
