package spin

import "fmt"

// EdwardsAnderson is the spin glass with independent couplings between neighbours of the periodic square or cubic lattice,
// ±1 with equal probability or normal with variance 1. (Edwards, Anderson 1975, doi:10.1088/0305-4608/5/5/017.)
// In three dimensions with ±1 couplings it freezes at Tc = 1.1019(29) (Baity-Jesi et al. 2013, doi:10.1103/PhysRevB.88.224416).
type EdwardsAnderson struct {
	L, D     int
	Gaussian bool
}

// Name is "ea3d L=8", with "gaussian" where the couplings are.
func (m EdwardsAnderson) Name() string {
	law := ""
	if m.Gaussian {
		law = " gaussian"
	}
	return fmt.Sprintf("ea%dd L=%d%s", m.D, m.L, law)
}

// Spins is L^D.
func (m EdwardsAnderson) Spins() int { return cube{m.L, m.D}.Spins() }

// Side is L.
func (m EdwardsAnderson) Side() int { return m.L }

// Dims is D.
func (m EdwardsAnderson) Dims() int { return m.D }

// Check reports a size out of range.
func (m EdwardsAnderson) Check() error {
	if err := (cube{m.L, m.D}).check(); err != nil {
		return fmt.Errorf("spin: ea%dd: %w", m.D, err)
	}
	return nil
}

// Strengths draws a sample: bond k·N + i takes element k·N + i of the sample's stream, its top bit for ±1 (set: -1).
func (m EdwardsAnderson) Strengths(seed uint64, sample int) (func(bond int) float64, error) {
	s := disorder(seed, sample)
	if m.Gaussian {
		return func(b int) float64 { return s.Normal64(uint64(b)) }, m.Check()
	}
	return func(b int) float64 { return 1 - 2*float64(s.Uint32(uint64(b))>>31) }, m.Check()
}

// Couplings is the sample as a list.
func (m EdwardsAnderson) Couplings(seed uint64, sample int) (Couplings, error) {
	return listLattice(m, seed, sample)
}
