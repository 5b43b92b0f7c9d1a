package spin

import (
	"fmt"
	"math/bits"
)

// Hopfield stores P random patterns ξ^μ of N spins: J_ij = (1/N) Σ_μ ξ_i^μ ξ_j^μ, J_ii = 0. (Hopfield 1982; its phases:
// Amit, Gutfreund, Sompolinsky 1985, doi:10.1103/PhysRevLett.55.1530: patterns are remembered up to P/N = 0.138 at T = 0.)
type Hopfield struct {
	N, P int
}

// Name is "hopfield N=500 P=25".
func (m Hopfield) Name() string { return fmt.Sprintf("hopfield N=%d P=%d", m.N, m.P) }

// Spins is N.
func (m Hopfield) Spins() int { return m.N }

// Check reports a size out of range.
func (m Hopfield) Check() error {
	if m.N < 2 || m.N > 1<<16 {
		return fmt.Errorf("spin: hopfield: %d spins: 2 to %d", m.N, 1<<16)
	}
	if m.P < 1 || m.P > 8*m.N {
		return fmt.Errorf("spin: hopfield: %d patterns of %d spins: 1 to %d", m.P, m.N, 8*m.N)
	}
	return nil
}

// Patterns draws a sample's patterns, ±1, [P, N]: element μ·N + i of the sample's stream, its top bit (set: -1).
func (m Hopfield) Patterns(seed uint64, sample int) ([]int8, error) {
	if err := m.Check(); err != nil {
		return nil, err
	}
	words := make([]uint32, m.N*m.P)
	disorder(seed, sample).FillUint32(words, 0)
	xi := make([]int8, len(words))
	for k, w := range words {
		xi[k] = 1 - 2*int8(w>>31)
	}
	return xi, nil
}

// Rows is Hebb's rule on the sample's patterns, counted in bits: Σ_μ ξ_i ξ_j = P - 2·(patterns in which i and j differ).
func (m Hopfield) Rows(seed uint64, sample int) (func(i int, dst []float64), error) {
	xi, err := m.Patterns(seed, sample)
	if err != nil {
		return nil, err
	}
	w := (m.P + 63) / 64
	signs := make([]uint64, m.N*w) // of site i: bit μ set where ξ_i^μ = -1
	for p := range m.P {
		for i, x := range xi[p*m.N : (p+1)*m.N] {
			signs[i*w+p/64] |= uint64(uint8(x)>>7) << (p % 64)
		}
	}
	return func(i int, dst []float64) {
		a := signs[i*w : (i+1)*w]
		for j := i + 1; j < m.N; j++ {
			differ := 0
			for k, b := range signs[j*w : (j+1)*w] {
				differ += bits.OnesCount64(a[k] ^ b)
			}
			dst[j] = float64(m.P-2*differ) / float64(m.N)
		}
	}, nil
}

// Couplings is the sample as a list.
func (m Hopfield) Couplings(seed uint64, sample int) (Couplings, error) {
	return listMatrix(m, seed, sample)
}
