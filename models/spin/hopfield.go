package spin

import "fmt"

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

// Couplings is Hebb's rule on the sample's patterns.
func (m Hopfield) Couplings(seed uint64, sample int) (Couplings, error) {
	xi, err := m.Patterns(seed, sample)
	if err != nil {
		return Couplings{}, err
	}
	c := Couplings{N: m.N, Bonds: make([]Bond, 0, m.N*(m.N-1)/2)}
	sum := make([]int32, m.N)
	for i := range m.N {
		clear(sum)
		for p := range m.P {
			row := xi[p*m.N : (p+1)*m.N]
			for j := i + 1; j < m.N; j++ {
				sum[j] += int32(row[i]) * int32(row[j])
			}
		}
		for j := i + 1; j < m.N; j++ {
			if sum[j] != 0 {
				c.Bonds = append(c.Bonds, Bond{int32(i), int32(j), float64(sum[j]) / float64(m.N)})
			}
		}
	}
	return c, nil
}
