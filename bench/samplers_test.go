package bench

import (
	"context"
	"math"
	"testing"
	"time"

	"gonum.org/v1/gonum/stat"

	"cavity/engine"
	"cavity/engine/rng"
	"cavity/engine/stats"
)

// autoregressive are chains x ← a x + √(1-a²) z, z normal, whose autocorrelation time is ½(1+a)/(1-a) steps; a step takes a
// millisecond of the clock and a measurement nothing.
func autoregressive(a float64, seed uint64, now *time.Duration) chains {
	x := make([]float64, 4)
	z := make([]float64, 4)
	t := uint64(0)
	return chains{count: len(x), step: func(n int) error {
		for range n {
			rng.At(seed, t, 0, 0).FillNormal64(z, 0)
			t++
			for i := range x {
				x[i] = a*x[i] + math.Sqrt(1-a*a)*z[i]
			}
			*now += time.Millisecond
		}
		return nil
	}, observe: func(y [][]float64) error { copy(y[0], x); return nil }, check: func() error { return nil }}
}

// The figures of chains with a known law: τ = 9.5 steps of 1 ms shared by four chains, and 4·1000/19 effective values a second.
// With four errors the false-alarm rate is below 1e-4 each; seeds are fixed.
func TestMixingOfKnownChains(t *testing.T) {
	var now time.Duration
	o := Budget{Length: 10 * time.Second, Seeds: 3, Clock: func() time.Duration { return now }}
	s := study{figure: "x", observables: []observable{{"x", 0}}, free: math.NaN()}
	rows, err := s.rows("known", o, func(seed uint64) (chains, error) { return autoregressive(.9, seed, &now), nil })
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{4 * 1000 / 19., 9.5 / 4} {
		if r := rows[i]; r.Note != "" || math.Abs(r.Value-want) > 4*r.Err || r.Err > .1*want {
			t.Errorf("%s: %v ± %v %s (%s), exactly %v", r.Quantity, r.Value, r.Err, r.Unit, r.Note, want)
		}
	}
	// the error of the mean of n/2 values with τ = 9.5: √(2τ/(n/2)), within a fifth at times well above τ
	trace := rows[0].Trace
	for i, x := range trace.Seconds {
		n := 1000 * x * 4
		if want := math.Sqrt(2 * 9.5 / (n / 2)); n > 2000 && (trace.Error[i] < want/2 || trace.Error[i] > 2*want) {
			t.Errorf("error %v after %v steps, expected %v", trace.Error[i], n, want)
		}
	}
	s.observables[0].exact = .5
	if _, err := s.rows("biased", o, func(seed uint64) (chains, error) { return autoregressive(.9, seed, &now), nil }); err == nil {
		t.Error("a mean of 0 passed for 0.5")
	}
	rows, err = s.rows("slow", o, func(seed uint64) (chains, error) { return autoregressive(.99999, seed, &now), nil })
	if err != nil || rows[0].Note == "" {
		t.Errorf("chains of τ = 100 s in 10 s: %+v, %v", rows, err)
	}
}

// Attempts that hit with probability 1/8 every millisecond need 8 ms; an energy below the target is found out.
func TestTimeToTarget(t *testing.T) {
	var now time.Duration
	o := Budget{Length: 2 * time.Second, Seeds: 2, Clock: func() time.Duration { return now }}
	start := func(seed uint64) (search, error) {
		k := uint64(0)
		return func() (float64, bool, error) {
			now += time.Millisecond
			k++
			if rng.At(seed, k, 0, 0).Below(0, 8) == 0 {
				return -5, false, nil
			}
			return -4, k == 20, nil
		}, nil
	}
	r, err := timeToTarget(-5, o, start)
	if err != nil || math.Abs(r.Value-.008) > 4*r.Err || r.Err > .001 {
		t.Errorf("%+v, %v: 8 ms (false alarm 6e-5)", r, err)
	}
	if _, err := timeToTarget(-4, o, start); err == nil {
		t.Error("an energy below the lowest passed")
	}
	if r, err := timeToTarget(-6, o, start); err != nil || r.Note == "" {
		t.Errorf("a target that is never reached: %+v, %v", r, err)
	}
}

func TestFreeError(t *testing.T) {
	r := freeError([]stats.Estimate{{Value: 1.3, Err: .1}, {Value: .6, Err: .1}}, 1)
	if want := math.Sqrt((.09 + .16) / 2); math.Abs(r.Value-want) > 1e-12 || math.Abs(r.Err-want/2) > 1e-12 {
		t.Errorf("%+v", r)
	}
}

// Lower rows are held to the same peaks, and without a peak there is no share.
func TestRoofline(t *testing.T) {
	half := func(p Peak) float64 { return 50 / p.GFLOPs }
	rs := []Result{{Backend: "cpu", Workers: 1, Unit: "GFLOP/s", Value: 100}, {Backend: "cpu", Workers: 1, Unit: "GB/s", Value: 10},
		{Backend: "cpu", Workers: 1, Unit: "ms", bound: half}, {Backend: "cpu", Workers: 2, Unit: "ms", bound: half}}
	Roofline(rs)
	if rs[2].Roofline != .5 || rs[3].Roofline != 0 {
		t.Errorf("shares %v and %v", rs[2].Roofline, rs[3].Roofline)
	}
}

// Peak memory follows an allocation and is forgotten again.
func TestPeakMemory(t *testing.T) {
	if !resetPeakMemory() {
		t.Skip("this system does not reset the peak")
	}
	before := peakMemory()
	block := make([]byte, 100<<20)
	for i := 0; i < len(block); i += 4096 {
		block[i] = 1
	}
	if grown := peakMemory() - before; grown < 90 {
		t.Errorf("100 MiB raised the peak by %v MB", grown+float64(block[4096]-1))
	}
}

// Deep tempering keeps the law of the first machine: the mean of its visible units agrees with enumeration (the study's own
// check at six errors: false alarm 2e-9; the seed is fixed), and its chains do swap.
func TestDeepTempering(t *testing.T) {
	m, err := twoModes()
	if err != nil {
		t.Fatal(err)
	}
	b, err := engine.Open("cpu", engine.Options{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	s, err := deep(m, b)
	if err != nil {
		t.Fatal(err)
	}
	s.Seed = 3
	run, err := s.Start(b)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	v, _, _, err := m.Moments()
	if err != nil {
		t.Fatal(err)
	}
	exact, nv := stat.Mean(v, nil), m.Visible.Count
	series := make([][]float64, s.Chains)
	for step := range 3000 {
		if err := run.Step(ctx, 8); err != nil {
			t.Fatal(err)
		}
		x, err := run.States()
		if err != nil {
			t.Fatal(err)
		}
		if step < 300 {
			continue
		}
		for c := range series {
			mean := 0.0
			for _, y := range x[c*nv : (c+1)*nv] {
				mean += float64(y) / float64(nv)
			}
			series[c] = append(series[c], mean)
		}
	}
	a, err := stats.Tau(series...)
	if err != nil {
		t.Fatal(err)
	}
	if d := a.Mean.Sigmas(exact); math.Abs(d) > 6 || a.Effective < 50 {
		t.Errorf("mean visible unit %v (%v effective values), exactly %v", a.Mean, a.Effective, exact)
	}
	swaps, err := run.Swaps()
	if err != nil || len(swaps) != 1 || swaps[0] < .05 || swaps[0] > 1 {
		t.Errorf("share of swaps %v, %v", swaps, err)
	}
}
