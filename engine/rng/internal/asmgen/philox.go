package main

import "fmt"

// set is the state of one vector of counters: each word lies in the low half of a 64-bit lane, with anything above it,
// because VPMULUDQ reads low halves only and leaves the whole product. So the new words 1 and 3 are the products as they are.
type set struct{ x0, x1, x2, x3, t0, t1 int }

var (
	setA = set{0, 1, 2, 3, 4, 5}
	setB = set{6, 7, 8, 9, 10, 11}
)

const spare = 12

// xorKey is dst ^= x ^ key; key numbers are those of Stream.keys.
func (g *generator) xorKey(key, x, dst int) {
	if g.wide {
		g.op("VPTERNLOGD.BCST", "$0x96", fmt.Sprintf("%d(SI)", 4*key), x, dst)
		return
	}
	g.op("VPXOR", x, dst, dst)
	g.op("VPXOR", fmt.Sprintf("%d(SP)", 32*key), dst, dst)
}

// withKey is dst = x ^ key.
func (g *generator) withKey(key, x, dst int) {
	if g.wide {
		g.op("VPXORD.BCST", fmt.Sprintf("%d(SI)", 4*key), x, dst)
	} else {
		g.op("VPXOR", fmt.Sprintf("%d(SP)", 32*key), x, dst)
	}
}

// high brings the upper halves of 64-bit lanes down. The two instructions run on different ports: using both balances them.
func (g *generator) high(x, dst int, shuffle bool) {
	if shuffle {
		g.op("VPSHUFD", "$0xF5", x, dst)
	} else {
		g.op("VPSRLQ", "$32", x, dst)
	}
}

// sixRounds writes rounds 1 to 6 of the counters whose products with the first multiplier are in register p. Words 1, 2 and 3 of
// a counter are the same in all lanes, so half of the first round and a part of the second are in the keys.
func (g *generator) sixRounds(p int, s *set) {
	g.high(p, s.x2, true)
	g.withKey(0, s.x2, s.x2)

	g.op("VPMULUDQ", regM1, s.x2, s.x1)
	g.high(s.x1, s.x0, false)
	g.withKey(1, s.x0, s.x0)
	g.withKey(2, p, s.x2)

	g.op("VPMULUDQ", regM0, s.x0, s.t0)
	g.op("VPMULUDQ", regM1, s.x2, s.t1)
	g.high(s.t1, s.x0, false)
	g.xorKey(3, s.x1, s.x0)
	g.high(s.t0, s.x2, true)
	g.withKey(4, s.x2, s.x2)
	s.x1, s.x3, s.t0, s.t1 = s.t1, s.t0, s.x3, s.x1

	for r := 3; r < 6; r++ {
		g.multiply(s)
		g.high(s.t1, s.x0, false)
		g.xorKey(2*r-1, s.x1, s.x0)
		g.high(s.t0, s.x2, true)
		g.xorKey(2*r, s.x3, s.x2)
		s.x1, s.x3, s.t0, s.t1 = s.t1, s.t0, s.x3, s.x1
	}
}

// multiply puts the products of a round in t0 and t1.
func (g *generator) multiply(s *set) {
	g.op("VPMULUDQ", regM0, s.x0, s.t0)
	g.op("VPMULUDQ", regM1, s.x2, s.t1)
}

// lastRound32 makes the four words of two sets, joined in 32-bit lanes, and says where they are.
// VSHUFPS takes the upper or lower halves of two 64-bit lanes of a, then of b: that is why b's counters are a's plus 2 (lanes32).
func (g *generator) lastRound32(a, b set) (words [4]int) {
	g.multiply(&a)
	g.multiply(&b)
	words[0], words[1] = g.join(a.t1, b.t1, a.x1, b.x1, 11, a.x0)
	words[2], words[3] = g.join(a.t0, b.t0, a.x3, b.x3, 12, a.x2)
	return words
}

// join makes the word high(p)^x^key and the word low(p) of both sets.
func (g *generator) join(pa, pb, xa, xb, key, free int) (mixed, low int) {
	g.op("VSHUFPS", "$0xDD", pb, pa, free)
	g.op("VSHUFPS", "$0x88", xb, xa, xa)
	g.xorKey(key, xa, free)
	g.op("VSHUFPS", "$0x88", pb, pa, pa)
	return free, pa
}

// lastRound64 makes two 64-bit values of each counter in a lane: word 1 above word 0 and word 3 above word 2.
func (g *generator) lastRound64(s set) (lo, hi int) {
	g.multiply(&s)
	g.high(s.t1, s.x0, false)
	g.xorKey(11, s.x1, s.x0)
	g.high(s.t0, s.x2, true)
	g.xorKey(12, s.x3, s.x2)
	g.stack(s.t1, s.x0)
	g.stack(s.t0, s.x2)
	return s.x0, s.x2
}

// stack puts the low half of p above the low half of x in each 64-bit lane of x.
func (g *generator) stack(p, x int) {
	if g.wide {
		g.op("VMOVSLDUP", p, "K2", x)
		return
	}
	g.op("VPSLLQ", "$32", p, p)
	g.op("VPBLENDD", "$0xAA", p, x, x)
}
