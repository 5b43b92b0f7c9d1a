package spin

import (
	"fmt"
	"math"

	"cavity/engine/rng"
)

// Nishimori is the ±1 model on the square lattice with a fraction P of negative bonds. At the temperature of its
// Nishimori line, β_N = ½ ln((1-P)/P), the energy per bond averaged over the disorder is -tanh β_N exactly, at any size:
// a test of a sampler that needs no other reference. (Nishimori 1981, doi:10.1143/PTP.66.1169.)
type Nishimori struct {
	L int
	P float64 // probability of J = -1, between 0 and ½
}

// Name is "nishimori2d L=16 p=0.1".
func (m Nishimori) Name() string { return fmt.Sprintf("nishimori2d L=%d p=%v", m.L, m.P) }

// Spins is L².
func (m Nishimori) Spins() int { return m.L * m.L }

// Side is L.
func (m Nishimori) Side() int { return m.L }

// Dims is 2.
func (m Nishimori) Dims() int { return 2 }

// Temperature is 1/β_N.
func (m Nishimori) Temperature() float64 { return 2 / math.Log((1-m.P)/m.P) }

// Energy is the exact disorder average of H per spin on the Nishimori line, two bonds a spin.
func (m Nishimori) Energy() float64 { return -2 * math.Tanh(1/m.Temperature()) }

// Check reports a size out of range.
func (m Nishimori) Check() error {
	if err := (cube{m.L, 2}).check(); err != nil {
		return fmt.Errorf("spin: nishimori2d: %w", err)
	}
	if !(m.P > 0 && m.P < .5) {
		return fmt.Errorf("spin: nishimori2d: fraction %v of negative bonds: between 0 and 0.5", m.P)
	}
	return nil
}

// Strengths draws a sample: a bond is -1 when its word is below P·2³².
func (m Nishimori) Strengths(seed uint64, sample int) (func(bond int) float64, error) {
	if err := m.Check(); err != nil {
		return nil, err
	}
	limit, err := rng.Threshold(m.P)
	s := disorder(seed, sample)
	return func(b int) float64 {
		if uint64(s.Uint32(uint64(b))) < limit {
			return -1
		}
		return 1
	}, err
}

// Couplings is the sample as a list.
func (m Nishimori) Couplings(seed uint64, sample int) (Couplings, error) {
	return listLattice(m, seed, sample)
}
