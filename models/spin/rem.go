package spin

import (
	"fmt"
	"math"

	"cavity/engine/rng"
)

// RandomEnergy is Derrida's random energy model: 2^N states with independent normal energies of variance N/2, and no couplings.
// It is solved by summing over its states; for N → ∞ it freezes at Tc = 1/(2√ln 2) (see Limit).
// (Derrida 1981, doi:10.1103/PhysRevB.24.2613.)
type RandomEnergy struct{ N int }

// remStream keeps the levels apart from the couplings of other models.
const remStream = 4

// Check reports a size out of range.
func (m RandomEnergy) Check() error {
	if m.N < 1 || m.N > MaxEnumerate {
		return fmt.Errorf("spin: rem: %d spins: 1 to %d", m.N, MaxEnumerate)
	}
	return nil
}

// Name is "rem N=16".
func (m RandomEnergy) Name() string { return fmt.Sprintf("rem N=%d", m.N) }

// Solve sums over the states of a sample, state k having element k of the sample's stream as its energy over √(N/2).
// AbsM, M2 and M4 mean nothing and are NaN.
func (m RandomEnergy) Solve(seed uint64, sample int, temperatures []float64) ([]Exact, Ground, error) {
	if err := m.Check(); err != nil {
		return nil, Ground{}, err
	}
	if err := CheckTemperatures(temperatures); err != nil {
		return nil, Ground{}, err
	}
	levels := make([]float64, 1<<m.N)
	rng.At(seed, uint64(sample), setupStage, remStream).FillNormal64(levels, 0)
	n := float64(m.N)
	ground := Ground{Energy: math.Inf(1), States: 1}
	for k := range levels {
		levels[k] *= math.Sqrt(n / 2)
		ground.Energy = min(ground.Energy, levels[k])
	}
	var out []Exact
	for _, t := range temperatures {
		var z, e, e2 float64 // relative to the ground state: nothing overflows
		for _, x := range levels {
			x -= ground.Energy
			w := math.Exp(-x / t)
			z, e, e2 = z+w, e+w*x, e2+w*x*x
		}
		e, e2 = e/z, e2/z
		logZ := math.Log(z) - ground.Energy/t
		out = append(out, Exact{Temperature: t, LogZ: logZ, Energy: (ground.Energy + e) / n, SpecificHeat: (e2 - e*e) / (t * t * n),
			FreeEnergy: -t * logZ / n, AbsM: math.NaN(), M2: math.NaN(), M4: math.NaN()})
	}
	return out, ground, nil
}

// Limit is the free energy per spin for N → ∞: -T ln 2 - 1/(4T) above Tc = 1/(2√ln 2), -√ln 2 below.
func (RandomEnergy) Limit(temperature float64) float64 {
	if temperature < 1/(2*math.Sqrt(math.Ln2)) {
		return -math.Sqrt(math.Ln2)
	}
	return -temperature*math.Ln2 - 1/(4*temperature)
}
