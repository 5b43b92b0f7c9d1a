package stats

import (
	"math"
	"testing"

	"cavity/engine/cpu/level"
	"cavity/engine/rng"
)

// Statistical tests have fixed seeds. Unless another rate is stated they compare z scores with 5: false-alarm rate 6e-7 each.
const alarm = 5

// chain is a stationary AR(1) process x' = a·x + √(1-a²)·ξ of variance 1: ρ(t) = a^t, τ_int = (1+a)/(2(1-a)).
func chain(seed uint64, a float64, n int) []float64 {
	x := make([]float64, n)
	rng.At(seed, 0, 0, 1).FillNormal64(x, 0)
	b := math.Sqrt(1 - a*a)
	for i := 1; i < n; i++ {
		x[i] = a*x[i-1] + b*x[i]
	}
	return x
}

func exactTau(a float64) float64 { return (1 + a) / (2 * (1 - a)) }

// exactError is the standard deviation of the mean of n steps: variance/n·(1 + 2Σ(1-t/n)a^t).
func exactError(a float64, n int) float64 {
	m := float64(n)
	return math.Sqrt((1 + 2*(a/(1-a)-a*(1-math.Pow(a, m))/(m*(1-a)*(1-a)))) / m)
}

func near(t *testing.T, what string, got, want, tol float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tol) {
		t.Errorf("%s is %v, exactly %v within %v", what, got, want, tol)
	}
}

// covered counts hits of n trials of probability p and fails when they are not compatible at the alarm level.
func covered(t *testing.T, what string, hits, n int, p float64) {
	t.Helper()
	if z := (float64(hits) - float64(n)*p) / math.Sqrt(float64(n)*p*(1-p)); math.Abs(z) > alarm {
		t.Errorf("%s in %d of %d trials, expected %.0f (z = %.1f)", what, hits, n, float64(n)*p, z)
	}
}

func TestTauOfAR1(t *testing.T) {
	for i, a := range []float64{-.5, 0, .5, .9, .98} {
		r, err := Tau(chain(uint64(10+i), a, 1<<17))
		if err != nil {
			t.Fatal(err)
		}
		want := exactTau(a)
		if z := r.Tau.Sigmas(want); math.Abs(z) > 4 {
			t.Errorf("a = %v: tau %v, exact %v (window %d)", a, r.Tau, want, r.Window)
		}
		if r.Tau.Err > .15*want {
			t.Errorf("a = %v: tau %v has an error above 15 %%", a, r.Tau)
		}
		near(t, "error of the mean over the exact one", r.Mean.Err/exactError(a, 1<<17), 1, .1)
		near(t, "mean in errors", r.Mean.Sigmas(0), 0, alarm)
		near(t, "variance", r.Variance, 1, alarm*math.Sqrt(2*2*exactTau(a*a)/(1<<17)))
	}
}

// TestTauCoverage: over 400 chains the true τ and mean lie within one error as often as a Gaussian says, less what the window's bias costs
// (the tolerance of 5 binomial standard deviations is ±12 %).
func TestTauCoverage(t *testing.T) {
	const trials, n, a = 400, 1 << 12, .8
	tauHits, meanHits := 0, 0
	for s := range uint64(trials) {
		r, err := Tau(chain(1000+s, a, n/2), chain(5000+s, a, n/2))
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(r.Tau.Sigmas(exactTau(a))) < 1 {
			tauHits++
		}
		if math.Abs(r.Mean.Sigmas(0)) < 1 {
			meanHits++
		}
	}
	covered(t, "tau within its error", tauHits, trials, .683)
	covered(t, "mean within its error", meanHits, trials, .683)
}

func TestTauRefuses(t *testing.T) {
	for name, chains := range map[string][][]float64{
		"nothing": {}, "short": {{1, 2, 3}}, "constant": {make([]float64, 100)}, "nan": {{1, 2, math.NaN(), 3}},
		"alternating": {{1, -1, 1, -1, 1, -1, 1, -1, 1, -1}},
	} {
		if r, err := Tau(chains...); err == nil {
			t.Errorf("%s: accepted with tau %v", name, r.Tau)
		}
	}
}

