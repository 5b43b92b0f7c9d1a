package spin

import (
	"math"
	"strings"
	"testing"

	"cavity/engine"
)

// Samples that share random numbers against enumeration, each for itself and all together. Errors are thermal, from 8 stretches
// of time (Student's t with 7 degrees): 128 samples at 10 errors and two averages over them all at 6, false alarm 3e-3
// and 1e-3 in all, whatever the correlations between samples.
func TestSharedRandomsAgainstEnumeration(t *testing.T) {
	m := EdwardsAnderson{L: 4, D: 2}
	s := start(t, Tempering{Model: m, Temperatures: []float64{1.2}, Systems: 128, Shared: true, Seed: 11}, "cpu", 1)
	if !strings.Contains(s.Carrier(), "share random numbers") {
		t.Fatalf("carrier %q", s.Carrier())
	}
	meter, r := sampled(t, s, 300, 4096, 3)
	if r.Overlap != nil || r.LinkOverlap != nil || r.CorrelationLength != nil || !strings.HasPrefix(r.OverError, "2 words") {
		t.Fatalf("overlaps %v, errors over %q", r.Overlap, r.OverError)
	}
	thermal := func(moment string, sample, count int) Estimate {
		mean, variance := meanOf(meter.rec.blocks, meter.rec.index(moment)*meter.rec.cells+sample, 1, count)
		return Estimate{mean, math.Sqrt(variance)}
	}
	var e, absM float64
	for q := range s.Systems {
		x, err := m.Couplings(11, q)
		if err != nil {
			t.Fatal(err)
		}
		exact, _, err := Enumerate(x, s.Temperatures)
		if err != nil {
			t.Fatal(err)
		}
		e, absM = e+exact[0].Energy/128, absM+exact[0].AbsM/128
		if got := thermal("e", q, 1); !(math.Abs(got.Mean-exact[0].Energy) < 10*got.Err) {
			t.Errorf("sample %d: e = %v, exact %v", q, got, exact[0].Energy)
		}
	}
	for _, x := range []struct {
		name       string
		got, error Estimate
		exact      float64
	}{{"e", r.Energy[0], thermal("e", 0, 128), e}, {"|m|", r.Magnetization[0], thermal("|m|", 0, 128), absM}} {
		t.Logf("%s = %v, thermal error %v, exact %v", x.name, x.got, x.error.Err, x.exact)
		if !(math.Abs(x.got.Mean-x.exact) < 6*x.error.Err) {
			t.Errorf("%s = %v ± %v, exact %v", x.name, x.got.Mean, x.error.Err, x.exact)
		}
	}
}

func TestSharedRandomsRefused(t *testing.T) {
	ea := EdwardsAnderson{L: 4, D: 2}
	one := []float64{1}
	for want, tp := range map[string]Tempering{
		"2 copies that share":                        {Model: ea, Temperatures: one, Systems: 64, Copies: 2},
		"2 temperatures that share":                  {Model: ea, Temperatures: []float64{1, 2}, Systems: 64},
		"a multiple of 64":                           {Model: ea, Temperatures: one, Systems: 100},
		"cluster moves":                              {Model: ea, Temperatures: one, Systems: 64, Move: Wolff},
		"layout sparse":                              {Model: ea, Temperatures: one, Systems: 64, Layout: "sparse"},
		"all 64 samples of":                          {Model: Ising{L: 4, D: 2}, Temperatures: one, Systems: 64},
		"not a lattice of even side":                 {Model: EdwardsAnderson{L: 5, D: 2}, Temperatures: one, Systems: 64},
		"sk N=8 is not a lattice of even side":       {Model: SherringtonKirkpatrick{N: 8}, Temperatures: one, Systems: 64},
		"L=4 gaussian is not a lattice of even side": {Model: EdwardsAnderson{L: 4, D: 2, Gaussian: true}, Temperatures: one, Systems: 64},
	} {
		b, err := engine.Open("cpu", engine.Options{Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		tp.Shared = true
		if _, err := tp.Start(b); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: error %v, want %q", tp, err, want)
		}
	}
}
