package spin

import "fmt"

// Ising is the ferromagnet J = 1 on the periodic square or cubic lattice. [Kaufman] solves it in two dimensions.
type Ising struct {
	L int // sites along an axis
	D int // dimensions, 2 or 3
}

// Name is "ising2d L=32".
func (m Ising) Name() string { return fmt.Sprintf("ising%dd L=%d", m.D, m.L) }

// Spins is L^D.
func (m Ising) Spins() int { return cube(m).Spins() }

// Side is L.
func (m Ising) Side() int { return m.L }

// Dims is D.
func (m Ising) Dims() int { return m.D }

// Check reports a size out of range.
func (m Ising) Check() error {
	if err := cube(m).check(); err != nil {
		return fmt.Errorf("spin: ising%dd: %w", m.D, err)
	}
	return nil
}

// Strengths is 1 for every bond of every sample.
func (m Ising) Strengths(uint64, int) (func(bond int) float64, error) {
	return func(int) float64 { return 1 }, m.Check()
}

// Couplings is the same for every sample.
func (m Ising) Couplings(seed uint64, sample int) (Couplings, error) {
	return listLattice(m, seed, sample)
}