func TestAutocorrelation(t *testing.T) {
	const a = .7
	x := chain(3, a, 1<<17)
	long, err := Autocorrelation(x, 400) // by transform
	if err != nil {
		t.Fatal(err)
	}
	short, err := Autocorrelation(x, 40) // directly
	if err != nil {
		t.Fatal(err)
	}
	for lag, rho := range short {
		near(t, "direct against transform", rho, long[lag], 1e-12)
		near(t, "rho", rho, math.Pow(a, float64(lag)), alarm*math.Sqrt(2*exactTau(a*a)/(1<<17))) // Bartlett's bound
	}
	for _, bad := range []struct {
		x   []float64
		lag int
	}{{nil, 0}, {x[:5], 5}, {x[:5], -1}, {[]float64{1, 1, 1}, 1}, {[]float64{1, math.Inf(1), 2}, 1}} {
		if _, err := Autocorrelation(bad.x, bad.lag); err == nil {
			t.Errorf("autocorrelation of %v up to %d was accepted", bad.x, bad.lag)
		}
	}
}

func TestBinningOfAR1(t *testing.T) {
	for i, a := range []float64{0, .5, .9} {
		const n = 1 << 18
		var b Binning
		for _, v := range chain(uint64(20+i), a, n) {
			b.Add(v)
		}
		e, converged := b.Estimate()
		if !converged {
			t.Errorf("a = %v: not converged after %d steps", a, n)
		}
		near(t, "error over the exact one", e.Err/exactError(a, n), 1, .12)
		near(t, "mean in errors", e.Sigmas(0), 0, alarm)
		tau, _ := b.Tau()
		near(t, "tau over the exact one", tau/exactTau(a), 1, .25)
		levels := b.Levels(nil)
		if levels[0].Blocks != n || levels[3].Size != 8 || levels[3].Blocks != n/8 {
			t.Errorf("levels %+v", levels[:4])
		}
		// Level l has the exact error √(var of a block/number of blocks).
		for _, l := range levels[:8] {
			want := exactError(a, int(l.Size)) / math.Sqrt(float64(l.Blocks))
			near(t, "error of a level", l.Err, want, 2*alarm*l.ErrErr)
		}
	}
	var short Binning
	for _, v := range chain(5, .999, 200) {
		short.Add(v)
	}
	if _, converged := short.Estimate(); converged {
		t.Error("200 steps of a chain with tau 1000 were called converged")
	}
}

func TestBinningIsNaNSafe(t *testing.T) {
	var b Binning
	if !math.IsNaN(b.Mean()) || !math.IsNaN(b.Variance()) {
		t.Error("an empty binning has a mean or a variance")
	}
	for range 64 {
		b.Add(3)
		b.Add(math.NaN())
		b.Add(math.Inf(-1))
	}
	e, converged := b.Estimate()
	if b.Bad() != 128 || b.N() != 64 || e != (Estimate{3, 0}) || !converged {
		t.Errorf("%d bad of %d, %v, %v", b.Bad(), b.N(), e, converged)
	}
	if tau, _ := b.Tau(); tau != .5 {
		t.Errorf("tau of a constant is %v", tau)
	}
}

// TestAccumulatorsAllocateNothing runs at whatever level: the accumulators are plain Go.
func TestAccumulatorsAllocateNothing(t *testing.T) {
	var m Moments
	var b Binning
	var l LogBins
	h, _ := NewHistogram(-1, 1, 10)
	blocks, _ := NewBlocks(2, 8)
	row := []float64{1, 2}
	x := 0.
	if n := testing.AllocsPerRun(1000, func() {
		x += .001
		row[0] = x
		m.Add(x)
		b.Add(x)
		l.Add(x)
		h.AddWeighted(x, .5)
		blocks.Add(row)
		blocks.Rows()
	}); n != 0 {
		t.Errorf("%v allocations a measurement (level %v)", n, level.Of())
	}
}
