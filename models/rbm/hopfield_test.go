package rbm

import (
	"math"
	"testing"

	"cavity/engine/rng"
	"cavity/models/spin"
)

// The machine's ln Z is that of package spin's Hopfield model by enumeration of its couplings, but for the constant βP/2, and
// its block Gibbs chains have the same energy.
func TestHopfieldIsAMachine(t *testing.T) {
	const n, p, beta = 12, 2, .8
	patterns := make([]int8, n*p)
	s := rng.At(7, 0, rng.SetupStage, 1)
	for e := range patterns {
		patterns[e] = 1 - 2*int8(s.Uint32(uint64(e))>>31)
	}
	m, err := Hopfield(patterns, n, p, beta)
	if err != nil {
		t.Fatal(err)
	}
	c := spin.Couplings{N: n}
	for j := range int32(n) {
		for i := range j {
			x := 0.0
			for mu := range int32(p) {
				x += float64(patterns[i*p+mu]*patterns[j*p+mu]) / n
			}
			c.Bonds = append(c.Bonds, spin.Bond{I: i, J: j, Strength: x})
		}
	}
	exact, _, err := spin.Enumerate(c, []float64{1 / beta})
	if err != nil {
		t.Fatal(err)
	}
	z, err := m.LogZ()
	if err != nil || math.Abs(z-beta*p/2-exact[0].LogZ) > 1e-5 {
		t.Errorf("ln Z is %.7f (%v), by the spins %.7f", z-beta*p/2, err, exact[0].LogZ)
	}
	sa, err := Sampling{Machine: m, Chains: 4000, Seed: 2}.Start(open(t, 1))
	if err != nil {
		t.Fatal(err)
	}
	if err := sa.Step(ctx, 100); err != nil {
		t.Fatal(err)
	}
	v, err := sa.States()
	if err != nil {
		t.Fatal(err)
	}
	sum, square := 0.0, 0.0
	for k := range 4000 {
		e := m.FreeEnergy(v[k*n:(k+1)*n])/beta + p/2.
		sum, square = sum+e/4000, square+e*e/4000
	}
	// Five standard errors: false alarm 6e-7.
	if d := math.Sqrt((square - sum*sum) / 4000); math.Abs(sum-exact[0].Energy*n) > 5*d {
		t.Errorf("the energy of the chains is %.4f ± %.4f, exactly %.4f", sum, d, exact[0].Energy*n)
	}
}
