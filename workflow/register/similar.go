package register

// Similar says how alike two names are: 1 when they are the same to a reader, 0
// when they share nothing. It is symmetric, and places, legal forms, width, case
// and signs do not count.
func (p Places) Similar(a, b string) float64 {
	fa, fb := Fold(a), Fold(b)
	if fa == "" || fb == "" {
		return 0
	}
	if fa == fb {
		return 1
	}
	ca, cb := p.Core(a), p.Core(b)
	score := sharedCore
	if ca != cb {
		score = (overlap(ca, cb, 1) + overlap(ca, cb, 2)) / 2 * sharedCore
	}
	if numbers(fa) != numbers(fb) { // 一店 and 二店 differ in one character and are two shops
		score = min(score, otherBranch)
	}
	return score
}

const (
	// sharedCore is the score of names that differ in places and form only.
	sharedCore = 0.97
	// otherBranch is the most that names with different numbers can have.
	otherBranch = 0.7
)

// overlap is Dice's coefficient over pieces of n characters, each counted as
// often as it occurs.
func overlap(a, b string, n int) float64 {
	pa, pb := pieces(a, n), pieces(b, n)
	if len(pa) == 0 || len(pb) == 0 {
		return overlap(a, b, n-1) // a name of one character has no pairs
	}
	seen := map[string]int{}
	for _, p := range pa {
		seen[p]++
	}
	shared := 0
	for _, p := range pb {
		if seen[p] > 0 {
			seen[p]--
			shared++
		}
	}
	return 2 * float64(shared) / float64(len(pa)+len(pb))
}

func pieces(s string, n int) []string {
	runes := []rune(s)
	var out []string
	for i := 0; i+n <= len(runes); i++ {
		out = append(out, string(runes[i:i+n]))
	}
	return out
}
