package ledger

import (
	"crypto/sha256"
	"strconv"
	"strings"
)

// ReleaseHead is how a block names a published table among its heads.
const ReleaseHead = "release "

// Release is a published table of statistics as a block seals it: what is said of
// one slice and period for the No-th time, as of the block Height with Hash (64
// hexadecimal digits). Taken is in microseconds since 1970 UTC, From and To are
// legal days.
type Release struct {
	Slice, Period                string
	No                           int64
	From, To                     string
	Taken, Height                int64
	Hash                         string
	Definitions, Rules, Calendar string
	Body                         string // JSON of one line
}

// Text is what is sealed: a title, then one value a line.
func (r *Release) Text() string {
	n := func(n int64) string { return strconv.FormatInt(n, 10) }
	return strings.Join([]string{"fangxin release", r.Slice, r.Period, n(r.No), r.From, r.To, n(r.Taken), n(r.Height), r.Hash, r.Definitions, r.Rules, r.Calendar, r.Body}, "\n") + "\n"
}

// Head is how a block seals it: release town 2026-Q2, which No stands beside.
func (r *Release) Head() Head {
	return Head{Case: ReleaseHead + r.Slice + " " + r.Period, Seq: r.No, Hash: sha256.Sum256([]byte(r.Text()))}
}
