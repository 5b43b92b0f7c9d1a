package modes

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"

	"cavity/models/dataset"
)

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s = %.10g, want %.10g within %g", what, got, want, tolerance)
	}
}

// Two modes with norms 5 + 13 and 1 + 1 and strengths -3 and 1: γ = 2 / 10.
func TestSignificance(t *testing.T) {
	n := Network{Layers: []int{2, 2}, Space: Modes, P: 2, Activation: "relu"}
	w := Weights{"in1": {3, 1, 4, 0}, "sigma1": {-3, 1}, "out1": {5, 12, 0, 1}}
	tau := n.Significance(w, 0)
	near(t, "τ of the first mode", tau[0], 3+.2*18, 1e-12)
	near(t, "τ of the second mode", tau[1], 1+.2*2, 1e-12)
}

func TestRankLawOfPowers(t *testing.T) {
	var tau []float64
	for r := 70; r >= 1; r-- {
		x := math.Pow(float64(r), -.13)
		if r > 10 {
			x = math.Pow(10, -.13+.82) * math.Pow(float64(r), -.82)
		}
		tau = append(tau, x)
	}
	law := Rank(tau)
	near(t, "slope of the head", law.Head, -.13, 1e-12)
	near(t, "slope of the tail", law.Tail, -.82, 1e-12)
	if !slices.IsSortedFunc(law.Tau, func(a, b float64) int { return compare(b, a) }) || len(law.Tau) != 70 {
		t.Errorf("ranked: %v", law.Tau)
	}
	for k, x := range Published.Guide(law) {
		near(t, "the law with its own slopes", x, law.Tau[k], 1e-12)
	}
	if law := Rank([]float64{2, 1}); !math.IsNaN(law.Head) {
		t.Errorf("slope of two ranks: %v", law.Head)
	}
}

// The singular values from the factors are those of W formed, and U S Vᵀ is W, in every space and for P below and above the rank.
func TestSpectrum(t *testing.T) {
	for _, n := range []Network{{Layers: []int{9, 7, 5}, Space: Modes, P: 3}, {Layers: []int{9, 7, 5}, Space: TiedModes, P: 4},
		{Layers: []int{9, 7, 5}, Space: UnitModes, P: 3}, {Layers: []int{9, 7, 5}, Space: Modes, P: 8}, {Layers: []int{9, 7, 5}}} {
		if err := n.Check(); err != nil {
			t.Fatal(err)
		}
		w := Weights{}
		for i, p := range n.Parameters() {
			w[p.Name] = p.Initial(3, i)
		}
		for l := range 2 {
			s, err := n.Spectrum(w, l)
			if err != nil {
				t.Fatal(err)
			}
			full, err := decompose(mat.NewDense(n.Layers[l], n.Layers[l+1], n.explicit(w, l)))
			if err != nil {
				t.Fatal(err)
			}
			for k, v := range s.Values {
				near(t, fmt.Sprintf("%s P=%d layer %d: singular value %d", n.Space, n.P, l+1, k), v, full.Values[k], 1e-12)
			}
			var us, m mat.Dense
			us.Mul(s.U, mat.NewDiagDense(len(s.Values), s.Values))
			m.Mul(&us, s.V.T())
			if !mat.EqualApprox(&m, mat.NewDense(n.Layers[l], n.Layers[l+1], n.explicit(w, l)), 1e-12) {
				t.Errorf("%s P=%d layer %d: U S Vᵀ is not W", n.Space, n.P, l+1)
			}
		}
	}
}

// A layer writes directions 0, 1, 2 of four; the next reads 0, 3, 1.
func TestSubspaceOverlap(t *testing.T) {
	e := func(axes ...int) *mat.Dense {
		m := mat.NewDense(4, len(axes), nil)
		for k, a := range axes {
			m.Set(a, k, -1)
		}
		return m
	}
	got := SubspaceOverlap(Spectrum{V: e(0, 1, 2)}, Spectrum{U: e(0, 3, 1)})
	for k, want := range []float64{1, .5, 2. / 3} {
		near(t, fmt.Sprintf("overlap of %d directions", k+1), got[k], want, 1e-12)
	}
}

func TestCorrelations(t *testing.T) {
	n := Network{Layers: []int{2, 2}, Space: UnitModes, P: 3}
	in, out := n.Correlations(Weights{"in1": {1, 1, 0, 0, 1, 0}, "out1": {1, 0, 0, 2, -3, 0}}, 0)
	h := math.Sqrt(.5)
	for i, want := range []float64{1, h, 0, h, 1, 0, 0, 0, 1} {
		near(t, "input modes", in[i], want, 1e-12)
	}
	for i, want := range []float64{1, 0, -1, 0, 1, 0, -1, 0, 1} {
		near(t, "output modes", out[i], want, 1e-12)
	}
	near(t, "mean absolute cosine", MeanAbsolute(out), 1./3, 1e-12)
}

