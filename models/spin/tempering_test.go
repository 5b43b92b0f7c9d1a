package spin

import (
	"bytes"
	"context"
	"math"
	"testing"

	"cavity/engine"
	_ "cavity/engine/cpu"
	_ "cavity/engine/tape"
)

func start(t testing.TB, tp Tempering, backend string, workers int) *Sampler {
	t.Helper()
	b, err := engine.Open(backend, engine.Options{Workers: workers})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	s, err := tp.Start(b)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// sampled warms up and measures.
func sampled(t testing.TB, s *Sampler, warm, measurements, every int) (*Measurement, Results) {
	t.Helper()
	ctx := context.Background()
	if err := s.Step(ctx, warm); err != nil {
		t.Fatal(err)
	}
	m := s.Measure()
	for range measurements {
		if err := s.Step(ctx, every); err != nil {
			t.Fatal(err)
		}
		if err := m.Take(); err != nil {
			t.Fatal(err)
		}
	}
	r, err := m.Results()
	if err != nil {
		t.Fatal(err)
	}
	return m, r
}

// within asserts |got - want| ≤ 4.5 errors (false alarm 7e-6 a comparison for normal errors).
func within(t testing.TB, what string, got Estimate, want float64) {
	t.Helper()
	if d := math.Abs(got.Mean - want); !(d <= 4.5*got.Err) {
		t.Errorf("%s = %.6f ± %.6f, exact %.6f: %.1f errors away", what, got.Mean, got.Err, want, d/got.Err)
	}
}

// Every observable of one small instance against enumeration at every temperature.
func TestTemperingAgainstEnumeration(t *testing.T) {
	for _, m := range []Model{SherringtonKirkpatrick{N: 12}, EdwardsAnderson{L: 4, D: 2}, EdwardsAnderson{L: 4, D: 2, Gaussian: true}, Hopfield{N: 14, P: 2}} {
		tp := Tempering{Model: m, Temperatures: []float64{.5, .8, 1.2, 2, 4}, Seed: 3}
		s := start(t, tp, "cpu", 1)
		_, r := sampled(t, s, 500, 20000, 2)
		c, err := m.Couplings(3, 0)
		if err != nil {
			t.Fatal(err)
		}
		exact, ground, err := Enumerate(c, r.Temperatures)
		if err != nil {
			t.Fatal(err)
		}
		for k, x := range exact {
			name := m.Name() + " "
			within(t, name+"e", r.Energy[k], x.Energy)
			within(t, name+"c", r.SpecificHeat[k], x.SpecificHeat)
			within(t, name+"|m|", r.Magnetization[k], x.AbsM)
			within(t, name+"chi", r.Susceptibility[k], float64(c.N)*x.M2/x.Temperature)
			f := r.FreeEnergy[k]
			f.Err += 2e-4 // of the integration rule
			within(t, name+"f", f, x.FreeEnergy)
			joint := r.FreeEnergyJoint[k]
			joint.Err += 2e-4 // of the integration from β = 0 to the highest temperature
			within(t, name+"joint f", joint, x.FreeEnergy)
		}
		if math.Abs(r.Ground[0].Energy-ground.Energy) > 1e-4 {
			t.Errorf("%s: lowest energy %v, ground state %v", m.Name(), r.Ground[0].Energy, ground.Energy)
		}
	}
}

// The same seed gives the same bytes with any number of workers and after a resume, measurements included.
func TestTemperingIsReproducible(t *testing.T) {
	tp := Tempering{Model: SherringtonKirkpatrick{N: 40}, Temperatures: []float64{.4, .6, .9, 1.3}, Systems: 3, Seed: 5}
	ctx := context.Background()
	final := func(s *Sampler, m *Measurement, n int) []byte {
		for range n {
			if err := s.Step(ctx, 3); err != nil {
				t.Fatal(err)
			}
			if err := m.Take(); err != nil {
				t.Fatal(err)
			}
		}
		var b bytes.Buffer
		if err := s.Program.Save(&b); err != nil {
			t.Fatal(err)
		}
		if err := m.Save(&b); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	whole := start(t, tp, "cpu", 1)
	want := final(whole, whole.Measure(), 300)
	for _, workers := range []int{1, 2} {
		a := start(t, tp, "cpu", workers)
		ma := a.Measure()
		half := final(a, ma, 150)
		b := start(t, tp, "cpu", 3-workers)
		mb := b.Measure()
		in := bytes.NewReader(half)
		if err := b.Program.Load(in); err != nil {
			t.Fatal(err)
		}
		if err := mb.Load(in); err != nil {
			t.Fatal(err)
		}
		if got := final(b, mb, 150); !bytes.Equal(got, want) {
			t.Fatalf("%d workers, resumed with %d: other bytes", workers, 3-workers)
		}
	}
}

func TestTemperingOnTapeIsTheSame(t *testing.T) {
	for _, c := range []struct {
		Tempering
		steps int
	}{
		{Tempering{Model: EdwardsAnderson{L: 4, D: 2}, Temperatures: []float64{.6, 1, 2}, Seed: 5}, 20},
		{Tempering{Model: EdwardsAnderson{L: 16, D: 3}, Temperatures: []float64{.9, 1.1, 1.67}, Seed: 7}, 2}, // energies, overlaps and links of the plain kernels
	} {
		var saved [2][]byte
		for i, backend := range []string{"cpu", "tape"} {
			s := start(t, c.Tempering, backend, 1)
			_, _ = sampled(t, s, c.steps, c.steps, 2)
			var err error
			if saved[i], err = s.Program.Snapshot(); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(saved[0], saved[1]) {
			t.Fatalf("%s: the tape backend took another trajectory", c.Model.Name())
		}
	}
}

// All carriers of one instance sample one law: the lattice in bits against the dense matrix through exact values, link
// overlaps against enumeration of pairs of states.
func TestLatticeCarrier(t *testing.T) {
	m := EdwardsAnderson{L: 4, D: 2}
	s := start(t, Tempering{Model: m, Temperatures: []float64{.7, 1.1, 1.8, 3}, Seed: 9}, "cpu", 1)
	if s.Carrier() != "multi-spin lattice, 64 walkers a word" {
		t.Fatalf("carried as %s", s.Carrier())
	}
	_, r := sampled(t, s, 500, 20000, 2)
	c, err := m.Couplings(9, 0)
	if err != nil {
		t.Fatal(err)
	}
	for k, temp := range r.Temperatures {
		q, link := exactOverlaps(c, temp)
		within(t, "q2", r.Overlap2[k], q)
		within(t, "link overlap", r.LinkOverlap[k], link)
	}
}

// exactOverlaps are <q²> = Σ_ij <s_i s_j>²/N² and the link overlap Σ_bonds <s_i s_j>²/bonds by enumeration.
func exactOverlaps(c Couplings, t float64) (q2, link float64) {
	corr := correlations(c, t)
	q2 = float64(c.N)
	for _, x := range corr {
		q2 += 2 * x * x
	}
	for _, b := range c.Bonds {
		x := corr[int(b.J)*c.N+int(b.I)]
		link += x * x / float64(len(c.Bonds))
	}
	return q2 / float64(c.N*c.N), link
}

// correlations are <s_i s_j> for j < i at i·N + j, by enumeration.
func correlations(c Couplings, t float64) []float64 {
	corr := make([]float64, c.N*c.N)
	s := make([]int8, c.N)
	z := 0.0
	for state := range 1 << c.N {
		for i := range s {
			s[i] = 1 - 2*int8(state>>i&1)
		}
		w := math.Exp(-(c.Energy(s) + 2*float64(c.N)) / t)
		z += w
		for i := range s {
			for j := range i {
				corr[i*c.N+j] += w * float64(s[i]) * float64(s[j])
			}
		}
	}
	for i := range corr {
		corr[i] /= z
	}
	return corr
}

// One large ferromagnet in strips, at a temperature where it equilibrates at once: Kaufman's energy.
func TestStripsAgainstKaufman(t *testing.T) {
	s := start(t, Tempering{Model: Ising{L: 128, D: 2}, Temperatures: []float64{3}, Copies: 2, Seed: 2}, "cpu", 1)
	if s.Carrier() != "multi-spin lattice, 64 strips a word" {
		t.Fatalf("carried as %s", s.Carrier())
	}
	_, r := sampled(t, s, 300, 1000, 2)
	x, err := Kaufman(128, 3)
	if err != nil {
		t.Fatal(err)
	}
	within(t, "e", r.Energy[0], x.Energy)
	within(t, "c", r.SpecificHeat[0], x.SpecificHeat)
}
