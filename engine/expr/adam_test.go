package expr_test

import (
	"context"
	"math"
	"testing"

	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/cpu"
	"cavity/engine/expr"
)

// Updates down θ²/2 agree with the recursion written out. The second number has no gradient but a moment left from before: its
// moments stay normal numbers, where without the speck the first would be subnormal after 820 updates and zero soon after.
func TestAdam(t *testing.T) {
	const rate, updates = .01, 3000
	g := expr.New(tensor.Float32)
	p, mask := g.Slot("p", 2), g.Slot("mask", 2)
	next := map[string]expr.Node{}
	adam := g.Adam(next)
	next["p"] = g.Sub(p, g.Scale(adam.Direction(p, g.Had(p, mask)), rate))
	stage, err := g.Stage("update", 1, next)
	if err != nil {
		t.Fatal(err)
	}
	pr, err := engine.Compile(engine.Plan{Stages: []engine.Stage{stage}}, cpu.New(engine.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	one := []float32{1}
	for slot, x := range map[string][]float32{"p": {1, 1}, "mask": {1, 0}, "m.p": {0, .1}, expr.AdamPowers[0]: one, expr.AdamPowers[1]: one} {
		if err := pr.Write(slot, x); err != nil {
			t.Fatal(err)
		}
	}
	theta, m, v := 1., 0., 0.
	got, moments := make([]float32, 2), make([]float32, 2)
	for k := 1; k <= updates; k++ {
		if err := pr.Step(context.Background(), 1); err != nil {
			t.Fatal(err)
		}
		m, v = .9*m+.1*theta, .999*v+.001*theta*theta
		theta -= rate * m / (1 - math.Pow(.9, float64(k))) / (math.Sqrt(v/(1-math.Pow(.999, float64(k)))) + 1e-8)
		if k == 50 { // later rounding errors of float32 grow about the minimum
			if err := pr.Read("p", got); err != nil {
				t.Fatal(err)
			}
			if d := math.Abs(float64(got[0]) - theta); d > 1e-5 {
				t.Errorf("after %d updates %v, by the recursion %v", k, got[0], theta)
			}
		}
	}
	for _, slot := range []string{"m.p", "v.p"} {
		if err := pr.Read(slot, moments); err != nil {
			t.Fatal(err)
		}
		if !(moments[1] >= 0x1p-126) {
			t.Errorf("%s of a number without gradient is %g", slot, moments[1])
		}
	}
}
