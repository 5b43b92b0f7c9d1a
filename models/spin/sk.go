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

// Couplings draws a sample: the pair i < j takes element i·N + j of the sample's stream.
func (m SherringtonKirkpatrick) Couplings(seed uint64, sample int) (Couplings, error) {
	if err := m.Check(); err != nil {
		return Couplings{}, err
	}
	s, scale := disorder(seed, sample), 1/math.Sqrt(float64(m.N))
	c := Couplings{N: m.N, Bonds: make([]Bond, 0, m.N*(m.N-1)/2)}
	row := make([]float64, m.N)
	words := make([]uint32, m.N)
	for i := range m.N {
		at := uint64(i) * uint64(m.N)
		if m.Binary {
			s.FillUint32(words, at)
		} else {
			s.FillNormal64(row, at)
		}
		for j := i + 1; j < m.N; j++ {
			if m.Binary {
				row[j] = 1 - 2*float64(words[j]>>31)
			}
			c.Bonds = append(c.Bonds, Bond{int32(i), int32(j), scale * row[j]})
		}
	}
	return c, nil
}
