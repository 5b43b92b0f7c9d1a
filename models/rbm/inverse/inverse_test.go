package inverse

import (
	"context"
	"math"
	"strings"
	"testing"

	"cavity/engine/rng"
)

// glass is a model of n spins with normal fields and couplings of deviation s; a chain has couplings of neighbours only.
func glass(n int, s float64, chain bool) Model {
	m := New(n)
	r := rng.At(3, 0, rng.SetupStage, 1)
	for i := range n {
		m.H[i] = s * r.Normal64(uint64(i))
		for j := range i {
			if !chain || j == i-1 {
				m.Set(i, j, s*r.Normal64(uint64(100+i*n+j)))
			}
		}
	}
	return m
}

// distance is the largest difference of two models' parameters.
func distance(a, b Model) (d float64) {
	for i := range a.H {
		d = max(d, math.Abs(a.H[i]-b.H[i]))
	}
	for e := range a.J {
		d = max(d, math.Abs(a.J[e]-b.J[e]))
	}
	return d
}

func statesOf(t *testing.T, m Model) (Samples, Moments) {
	t.Helper()
	s, err := m.States()
	if err != nil {
		t.Fatal(err)
	}
	mo, err := s.Moments()
	if err != nil {
		t.Fatal(err)
	}
	return s, mo
}

// From exact probabilities the exact gradient and the pseudo-likelihood find the model again, also a strong one.
func TestConsistentMethods(t *testing.T) {
	for _, s := range []float64{.1, .7} {
		want := glass(8, s, false)
		samples, moments := statesOf(t, want)
		exact, err := moments.Exact()
		if err != nil || distance(exact, want) > 1e-8 {
			t.Errorf("couplings %.1f: the exact gradient is off by %.2g (%v)", s, distance(exact, want), err)
		}
		pl, err := samples.PseudoLikelihood(0)
		if err != nil || distance(pl, want) > 1e-8 {
			t.Errorf("couplings %.1f: the pseudo-likelihood is off by %.2g (%v)", s, distance(pl, want), err)
		}
	}
}

// Bethe is exact on a chain with fields; the others are not.
func TestBetheOnAChain(t *testing.T) {
	want := glass(8, .6, true)
	_, moments := statesOf(t, want)
	bethe, err := moments.Bethe()
	if err != nil || distance(bethe, want) > 1e-9 {
		t.Errorf("Bethe is off by %.3g (%v)", distance(bethe, want), err)
	}
	naive, err := moments.MeanField()
	if err != nil || distance(naive, want) < .05 {
		t.Errorf("naive mean field is off by %.3g only (%v): the comparison shows nothing", distance(naive, want), err)
	}
}

// With couplings and fields of order s the errors fall faster than s: at least by the powers given.
func TestMeanFieldOrders(t *testing.T) {
	for name, c := range map[string]struct {
		solve func(Moments) (Model, error)
		power float64
	}{"naive": {Moments.MeanField, 1.5}, "TAP": {Moments.TAP, 1.8}, "Bethe": {Moments.Bethe, 1.8}} {
		var off []float64
		for _, s := range []float64{.02, .08} {
			want := glass(8, s, false)
			_, moments := statesOf(t, want)
			got, err := c.solve(moments)
			if err != nil {
				t.Fatal(err)
			}
			off = append(off, distance(got, want))
		}
		if power := math.Log(off[1]/off[0]) / math.Log(4); power < c.power {
			t.Errorf("%s: errors %.2g and %.2g: power %.2f, want at least %.1f", name, off[0], off[1], power, c.power)
		}
	}
	// J = -½ asinh(2 C⁻¹) at zero magnetisation.
	if got, want := betheCoupling(-.3, 0, 0), .5*math.Asinh(.6); math.Abs(got-want) > 1e-14 {
		t.Errorf("Bethe at m = 0: %v, want %v", got, want)
	}
}

// Persistent chains end within .03 of the model: the noise of the averaged gradient is about 1/√(500 chains · 1,000 steps / 2
// sweeps of memory) times the inverse curvature, .01; the alarm is at three times that.
func TestMonteCarlo(t *testing.T) {
	want := glass(8, .3, false)
	_, moments := statesOf(t, want)
	got, err := MonteCarlo{Seed: 5}.Learn(context.Background(), moments)
	if err != nil || distance(got, want) > .03 {
		t.Errorf("off by %.3f (%v)", distance(got, want), err)
	}
	again, _ := MonteCarlo{Seed: 5}.Learn(context.Background(), moments)
	if distance(got, again) != 0 {
		t.Error("the same seed gave another model")
	}
}

func TestBadSamples(t *testing.T) {
	for want, s := range map[string]Samples{
		"a whole number of samples":      {N: 3, Spins: []int8{1, 1}},
		"spin 1 of sample 0 is 0":        {N: 2, Spins: []int8{1, 0}},
		"2 weights for 1 samples":        {N: 2, Spins: []int8{1, 1}, Weights: []float64{1, 2}},
		"weight 0 is -1":                 {N: 2, Spins: []int8{1, 1}, Weights: []float64{-1}},
		"spin 0 never turns in the data": {N: 2, Spins: []int8{1, 1, 1, -1}},
	} {
		m, err := s.Moments()
		if err == nil {
			_, err = m.MeanField()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	few := Samples{N: 3, Spins: []int8{1, 1, 1, -1, -1, 1}}
	if _, err := few.PseudoLikelihood(0); err == nil {
		t.Error("two samples of three spins have a finite maximum")
	}
	if _, err := few.PseudoLikelihood(.1); err != nil {
		t.Errorf("with a decay: %v", err)
	}
}

// Samples drawn from a planted model have its moments: the largest of 45 deviations, of standard error at most .01, stays below 4.5
// of those (false alarm 3e-4). Every method then finds couplings near the planted ones: the likelihood methods within the noise of
// 10,000 samples, .01 each, and the mean-field ones within four times that at this strength.
func TestPlanted(t *testing.T) {
	m := Glass(9, .4, .2, 6)
	s, err := m.Draw(10000, 7)
	if err != nil {
		t.Fatal(err)
	}
	_, want := statesOf(t, m)
	got, err := s.Moments()
	if err != nil {
		t.Fatal(err)
	}
	for e, x := range append(got.Products, got.Mean...) {
		if d := x - append(want.Products, want.Mean...)[e]; math.Abs(d) > .045 {
			t.Errorf("moment %d is off by %.3f", e, d)
		}
	}
	for _, name := range Methods {
		found, err := s.Solve(context.Background(), name, 0, 1)
		if err != nil {
			t.Fatal(name, err)
		}
		most := .015
		if name == "meanfield" || name == "tap" || name == "bethe" {
			most = .04
		}
		if couplings, fields := found.Distance(m); couplings > most || fields > most {
			t.Errorf("%s: couplings are off by %.4f, fields by %.4f", name, couplings, fields)
		}
	}
	if _, err := s.Solve(context.Background(), "guess", 0, 1); err == nil {
		t.Error("a method of no name found a model")
	}
}
