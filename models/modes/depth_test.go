package modes

import (
	"fmt"
	"math"
	"testing"
)

// Linear layers of unequal widths: 1/D′ = 1/n′ + 1/D exactly for large widths. tanh layers as simulated: eight seeds deviated by
// .002, .004 and .0075 of D in the three layers, and four times that are allowed (false alarm about 1e-4).
func TestRecursionOfWidths(t *testing.T) {
	units := []int{300, 500, 200}
	d, err := Recursion{Activation: "linear", Square: 1, Dimension: 400}.Dimensions(units, []float64{2, .5, 3})
	if err != nil {
		t.Fatal(err)
	}
	inverse := 1. / 400
	for l, n := range units {
		inverse += 1 / float64(n)
		near(t, "D of linear layers", d[l], 1/inverse, 1e-9)
	}
	n := Network{Layers: []int{400, 300, 500, 200, 1}, Space: Weight, Activation: "tanh"}
	w := Weights{}
	for i, p := range n.Parameters() {
		w[p.Name] = p.Initial(1, i)
	}
	n, w, gain := n.Shuffled(w, 7)
	near(t, "gain of 2/n", gain[0], 2, .05)
	d, err = Recursion{Activation: "tanh", Square: 1, Dimension: 400}.Dimensions(units, gain)
	if err != nil {
		t.Fatal(err)
	}
	all, err := n.response(open(t, "cpu", 1), w, 4000, 3)
	if err != nil {
		t.Fatal(err)
	}
	for l, a := range all {
		got, err := ParticipationRatio(a, units[l], false)
		if err != nil {
			t.Fatal(err)
		}
		near(t, fmt.Sprintf("D of layer %d over theory", l+1), got/d[l], 1, []float64{.008, .018, .03}[l])
		t.Logf("%.2f, theory %.2f", got, d[l])
	}
	for _, r := range []Recursion{{"relu", 1, 5}, {"tanh", 0, 5}, {"tanh", 1, math.NaN()}} {
		if _, err := r.Dimensions([]int{3}, []float64{1}); err == nil {
			t.Errorf("%+v was accepted", r)
		}
	}
}

// A shuffled network has the same weights in another order.
func TestShuffled(t *testing.T) {
	n := Network{Layers: []int{4, 3}, Space: Modes, P: 2}
	w := Weights{"in1": {1, 2, 3, 4, 5, 6, 7, 8}, "sigma1": {1, -1}, "out1": {1, 2, 3, 4, 5, 6}}
	m, x, gain := n.Shuffled(w, 1)
	sum := func(x []float64, f func(float64) float64) (s float64) {
		for _, v := range x {
			s += f(v)
		}
		return s
	}
	full := n.explicit(w, 0)
	for k, f := range []func(float64) float64{func(x float64) float64 { return x }, func(x float64) float64 { return x * x }, func(x float64) float64 { return x * x * x }} {
		near(t, fmt.Sprintf("sum of powers %d", k+1), sum(x["W1"], f), sum(full, f), 1e-9)
	}
	near(t, "gain", gain[0], sum(full, func(x float64) float64 { return x * x })/12*4, 1e-12)
	if m.Space != Weight || fmt.Sprint(x["W1"]) == fmt.Sprint(full) {
		t.Errorf("%v of %v in the space %s", x["W1"], full, m.Space)
	}
}
