package modes

import (
	"context"
	"math"
	"testing"

	"cavity/models/dataset"
)

// Networks drawn from laws without spread are all the mean network; with spread they differ, and a vote of many knows about
// as much as the best.
func TestCommittee(t *testing.T) {
	data, err := dataset.Digits(8, 600, 200, 1)
	if err != nil {
		t.Fatal(err)
	}
	b := open(t, "cpu", 1)
	for _, space := range []Space{Ensemble, Binary} {
		tr, err := Training{Network: Network{Layers: []int{64, 30, 10}, Space: space}, Data: data, Batch: 50, Rate: .05, Seed: 3}.Start(b)
		if err != nil {
			t.Fatal(err)
		}
		for range 12 {
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
		c, err := tr.Committee(b, w, data.Test, 5, 12)
		if err != nil {
			t.Fatal(err)
		}
		mean, best := 0.0, 0.0
		for _, a := range c.Accuracy {
			mean, best = mean+a/12, max(best, a)
		}
		t.Logf("%s: members %.3f on average, %.3f at best, together %.3f", space, mean, best, c.Vote[11])
		if c.Vote[0] != c.Accuracy[0] || c.Vote[11] < mean-.01 {
			t.Errorf("%s: votes %v of members %v", space, c.Vote, c.Accuracy)
		}
		// Without spread: π 0 or 1 and Ξ = 0; fields far from 0.
		for name, x := range w {
			for i := range x {
				switch name[:1] {
				case "p":
					x[i] = math.Round(x[i])
				case "x":
					x[i] = 0
				case "t":
					x[i] = math.Copysign(40, x[i])
				}
			}
			if err := tr.SetParameter(name, x); err != nil {
				t.Fatal(err)
			}
		}
		want, err := tr.Accuracy(data.Test)
		if err != nil {
			t.Fatal(err)
		}
		if c, err = tr.Committee(b, w, data.Test, 5, 3); err != nil {
			t.Fatal(err)
		}
		for _, a := range append(c.Accuracy, c.Vote...) {
			near(t, string(space)+" without spread", a, want, 1./200) // a tie of rounding may fall either way
		}
	}
	n := Network{Layers: []int{64, 10}, Space: Weight}
	if _, err := n.Committee(b, Weights{}, data.Test, 1, 2); err == nil {
		t.Error("a committee was drawn from one network")
	}
	if _, err := (Network{Layers: []int{64, 10}, Space: Binary}).Committee(b, Weights{}, data.Test, 1, 0); err == nil {
		t.Error("a committee of no networks was accepted")
	}
}
