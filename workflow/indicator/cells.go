package indicator

import (
	"math/bits"
	"slices"
)

// Least is the fewest cases that a cell of a public table may count unless it
// counts none; LeastRate the fewest that a public rate is divided by (DOMAIN 8.5).
const (
	Least     = 5
	LeastRate = 10
)

// small reports whether a number tells of too few; a correction that outweighs
// what it corrects does as well.
func small(n int64) bool { return n != 0 && n < Least }

// grid is a table while it is decided what is shown of it. Groups are numbered:
// key by key in every period. A class is what a reader can never see apart: the
// codes that every sum counts alike; class 0 counts for nothing.
//
// Everything rests on one argument. A secret is safe if another truth than the
// real one, in which it has another value, gives exactly the same table. Such a
// truth is made by one case: move it at one key from one class to another (or
// away), and one the other way at another key, so that the county stays what it
// was; and either all periods around move along, or the same is undone in a
// sister period. Every cell that differs is hidden; every count stays at nothing
// or above. Hiding more later spoils no such witness, so each secret is looked at
// once.
type grid struct {
	keys     int
	chains   [][]int   // of each period without parts: itself and the periods around it
	counts   [][]int64 // by group, by class
	sums     []bitset  // by class: the sums that count it
	minus    []bitset  // by class: the sums that take it away
	weight   []int     // by sum: what hiding it costs
	shown    []bitset  // by group: the sums that are shown
	fixed    []bitset  // by group: those that readers know from before
	standing []bool    // by class: it stands on a day, and periods do not add up
}

func (g *grid) group(key, period int) int { return period*g.keys + key }

// secret is what nobody may work out: in a group a sum, or what is left of one
// after another.
type secret struct {
	key, period int
	sum, less   int // less < 0: nothing is taken away
}

// changes reports whether a move from one class to another changes a secret.
func (g *grid) changes(s secret, from, to int) bool {
	return g.counted(s.sum, from)-g.counted(s.less, from) != g.counted(s.sum, to)-g.counted(s.less, to)
}

func (g *grid) counted(sum, class int) int {
	switch {
	case sum < 0:
		return 0
	case g.sums[class].has(sum):
		return 1
	case g.minus[class].has(sum):
		return -1
	}
	return 0
}

// guard hides the fewest cells that give a secret a witness. It reports false when
// there is none, because too much is known from before.
func (g *grid) guard(s secret) bool {
	var best []place
	least := int(^uint(0) >> 1)
	for from := range g.sums {
		for to := range g.sums {
			if from*to != 0 && g.standing[from] != g.standing[to] || !g.changes(s, from, to) {
				continue
			}
			m := g.move(from, to)
			for _, way := range g.ways(s.period, g.standing[from] || g.standing[to]) {
				for other := range g.keys {
					if other == s.key || !g.possible(s.key, other, from, to, way) {
						continue
					}
					if cost := g.cost(s.key, other, m, way, least); cost < least {
						least, best = cost, []place{{s.key, m, way}, {other, m, way}}
						if cost == 0 {
							return true
						}
					}
				}
			}
		}
	}
	for _, p := range best {
		for _, period := range p.way.periods {
			g.shown[g.group(p.key, period)].without(p.m)
		}
	}
	return best != nil
}

// place is where a move is made.
type place struct {
	key int
	m   bitset
	way way
}

// way is where in time a case is moved: the periods that change, the one without
// parts that it happens in, and where it is undone, or -1.
type way struct {
	periods  []int
	at, back int
}

// ways lists the times in which a move changes a period: with all that lie around,
// or undone in another time.
func (g *grid) ways(period int, standing bool) (out []way) {
	if standing {
		return []way{{[]int{period}, period, -1}}
	}
	for _, chain := range g.chains {
		if !slices.Contains(chain, period) {
			continue
		}
		out = append(out, way{chain, chain[0], -1})
		for _, undo := range g.chains {
			if undo[0] == chain[0] || slices.Contains(undo, period) {
				continue
			}
			w := way{nil, chain[0], undo[0]}
			for _, p := range slices.Concat(chain, undo) {
				if slices.Contains(chain, p) != slices.Contains(undo, p) {
					w.periods = append(w.periods, p)
				}
			}
			out = append(out, w)
		}
	}
	return out
}

// possible reports whether no count falls below nothing by a move: there is a case
// to be moved wherever one is.
func (g *grid) possible(key, other, from, to int, w way) bool {
	has := func(k, period, class int) bool { return class == 0 || g.counts[g.group(k, period)][class] > 0 }
	if !has(key, w.at, from) || !has(other, w.at, to) {
		return false
	}
	return w.back < 0 || has(key, w.back, to) && has(other, w.back, from)
}

// move is the set of sums that a move from one class to another changes.
func (g *grid) move(from, to int) bitset {
	out := newBitset(len(g.weight))
	for i := range out {
		out[i] = (g.sums[from][i] ^ g.sums[to][i]) | (g.minus[from][i] ^ g.minus[to][i])
	}
	return out
}

// cost adds up what is to be hidden for a move; too much where readers know it.
func (g *grid) cost(key, other int, m bitset, w way, least int) (n int) {
	for _, period := range w.periods {
		for _, k := range []int{key, other} {
			at := g.group(k, period)
			for i, word := range m {
				if word&g.fixed[at][i] != 0 {
					return least
				}
				for rest := word & g.shown[at][i]; rest != 0; rest &= rest - 1 {
					n += g.weight[i*64+bits.TrailingZeros64(rest)]
				}
			}
			if n >= least {
				return least
			}
		}
	}
	return n
}

// bitset is a set of sums.
type bitset []uint64

func newBitset(n int) bitset { return make(bitset, (n+63)/64) }

func (b bitset) has(i int) bool { return b[i/64]>>(i%64)&1 == 1 }
func (b bitset) put(i int)      { b[i/64] |= 1 << (i % 64) }
func (b bitset) drop(i int)     { b[i/64] &^= 1 << (i % 64) }

// without takes a whole set out.
func (b bitset) without(x bitset) {
	for i := range b {
		b[i] &^= x[i]
	}
}
