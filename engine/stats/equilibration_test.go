package stats

import (
	"math"
	"testing"
)

func TestLogBins(t *testing.T) {
	var l LogBins
	for i := range 1 + 2 + 4 + 8 + 3 {
		l.Add(float64(i))
	}
	if l.Complete() != 4 {
		t.Errorf("18 steps make %d complete bins", l.Complete())
	}
	for k, want := range []float64{0, 1.5, 4.5, 10.5} {
		near(t, "mean of a bin", l.Bin(k).Value, want, 1e-12)
	}
	l.Add(math.NaN())
	if l.Bad() != 1 {
		t.Errorf("%d bad values", l.Bad())
	}
	if _, err := l.Drift(3); err == nil {
		t.Error("18 steps were enough for a test of equilibration")
	}
}

// TestDriftOfOneRun: of 200 equilibrium chains about a tenth has p < .1 (errors that are themselves estimated make it more: 20 % is the bound,
// passed by chance with probability 1e-5), and a drift with the logarithm of time is always seen.
func TestDriftOfOneRun(t *testing.T) {
	const n = 1<<14 - 1
	low := 0
	for s := range uint64(200) {
		var still, drifting LogBins
		for i, v := range chain(300+s, .5, n) {
			still.Add(v)
			drifting.Add(v + .3*math.Log(float64(i+1)))
		}
		d, err := still.Drift(3)
		if err != nil {
			t.Fatal(err)
		}
		if d.P < .1 {
			low++
		}
		if len(d.Bins) != 14 {
			t.Fatalf("%d bins of %d steps", len(d.Bins), n)
		}
		if d, err = drifting.Drift(3); err != nil || d.P > 1e-6 {
			t.Errorf("a drift has p = %v, %v", d.P, err)
		}
	}
	if low > 40 {
		t.Errorf("%d of 200 equilibrium chains have p < .1", low)
	}
	var frozen LogBins
	for range n {
		frozen.Add(-1)
	}
	if d, err := frozen.Drift(3); err != nil || d.P != 1 {
		t.Errorf("a frozen energy has p = %v, %v", d.P, err)
	}
}

// TestDriftAcross: p-values of samples in equilibrium are uniform although the samples scatter; a common drift is seen through that scatter.
func TestDriftAcross(t *testing.T) {
	const trials, samples = 400, 30
	low := 0
	for s := range uint64(trials) {
		rows := columns(9000+1000*s, samples, 0, 0, 0, 0, 0)
		for i, r := range rows {
			for k := range r {
				r[k] += 10 * math.Sin(float64(i)) // the sample's own value
			}
		}
		d, err := DriftAcross(rows, 3)
		if err != nil {
			t.Fatal(err)
		}
		if d.P < .1 {
			low++
		}
		if s < 20 {
			for _, r := range rows {
				r[2] += 3
			}
			if d, err = DriftAcross(rows, 3); err != nil || d.P > 1e-6 {
				t.Errorf("a drift has p = %v, %v", d.P, err)
			}
		}
	}
	covered(t, "p below .1", low, trials, .1)
	for name, bins := range map[string][][]float64{"few": columns(1, 3, 0, 0, 0), "equal": {{1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}}} {
		if d, err := DriftAcross(bins, 3); err == nil {
			t.Errorf("%s samples were accepted with p = %v", name, d.P)
		}
	}
}

// TestIntegrateOrder: halving the panels divides the error by 4 without slopes and by 16 with them.
func TestIntegrateOrder(t *testing.T) {
	exact := math.E - 1
	var last [2]float64
	for i, n := range []int{8, 16, 32} {
		x, y := make([]float64, n+1), make([]float64, n+1)
		for j := range x {
			x[j] = float64(j) / float64(n)
			y[j] = math.Exp(x[j])
		}
		for with, slope := range [][]float64{nil, y} {
			r, err := Integrate(x, y, nil, slope)
			if err != nil {
				t.Fatal(err)
			}
			e := math.Abs(r.Value[n] - exact)
			if i > 0 {
				near(t, "ratio of errors", last[with]/e, []float64{4, 16}[with], .1*[]float64{4, 16}[with])
			}
			if q := r.Quadrature[n]; q < .8*e {
				t.Errorf("quadrature error %v, estimated %v", e, q)
			}
			last[with] = e
		}
	}
	// Errors of independent points with weights h/2, h, …, h/2.
	r, _ := Integrate([]float64{0, 1, 3}, []float64{1, 1, 1}, []float64{.1, .2, .4}, nil)
	near(t, "error of one panel", r.Err[1], math.Hypot(.05, .1), 1e-12)
	near(t, "error of two panels", r.Err[2], math.Sqrt(.05*.05+.3*.3+.4*.4), 1e-12)
	for name, c := range map[string][4][]float64{
		"falling": {{1, 0}, {1, 1}}, "one": {{1}, {1}}, "nan": {{0, 1}, {1, math.NaN()}}, "ragged": {{0, 1}, {1, 1}, {1}}, "slopes": {{0, 1}, {1, 1}, nil, {1}},
	} {
		if _, err := Integrate(c[0], c[1], c[2], c[3]); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestThermodynamicIntegration: n free spins in a field, E = -n tanh β, Var E = n/cosh²β, ln Z = n ln(2 cosh β).
func TestThermodynamicIntegration(t *testing.T) {
	const n = 100
	var beta, variance []float64
	var energy []Estimate
	for i := range 21 {
		b := .1 * float64(i)
		beta = append(beta, b)
		energy = append(energy, Estimate{-n * math.Tanh(b), .1})
		variance = append(variance, n/(math.Cosh(b)*math.Cosh(b)))
	}
	lnZ, quadrature, err := ThermodynamicIntegration(n*math.Ln2, beta, energy, variance)
	if err != nil {
		t.Fatal(err)
	}
	for i, b := range beta {
		near(t, "ln Z", lnZ[i].Value, n*math.Log(2*math.Cosh(b)), 5e-4)
		near(t, "ln Z against the estimated error", lnZ[i].Value, n*math.Log(2*math.Cosh(b)), quadrature[i])
	}
	near(t, "its error", lnZ[20].Err, .1*.1*math.Sqrt(19.5), 1e-12)
}
