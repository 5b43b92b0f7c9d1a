package multispin

import (
	"math/bits"

	"cavity/engine/rng"
)

// PlainSweep attempts one flip of every spin, the sites with even x+y+z first, then the others, and defines what every
// faster version computes. A spin of bit r in word w at site i flips when its 32-bit number u is below the threshold of its
// class, or for the complementary classes of the heat bath when it is not. Bit 31-p of u is bit r of plane p at (i, w), where
// planes 2q and 2q+1 are x0·2³²+x1 and x2·2³²+x3 of the block with counter c0 = w + q·2²⁴, c1 = i. With Shared, u is the same
// for all bits: word (i/2) mod 4 of the block with c0 = w + (i mod 2)·2²⁴, c1 = i/8.
func (l Lattice) PlainSweep(s rng.Stream, rule Rule, spins, couplings, thresholds []uint64) error {
	if err := l.check(spins, couplings); err != nil {
		return err
	}
	if err := l.checkThresholds(rule, thresholds); err != nil {
		return err
	}
	for colour := range 2 {
		for site := range l.Sites() {
			if x, y, z := l.xyz(site); (x+y+z)%2 != colour {
				continue
			}
			for w := range l.Words {
				numbers := l.numbers(s, site, w)
				var flips uint64
				for r := range 64 {
					n := l.Dims() - l.unsatisfied(spins, couplings, site, w, r)
					if rule == Metropolis && n <= 0 {
						flips |= 1 << r
						continue
					}
					class, complement := rule.class(n)
					if (uint64(numbers[r]) < l.threshold(rule, thresholds, class, w, r)) != complement {
						flips |= 1 << r
					}
				}
				spins[site*l.Words+w] ^= flips
			}
		}
	}
	return nil
}

// numbers are the random numbers of the bits of a site's word.
func (l Lattice) numbers(s rng.Stream, site, w int) (u [64]uint32) {
	if l.Shared {
		x := s.Block(uint32(w)|uint32(site%2)<<24, uint32(site/8))
		for r := range u {
			u[r] = x[site/2%4]
		}
		return u
	}
	for q := range 16 {
		x := s.Block(uint32(l.First+w)|uint32(q)<<24, uint32(site))
		even, odd := uint64(x[0])<<32|uint64(x[1]), uint64(x[2])<<32|uint64(x[3])
		for r := range u {
			u[r] |= uint32(even>>r&1)<<(31-2*q) | uint32(odd>>r&1)<<(30-2*q)
		}
	}
	return u
}

// threshold is the threshold of bit r of word w.
func (l Lattice) threshold(rule Rule, thresholds []uint64, class, w, r int) (t uint64) {
	if l.Shared {
		return thresholds[class*l.Words+w]
	}
	classes := rule.Classes(l.Dims())
	bit := func(p int) uint64 { return thresholds[(p*classes+class)*l.Words+w] >> r & 1 }
	if bit(32) == 1 {
		return Always
	}
	for p := range 32 {
		t |= bit(p) << (31 - p)
	}
	return t
}

// unsatisfied counts the unsatisfied bonds of the spin of bit r in word w at a site: 0 … 2·dims.
func (l Lattice) unsatisfied(spins, couplings []uint64, site, w, r int) (n int) {
	s := spins[site*l.Words+w]
	for k := range l.Dims() {
		up, turn := l.next(site, k, true)
		x := s ^ bits.RotateLeft64(spins[up*l.Words+w], turn) ^ l.coupling(couplings, k, site, w)
		n += int(x >> r & 1)
		down, turn := l.next(site, k, false)
		x = s ^ bits.RotateLeft64(spins[down*l.Words+w]^l.coupling(couplings, k, down, w), turn)
		n += int(x >> r & 1)
	}
	return n
}

// coupling is the word of the bonds from a site along axis k.
func (l Lattice) coupling(couplings []uint64, k, site, w int) uint64 {
	switch i := k*l.Sites() + site; l.CouplingWords {
	case 0:
		return 0
	case 1:
		return couplings[i]
	default:
		return couplings[i*l.Words+w]
	}
}

// PlainEnergies gives the energy of each system, E = -Σ J s s = 2·(unsatisfied bonds) - (bonds), and defines what
// Counter.Energies computes.
func (l Lattice) PlainEnergies(energies []int32, spins, couplings []uint64) error {
	if err := l.check(spins, couplings); err != nil {
		return err
	}
	if err := l.checkSystems("energies", len(energies)); err != nil {
		return err
	}
	clear(energies)
	for site := range l.Sites() {
		for w := range l.Words {
			for k := range l.Dims() {
				up, turn := l.next(site, k, true)
				x := spins[site*l.Words+w] ^ bits.RotateLeft64(spins[up*l.Words+w], turn) ^ l.coupling(couplings, k, site, w)
				for r := range 64 {
					energies[l.system(w, r)] += 2*int32(x>>r&1) - 1
				}
			}
		}
	}
	return nil
}

// system is the number of the system to which bit r of word w belongs.
func (l Lattice) system(w, r int) int {
	if l.Strips {
		return w
	}
	return 64*w + r
}
