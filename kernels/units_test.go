package kernels_test

import (
	"context"
	"math"
	"testing"

	"gonum.org/v1/gonum/stat"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/kernels"
	"cavity/kernels/kerneltest"
)

// one runs a graph of one input once.
func one(t *testing.T, x []float64, build func(x *gorgonia.Node) (*gorgonia.Node, error), shape ...int) []float64 {
	t.Helper()
	g := gorgonia.NewGraph()
	out, err := build(gorgonia.NewTensor(g, tensor.Float64, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName("x")))
	if err != nil {
		t.Fatal(err)
	}
	p, err := engine.Compile(engine.Plan{Seed: 4, Stages: []engine.Stage{{Name: "s", Graph: g, Repeat: 1, Next: map[string]*gorgonia.Node{"y": out}}}}, kerneltest.Bound{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	y := make([]float64, len(x))
	if _, used := p.Slots()["x"]; used {
		if err := p.Write("x", x); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Step(context.Background(), 1); err != nil {
		t.Fatal(err)
	}
	if err := p.Read("y", y); err != nil {
		t.Fatal(err)
	}
	return y
}

// The mean is the derivative of the logarithm of the partition function, which is that of a numerical integral; samples
// have the law's mean within 4.5 standard errors (false alarm 7e-6 each).
func TestRectifiedLaw(t *testing.T) {
	for _, x := range []float64{-60, -36, -20.5, -20.0002, -19.9998, -13, -3, 0, .5, 4, 20} {
		const d, n = 1e-4, 4000
		at := []float64{x - d, x, x + d}
		log := one(t, at, kernels.RectifiedLogPartition, 3)
		mean := one(t, at, kernels.RectifiedMean, 3)[1]
		if slope := (log[2] - log[0]) / (2 * d); math.Abs(slope-mean) > 1e-5*mean+1e-9 {
			t.Errorf("x = %v: mean %v, slope of the logarithm %v", x, mean, slope)
		}
		top, sum := math.Max(x, 0)+12, 0.0
		if x < -1 {
			top = 40 / -x
		}
		const cells = 1 << 16
		for k := range cells {
			h := (float64(k) + .5) * top / cells
			sum += math.Exp(x*h-h*h/2) * top / cells
		}
		if want := math.Log(sum / math.Sqrt(2*math.Pi)); math.Abs(log[1]-want) > 1e-6 {
			t.Errorf("x = %v: ln Z is %v, integrated %v", x, log[1], want)
		}
		many := make([]float64, n)
		for i := range many {
			many[i] = x
		}
		h := one(t, many, func(x *gorgonia.Node) (*gorgonia.Node, error) { return kernels.Rectified(x, 2) }, n)
		m, s := stat.MeanStdDev(h, nil)
		if !(math.Abs(m-mean) <= 4.5*s/math.Sqrt(n)) { // also when it is not a number
			t.Errorf("x = %v: the samples' mean is %v ± %v, want %v", x, m, s/math.Sqrt(n), mean)
		}
	}
}

// Frequencies of states fit softmax: χ² with 3 degrees of freedom below 27 (false alarm 6e-6). OneHot is uniform: χ² with 4 below 30.
func TestCategoricalLaw(t *testing.T) {
	const rows = 6000
	logits := []float64{1, -1, 0, 2, 0}
	x := make([]float64, rows*5)
	for i := range x {
		x[i] = logits[i%5]
		if i%5 == 4 {
			x[i] = -800 // never
		}
	}
	count := func(y []float64) (c [5]float64) {
		for i, v := range y {
			c[i%5] += v
		}
		return c
	}
	total := math.E + 1/math.E + 1 + math.Exp(2)
	got := count(one(t, x, func(x *gorgonia.Node) (*gorgonia.Node, error) { return kernels.Categorical(x, 5, 2) }, rows, 5))
	uniform := count(one(t, x, func(x *gorgonia.Node) (*gorgonia.Node, error) { return kernels.OneHot(x, 3) }, rows, 5))
	chi, chiUniform := 0.0, 0.0
	for k := range 5 {
		if k < 4 {
			want := rows * math.Exp(logits[k]) / total
			chi += (got[k] - want) * (got[k] - want) / want
		}
		chiUniform += (uniform[k] - rows/5) * (uniform[k] - rows/5) / (rows / 5)
	}
	if chi > 27 || got[4] != 0 || chiUniform > 30 {
		t.Errorf("states %v (χ² %.1f), uniform %v (χ² %.1f)", got, chi, uniform, chiUniform)
	}
}
