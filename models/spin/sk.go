package spin

import (
	"fmt"
	"math"
)

// SherringtonKirkpatrick couples all pairs with independent normal couplings of variance 1/N, or ±1/√N. For N → ∞ and T > 1
// the energy is -β/2 and the free energy -T ln 2 - β/4 per spin; the ground state energy tends to -0.763166.
// (Sherrington, Kirkpatrick 1975, doi:10.1103/PhysRevLett.35.1792.)
type SherringtonKirkpatrick struct {
	N      int
	Binary bool // ±1/√N
}

// Name is "sk N=512".
func (m SherringtonKirkpatrick) Name() string {
	if m.Binary {
		return fmt.Sprintf("sk N=%d pm1", m.N)
	}
	return fmt.Sprintf("sk N=%d", m.N)
}

// Spins is N.
func (m SherringtonKirkpatrick) Spins() int { return m.N }

// Check reports a size out of range.
func (m SherringtonKirkpatrick) Check() error {
	if m.N < 2 || m.N > 1<<16 {
		return fmt.Errorf("spin: sk: %d spins: 2 to %d", m.N, 1<<16)
	}
	return nil
}

// Rows draws a sample: the pair i < j takes element i·N + j of the sample's stream, its top bit for ±1/√N (set: negative).
func (m SherringtonKirkpatrick) Rows(seed uint64, sample int) (func(i int, dst []float64), error) {
	s, scale := disorder(seed, sample), 1/math.Sqrt(float64(m.N))
	if !m.Binary {
		return func(i int, dst []float64) {
			upper := dst[i+1:]
			s.FillNormal64(upper, uint64(i)*uint64(m.N)+uint64(i+1))
			for k := range upper {
				upper[k] *= scale
			}
		}, m.Check()
	}
	words := make([]uint32, m.N)
	return func(i int, dst []float64) {
		s.FillUint32(words[i+1:], uint64(i)*uint64(m.N)+uint64(i+1))
		for j := i + 1; j < m.N; j++ {
			dst[j] = math.Float64frombits(math.Float64bits(scale) | uint64(words[j]>>31)<<63)
		}
	}, m.Check()
}

// magnitude is the size that all couplings have, 0 when they differ.
func (m SherringtonKirkpatrick) magnitude() float64 {
	if m.Binary {
		return 1 / math.Sqrt(float64(m.N))
	}
	return 0
}

// Couplings is the sample as a list.
func (m SherringtonKirkpatrick) Couplings(seed uint64, sample int) (Couplings, error) {
	return listMatrix(m, seed, sample)
}
