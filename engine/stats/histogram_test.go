package stats

import (
	"math"
	"testing"

	"cavity/engine/rng"
)

func TestHistogramCounts(t *testing.T) {
	h, err := NewHistogram(-1, 1, 4)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []float64{-1, -.51, -.5, 0, .49, .5, 1, 1.01, -1.5, math.NaN(), math.Inf(1)} {
		h.Add(x)
	}
	h.AddWeighted(.1, 2.5)
	h.AddWeighted(.1, -1)
	h.AddWeighted(.1, math.NaN())
	for i, want := range []float64{2, 1, 2 + 2.5, 2} {
		if h.Weight(i) != want {
			t.Errorf("bin %d holds %v, want %v", i, h.Weight(i), want)
		}
	}
	below, above := h.Outside()
	if below != 1 || above != 2 || h.Bad() != 3 || h.Total() != 12.5 {
		t.Errorf("below %v, above %v, bad %d, total %v", below, above, h.Bad(), h.Total())
	}
	near(t, "center", h.Center(3), .75, 1e-15)
	e := h.Density(2)
	near(t, "density", e.Value, 4.5/12.5/.5, 1e-12)
	near(t, "its error", e.Err, math.Sqrt(2+6.25)/12.5/.5, 1e-12)
	other, _ := NewHistogram(-1, 1, 4)
	other.Add(0)
	if err := h.Merge(other); err != nil || h.Weight(2) != 5.5 {
		t.Errorf("merged: %v, %v", h.Weight(2), err)
	}
	wrong, _ := NewHistogram(-1, 1, 5)
	if h.Merge(wrong) == nil {
		t.Error("histograms of different bins were merged")
	}
	for _, bad := range []struct {
		lo, hi float64
		bins   int
	}{{1, 1, 3}, {2, 1, 3}, {math.NaN(), 1, 3}, {0, math.Inf(1), 3}, {0, 1, 0}} {
		if _, err := NewHistogram(bad.lo, bad.hi, bad.bins); err == nil {
			t.Errorf("histogram %+v was accepted", bad)
		}
	}
}

// TestHistogramOfGaussian: each density agrees with the exact probability of its bin.
func TestHistogramOfGaussian(t *testing.T) {
	h, _ := NewHistogram(-2, 2, 40)
	for _, x := range chain(123, 0, 1<<17) {
		h.Add(x)
	}
	for i := range h.Bins() {
		lo := h.Center(i) - h.Width()/2
		p := (math.Erf((lo+h.Width())/math.Sqrt2) - math.Erf(lo/math.Sqrt2)) / 2 / h.Width()
		near(t, "density in errors", h.Density(i).Sigmas(p), 0, alarm)
	}
}

// Chi-square p-values against tables: the 5 % points of 1, 2, 10 and 100 degrees of freedom.
func TestChiSquareP(t *testing.T) {
	for dof, x := range map[float64]float64{1: 3.841458820694124, 2: 5.991464547107979, 10: 18.307038053275146, 100: 124.34211340400408} {
		p, err := ChiSquareP(x, dof)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "p", p, .05, 1e-12)
	}
	if p, err := ChiSquareP(math.Inf(1), 3); err != nil || p != 0 {
		t.Errorf("infinite chi-square: %v, %v", p, err)
	}
	for _, bad := range [][2]float64{{-1, 1}, {math.NaN(), 1}, {1, 0}, {1, math.NaN()}} {
		if _, err := ChiSquareP(bad[0], bad[1]); err == nil {
			t.Errorf("chi-square %v was accepted", bad)
		}
	}
}

