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
	tp := Tempering{Model: EdwardsAnderson{L: 4, D: 2}, Temperatures: []float64{.6, 1, 2}, Seed: 5}
	var saved [2][]byte
	for i, backend := range []string{"cpu", "tape"} {
		s := start(t, tp, backend, 1)
		_, _ = sampled(t, s, 20, 20, 2)
		var err error
		if saved[i], err = s.Program.Snapshot(); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(saved[0], saved[1]) {
		t.Fatal("the tape backend took another trajectory")
	}
}
