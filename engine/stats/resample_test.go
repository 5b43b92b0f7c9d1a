package stats

import (
	"math"
	"testing"

	"cavity/engine/rng"
)

// columns makes rows of independent normal numbers with the given means.
func columns(seed uint64, n int, means ...float64) [][]float64 {
	rows := make([][]float64, n)
	for i := range rows {
		rows[i] = make([]float64, len(means))
		rng.At(seed, uint64(i), 0, 2).FillNormal64(rows[i], 0)
		for k, m := range means {
			rows[i][k] += m
		}
	}
	return rows
}

// TestJackknifeIdentities: of the mean the jackknife gives the mean and its standard error; of the squared mean it gives x̄²-s²/n,
// whose expectation is exactly the square of the true mean. Both hold to rounding for any data.
func TestJackknifeIdentities(t *testing.T) {
	rows := columns(1, 25, 2)
	var m Moments
	for _, r := range rows {
		m.Add(r[0])
	}
	e, err := Jackknife(rows, func(x []float64) float64 { return x[0] })
	if err != nil {
		t.Fatal(err)
	}
	near(t, "mean", e.Value, m.Mean(), 1e-12)
	near(t, "error", e.Err, m.Estimate().Err, 1e-12)
	e, err = Jackknife(rows, func(x []float64) float64 { return x[0] * x[0] })
	if err != nil {
		t.Fatal(err)
	}
	near(t, "square", e.Value, m.Mean()*m.Mean()-m.Variance()/25, 1e-12)
}

// TestJackknifeCoverage: the error of a ratio of means covers the truth as often as a Gaussian error does.
func TestJackknifeCoverage(t *testing.T) {
	const trials = 500
	hits := 0
	for s := range uint64(trials) {
		e, err := Jackknife(columns(100+s, 100, 3, 5), func(x []float64) float64 { return x[0] / x[1] })
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(e.Sigmas(.6)) < 1 {
			hits++
		}
	}
	covered(t, "ratio within its error", hits, trials, .683)
}

func TestJackknifeCovariance(t *testing.T) {
	rows := columns(4, 40, 0, 0)
	e, cov, err := JackknifeAll(rows, 3, func(out, x []float64) { out[0], out[1], out[2] = x[0], x[1], x[0]+2*x[1] })
	if err != nil {
		t.Fatal(err)
	}
	near(t, "covariance with the sum", cov[2], cov[0]+2*cov[1], 1e-12)
	near(t, "variance of the sum", cov[8], cov[0]+4*cov[4]+4*cov[1], 1e-12)
	near(t, "error", e[2].Err*e[2].Err, cov[8], 1e-12)
}

func TestRowsAreChecked(t *testing.T) {
	first := func(x []float64) float64 { return x[0] }
	for name, rows := range map[string][][]float64{
		"none": nil, "one": {{1}}, "empty": {{}, {}}, "ragged": {{1, 2}, {1}}, "nan": {{1}, {math.NaN()}, {2}},
	} {
		if _, err := Jackknife(rows, first); err == nil {
			t.Errorf("jackknife of %s was accepted", name)
		}
		if _, err := Bootstrap(rows, 10, rng.Stream{}, first); err == nil {
			t.Errorf("bootstrap of %s was accepted", name)
		}
	}
	if _, err := Jackknife([][]float64{{1}, {-1}}, func(x []float64) float64 { return math.Log(x[0]) }); err == nil {
		t.Error("a function that is not finite was accepted")
	}
}

// TestDisorder: samples have thermal means μ_s ~ N(0, 1); [⟨O⟩²] is 1 exactly. Without the jackknife's correction it would come out as
// 1+1/blocks = 1.25, 5 errors off.
func TestDisorder(t *testing.T) {
	const samples, blocks = 1000, 4
	all := make([][][]float64, samples)
	mu := make([]float64, samples)
	rng.At(31, 0, 0, 1).FillNormal64(mu, 0)
	for s := range all {
		all[s] = columns(uint64(1000+s), blocks, mu[s])
	}
	d, err := JackknifeDisorder(all, func(x []float64) float64 { return x[0] * x[0] })
	if err != nil {
		t.Fatal(err)
	}
	near(t, "square of the thermal mean in errors", d.Sigmas(1), 0, alarm)
	if d.Sigmas(1.25) > -3 {
		t.Errorf("%v does not tell 1 from the biased 1.25", d.Estimate)
	}
	near(t, "scatter of a chi-square variable", d.Scatter, math.Sqrt2, .25)
	if !(d.Thermal > 0 && d.Thermal < d.Err) {
		t.Errorf("thermal part %v of the error %v", d.Thermal, d.Err)
	}
	if _, err := JackknifeDisorder(all[:1], func(x []float64) float64 { return x[0] }); err == nil {
		t.Error("one disorder sample was accepted")
	}
}

func TestBootstrap(t *testing.T) {
	rows := columns(8, 400, 1)
	first := func(x []float64) float64 { return x[0] }
	b, err := Bootstrap(rows, 2000, rng.At(1, 0, rng.SetupStage, 5), first)
	if err != nil {
		t.Fatal(err)
	}
	j, _ := Jackknife(rows, first)
	near(t, "value", b.Value, j.Value, 1e-12)
	near(t, "error over √((n-1)/n) of the jackknife's", b.Err/j.Err*math.Sqrt(400./399), 1, alarm/math.Sqrt(2*2000))
	near(t, "bias in its errors", b.Bias/(b.Err/math.Sqrt(2000)), 0, alarm)
	near(t, "lower quantile", (b.Quantile(.1587)-b.Value)/b.Err, -1, .15)
	near(t, "upper quantile", (b.Quantile(.8413)-b.Value)/b.Err, 1, .15)
	if b.Quantile(0) != b.Sorted[0] || b.Quantile(1) != b.Sorted[1999] || !math.IsNaN(b.Quantile(1.1)) {
		t.Error("quantiles at or beyond the ends")
	}
	again, _ := Bootstrap(rows, 2000, rng.At(1, 0, rng.SetupStage, 5), first)
	if again.Estimate != b.Estimate {
		t.Error("the same stream gave another bootstrap")
	}
}

// TestBlocks: the rows are means of consecutive values whatever the length, and a full set is joined in pairs.
func TestBlocks(t *testing.T) {
	for _, n := range []int{0, 1, 7, 8, 9, 100, 1000} {
		b, err := NewBlocks(2, 8)
		if err != nil {
			t.Fatal(err)
		}
		for i := range n {
			b.Add([]float64{float64(i), 1})
		}
		size := int(b.Size())
		if rows := b.Rows(); len(rows) != n/size || len(rows) >= 8 || n >= 8 && len(rows) < 4 || b.N() != int64(n/size*size) {
			t.Errorf("%d values in %d blocks of %d", n, len(rows), size)
		}
		for i, r := range b.Rows() {
			near(t, "mean of a block", r[0], float64(i*size)+float64(size-1)/2, 1e-12)
			near(t, "mean of ones", r[1], 1, 0)
		}
	}
	b, _ := NewBlocks(2, 8)
	b.Add([]float64{1, math.NaN()})
	b.Add([]float64{1, 2})
	if b.Bad() != 1 || b.N() != 1 || b.Rows()[0][0] != 1 {
		t.Errorf("after a bad measurement: %d bad, %v", b.Bad(), b.Rows())
	}
	for _, shape := range [][2]int{{0, 8}, {1, 7}, {1, 0}} {
		if _, err := NewBlocks(shape[0], shape[1]); err == nil {
			t.Errorf("%v observables and blocks were accepted", shape)
		}
	}
}