// r samples at each of ±e₁ … ±eₙ have C = 1/n: D = n, and n/(1 - 1/(2r)) after the bias is subtracted.
func TestParticipationRatio(t *testing.T) {
	const n, r = 6, 5
	var a []float64
	for range r {
		for i := range n {
			for _, s := range []float64{1, -1} {
				x := make([]float64, n)
				x[i] = s
				a = append(a, x...)
			}
		}
	}
	for _, centred := range []bool{false, true} {
		d, err := ParticipationRatio(a, n, centred)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "D", d, n/(1-.5/r), 1e-12)
	}
	shifted := slices.Clone(a)
	for i := range shifted {
		shifted[i] += 3
	}
	d, err := ParticipationRatio(shifted, n, true)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "D about the mean", d, n/(1-.5/r), 1e-10)
	if _, err := ParticipationRatio([]float64{1, 0, 0, 1}, 2, false); err == nil {
		t.Error("two samples of two units were enough")
	}
}

// Corners of a square: the first coordinate is separable, the exclusive or is not: no line puts more than three right.
func TestProbe(t *testing.T) {
	a := []float64{0, 0, 0, 1, 1, 0, 1, 1}
	for _, c := range []struct {
		labels []uint8
		least  float64
		most   float64
	}{{[]uint8{0, 0, 1, 1}, 1, 1}, {[]uint8{0, 1, 1, 0}, 0, .75}} {
		p, err := Fit(a, c.labels, 2, 2)
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.Accuracy(a, c.labels)
		if err != nil {
			t.Fatal(err)
		}
		if got < c.least || got > c.most {
			t.Errorf("labels %v: accuracy %v", c.labels, got)
		}
	}
}

// With no mode removed the accuracy is the network's; with all of them the outputs are equal, and the first class is named.
func TestRemoval(t *testing.T) {
	data, err := dataset.Digits(8, 600, 300, 1)
	if err != nil {
		t.Fatal(err)
	}
	first := 0
	for _, l := range data.Test.Labels {
		if l == 0 {
			first++
		}
	}
	for _, space := range []Space{Modes, TiedModes, UnitModes} {
		tr := begin(t, Training{Network: Network{Layers: []int{64, 24, 10}, Space: space, P: 10}, Data: data, Batch: 20, Rate: .01, Seed: 2}, "cpu", 1)
		for range 8 {
			if _, err := tr.Epoch(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		w := Weights{}
		for _, p := range tr.Parameters() {
			if w[p.Name], err = tr.Parameter(p.Name); err != nil {
				t.Fatal(err)
			}
		}
		whole, err := tr.Accuracy(data.Test)
		if err != nil {
			t.Fatal(err)
		}
		c, err := tr.Network.Open(open(t, "cpu", 1), w)
		if err != nil {
			t.Fatal(err)
		}
		area := map[Order]float64{}
		for _, order := range Orders {
			f, a, err := Removal{Layer: 0, Order: order, Steps: 5, Seed: 1}.Measure(c, w, data.Test)
			if err != nil {
				t.Fatal(err)
			}
			near(t, string(space)+": accuracy of all modes", a[0], whole, 1e-12)
			near(t, string(space)+": accuracy of no modes", a[5], float64(first)/300, 1e-12)
			near(t, "the last fraction", f[5], 1, 0)
			for _, x := range a {
				area[order] += x / 6
			}
		}
		if area[Ascending] <= area[Descending] {
			t.Errorf("%s: the least significant modes removed first leave %.3f on average, the most significant first %.3f", space, area[Ascending], area[Descending])
		}
	}
}

// The recursion's own numbers, and a network of 1000 units on 4000 samples: the fluctuation of D̃ between networks of this
// size is near .001.
func TestDimensionsThroughDepth(t *testing.T) {
	r := RandomNetwork{Units: 1000, Depth: 5, Gain: .8, Activation: "tanh"}
	want := []float64{.5295, .3548, .2649, .2107, .1746}
	theory, err := r.Dimensions()
	if err != nil {
		t.Fatal(err)
	}
	measured, err := r.Simulate(open(t, "cpu", 1), 4000, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("simulated %.4f", measured)
	for l := range want {
		near(t, fmt.Sprintf("theory, layer %d", l+1), theory[l], want[l], 5e-5)
		near(t, fmt.Sprintf("simulation, layer %d", l+1), measured[l], want[l], .004)
	}
}

// One layer: 2·nm in weight space (no gradient of the pictures), P(2n + 3m) in mode space; equal squares throughout: P* is
// near n/2.
func TestOperations(t *testing.T) {
	for _, c := range []struct {
		n    Network
		want int
	}{
		{Network{Layers: []int{7, 5}, Space: Weight}, 10 * 2 * 35},
		{Network{Layers: []int{7, 5}, Space: Modes, P: 2}, 10 * 2 * (14 + 15)},
		{Network{Layers: []int{7, 5, 3}, Space: Weight}, 10 * (2*35 + 3*15)},
		{Network{Layers: []int{7, 5, 3}, Space: TiedModes, P: 2}, 10 * 2 * (14 + 15 + 15 + 9)},
	} {
		if got := c.n.Operations(10); got != c.want {
			t.Errorf("%v %s: %d operations, want %d", c.n.Layers, c.n.Space, got, c.want)
		}
	}
	deep := Network{Layers: make([]int, 101)}
	for l := range deep.Layers {
		deep.Layers[l] = 400
	}
	near(t, "P* of equal layers", deep.Crossover(), 200, .5)
}
