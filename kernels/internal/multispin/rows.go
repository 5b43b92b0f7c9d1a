package multispin

import "math/bits"

// A rowSet is what a row's sites need: one word of each site of the row and of its neighbours, Words apart, and the words of
// their couplings, CouplingWords apart.
type rowSet struct {
	own, yUp, yDown, zUp, zDown []uint64
	jx, jy, jyDown, jz, jzDown  []uint64 // nil without couplings
	step, jstep                 int
	turn                        int // 1 with strips
}

// row gives the rowSet of word w at (y, z).
func (b *board) row(y, z, w int) (r rowSet) {
	nx, ny := b.Size[0], b.Size[1]
	r.step, r.jstep = b.Words, b.CouplingWords
	if b.Strips {
		r.turn = 1
	}
	spins := func(y, z int) []uint64 {
		first := (z*ny + y) * nx * b.Words
		return b.spins[first+w : first+nx*b.Words]
	}
	couplings := func(k, y, z int) []uint64 {
		if b.CouplingWords == 0 {
			return nil
		}
		first := (k*b.Sites() + (z*ny+y)*nx) * b.CouplingWords
		return b.couplings[first+w%b.CouplingWords : first+nx*b.CouplingWords]
	}
	yUp, yDown := around(y, ny)
	r.own, r.yUp, r.yDown = spins(y, z), spins(yUp, z), spins(yDown, z)
	r.jx, r.jy, r.jyDown = couplings(0, y, z), couplings(1, y, z), couplings(1, yDown, z)
	if b.Dims() == 3 {
		zUp, zDown := around(z, b.Size[2])
		r.zUp, r.zDown = spins(y, zUp), spins(y, zDown)
		r.jz, r.jzDown = couplings(2, y, z), couplings(2, y, zDown)
	}
	return r
}

// around gives the neighbours of i on a ring of n.
func around(i, n int) (up, down int) {
	up, down = i+1, i-1
	if up == n {
		up = 0
	}
	if down < 0 {
		down = n - 1
	}
	return up, down
}

// count adds the unsatisfied bonds of the site at x bit by bit: ones + 2·twos + 4·fours of them.
func (r *rowSet) count(x int) (ones, twos, fours uint64) {
	i, j := x*r.step, x*r.jstep
	s := r.own[i]
	var a, b uint64
	k := j - r.jstep
	if i+r.step < len(r.own) {
		a = r.own[i+r.step]
	} else {
		a = bits.RotateLeft64(r.own[0], -r.turn)
	}
	if i > 0 {
		b = r.own[i-r.step]
		if r.jx != nil {
			b ^= r.jx[k]
		}
	} else {
		b = r.own[(len(r.own)-1)/r.step*r.step]
		if r.jx != nil {
			b ^= r.jx[(len(r.jx)-1)/r.jstep*r.jstep]
		}
		b = bits.RotateLeft64(b, r.turn)
	}
	a, b = a^s, b^s
	c, d := s^r.yUp[i], s^r.yDown[i]
	if r.jx != nil {
		a, c, d = a^r.jx[j], c^r.jy[j], d^r.jyDown[j]
	}
	ab := a ^ b
	sum, carry := ab^c, a&b|ab&c
	if r.zUp == nil {
		both := sum & d
		return sum ^ d, carry ^ both, carry & both
	}
	e, f := s^r.zUp[i], s^r.zDown[i]
	if r.jx != nil {
		e, f = e^r.jz[j], f^r.jzDown[j]
	}
	de := d ^ e
	sum2, carry2 := de^f, d&e|de&f
	both, either := sum&sum2, carry^carry2
	return sum ^ sum2, either ^ both, carry&carry2 | either&both
}