func TestChiSquareTest(t *testing.T) {
	// 10/20/30 against 20/20/20: (100+0+100)/20 = 10, p = exp(-5).
	chi2, p, err := ChiSquareTest([]float64{10, 20, 30}, []float64{20, 20, 20})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "chi-square", chi2, 10, 1e-12)
	near(t, "p", p, math.Exp(-5), 1e-12)
	// Sparse bins are joined: 3+3 and the last 1 with the bin before it.
	chi2, _, err = ChiSquareTest([]float64{4, 4, 9, 0}, []float64{3, 3, 10, 1})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "joined chi-square", chi2, 4./6+4./11, 1e-12)
	for _, bad := range [][2][]float64{{{1, 2}, {1}}, {{10, 10}, {10, 11}}, {{1, 1}, {1, 1}}, {{-5, 25}, {10, 10}}, {{math.NaN(), 1}, {5, 5}}} {
		if _, _, err := ChiSquareTest(bad[0], bad[1]); err == nil {
			t.Errorf("counts %v against %v were accepted", bad[0], bad[1])
		}
	}
	// p-values of the true law are uniform: of 400, the number below .1 is binomial.
	hits := 0
	for s := range uint64(400) {
		counts, expected := make([]float64, 10), make([]float64, 10)
		for e := range uint64(1000) {
			counts[rng.At(7, s, 0, 0).Below(e, 10)]++
		}
		for i := range expected {
			expected[i] = 100
		}
		if _, p, _ := ChiSquareTest(counts, expected); p < .1 {
			hits++
		}
	}
	covered(t, "p below .1", hits, 400, .1)
}

func TestLine(t *testing.T) {
	x, y, s := []float64{1, 2, 4, 8}, []float64{1, 3, 7, 15}, []float64{1, 2, .5, 1}
	f, err := Line(x, y, s)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "slope", f.Slope.Value, 2, 1e-12)
	near(t, "intercept", f.Intercept.Value, -1, 1e-12)
	near(t, "chi-square", f.Chi2, 0, 1e-12)
	near(t, "line at 3", f.At(3).Value, 5, 1e-12)
	near(t, "error at 0", f.At(0).Err, f.Intercept.Err, 1e-12)
	// Two points: the errors are those of the straight line through them.
	f, _ = Line([]float64{0, 2}, []float64{1, 1}, []float64{.3, .4})
	near(t, "error of the slope of two points", f.Slope.Err, .25, 1e-12)
	near(t, "error of the intercept of two points", f.Intercept.Err, .3, 1e-12)
	if !math.IsNaN(f.P) || f.DoF != 0 {
		t.Errorf("two points have p-value %v with %d degrees of freedom", f.P, f.DoF)
	}
	for _, bad := range [][3][]float64{{{1}, {1}, {1}}, {{1, 1}, {1, 2}, {1, 1}}, {{1, 2}, {1, 2}, {0, 1}}, {{1, 2}, {1, math.NaN()}, {1, 1}}, {{1, 2}, {1}, {1, 1}}} {
		if _, err := Line(bad[0], bad[1], bad[2]); err == nil {
			t.Errorf("line through %v was accepted", bad)
		}
	}
}

// TestLineCoverage: errors and p-values of fits to a true line have their nominal rates, far from the origin too.
func TestLineCoverage(t *testing.T) {
	const trials = 500
	slope, low := 0, 0
	x, s := make([]float64, 12), make([]float64, 12)
	for i := range x {
		x[i], s[i] = 1e4+float64(i), .5+float64(i%3)
	}
	for trial := range uint64(trials) {
		y := make([]float64, 12)
		rng.At(21, trial, 0, 0).FillNormal64(y, 0)
		for i := range y {
			y[i] = 3 - .7*x[i] + s[i]*y[i]
		}
		f, err := Line(x, y, s)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(f.Slope.Sigmas(-.7)) < 1 {
			slope++
		}
		if f.P < .1 {
			low++
		}
	}
	covered(t, "slope within its error", slope, trials, .683)
	covered(t, "p below .1", low, trials, .1)
}

func TestConstant(t *testing.T) {
	e, chi2, p, err := Constant([]float64{1, 3}, []float64{1, .5})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "weighted mean", e.Value, 2.6, 1e-12)
	near(t, "error", e.Err, math.Sqrt(.2), 1e-12)
	near(t, "chi-square", chi2, 4/1.25, 1e-12)
	near(t, "p", p, math.Erfc(math.Sqrt(3.2/2)), 1e-12)
	if _, _, _, err := Constant(nil, nil); err == nil {
		t.Error("the mean of nothing was accepted")
	}
}
