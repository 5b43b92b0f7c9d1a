package spin

import (
	"context"
	"math"
	"testing"

	"cavity/engine"
	"cavity/engine/cpu"
)

// The free energy's error holds what the integration from β = 0 to the highest temperature leaves out: at T = 3 the square lattice was five
// statistical errors off. Five errors are allowed here too (false alarm 6e-7), of which the gap must be the larger part.
func TestFreeEnergyBeyondTheLadder(t *testing.T) {
	b := cpu.New(engine.Options{Workers: 1})
	defer b.Close()
	s, err := Tempering{Model: Ising{L: 16, D: 2}, Temperatures: []float64{3}, Copies: 16, Seed: 1}.Start(b)
	if err != nil {
		t.Fatal(err)
	}
	m := s.Measure()
	if err := (Campaign{Sampler: s, Measurement: m, Warmup: 200, Steps: 8000, Every: 4}).Do(context.Background()); err != nil {
		t.Fatal(err)
	}
	r, err := m.Results()
	if err != nil {
		t.Fatal(err)
	}
	exact, err := Kaufman(16, 3)
	if err != nil {
		t.Fatal(err)
	}
	full, _, _, err := m.replicates()
	if err != nil {
		t.Fatal(err)
	}
	f, gap := r.FreeEnergy[0], 3*m.gap(full)
	if off := math.Abs(f.Mean - exact.FreeEnergy); off > 5*f.Err || off < gap/3 || f.Err > 2*gap {
		t.Errorf("f = %v ± %v, exact %v; the gap is %v", f.Mean, f.Err, exact.FreeEnergy, gap)
	}
}
