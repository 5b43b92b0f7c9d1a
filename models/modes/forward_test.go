package modes

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"cavity/models/dataset"
)

// The graph's gradients are differences of each layer's own loss. After Adam's first update m is .1 of the gradient.
func TestForwardForwardGradients(t *testing.T) {
	for _, unsupervised := range []bool{false, true} {
		f := ForwardForward{Layers: []int{6, 5, 4}, Data: tiny(), Unsupervised: unsupervised, Threshold: .7, Sharpness: 3, Batch: 7, Seed: 3, Dtype: tensor.Float64}
		tr, err := f.Start(open(t, "cpu", 1))
		if err != nil {
			t.Fatal(err)
		}
		if !unsupervised {
			wrong := make([]uint8, 30)
			for k, l := range f.Data.Train.Labels {
				wrong[k] = (l + 1) % 3
			}
			if err := tr.Program.Write("wrong", wrong); err != nil {
				t.Fatal(err)
			}
		}
		w := Weights{}
		for l := range 2 {
			name := fmt.Sprintf("W%d", l+1)
			if w[name], err = tr.Parameter(name); err != nil {
				t.Fatal(err)
			}
		}
		if err := tr.Program.Step(context.Background(), 1); err != nil {
			t.Fatal(err)
		}
		pictures := [2][]float64{}
		for k, name := range []string{"real", "false"} {
			if pictures[k], err = tr.read(name); err != nil {
				t.Fatal(err)
			}
		}
		loss := func(w Weights, layer int) float64 { // of one layer, from 1; 0: of all
			sum := 0.0
			for k, sign := range []float64{1, -1} {
				x := pictures[k]
				for l := 1; l <= 2; l++ {
					in, out := tr.Layers[l-1], tr.Layers[l]
					next := make([]float64, 7*out)
					for r := range 7 {
						square, g := 0.0, 0.0
						for _, v := range x[r*in : (r+1)*in] {
							square += v * v
						}
						for j := range out {
							z := 0.0
							for i := range in {
								z += x[r*in+i] / math.Sqrt(square/float64(in)+1e-8) * w[fmt.Sprintf("W%d", l)][i*out+j]
							}
							next[r*out+j] = max(z, 0)
							g += max(z, 0) * max(z, 0) / float64(out)
						}
						if layer == l || layer == 0 {
							sum += math.Log1p(math.Exp(sign*3*(.7-g))) / 7
						}
					}
					x = next
				}
			}
			return sum
		}
		got, err := tr.read("loss")
		if err != nil {
			t.Fatal(err)
		}
		near(t, "loss", got[0], loss(w, 0), 1e-12)
		for l := range 2 {
			name := fmt.Sprintf("W%d", l+1)
			m, err := tr.read("m." + name)
			if err != nil {
				t.Fatal(err)
			}
			for i := range m {
				f := func(h float64) float64 {
					moved := Weights{"W1": slices.Clone(w["W1"]), "W2": slices.Clone(w["W2"])}
					moved[name][i] += h
					return loss(moved, l+1)
				}
				const h = 1e-4
				want := (8*(f(h)-f(-h)) - (f(2*h) - f(-2*h))) / (12 * h)
				near(t, fmt.Sprintf("unsupervised %v: ∂%s[%d]", unsupervised, name, i), m[i]/.1, want, 1e-9)
			}
		}
	}
}

// Both kinds learn the built-in digits, where chance is .1; other seeds give .93 and more.
func TestForwardForwardLearns(t *testing.T) {
	data, err := dataset.Digits(12, 1000, 200, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, unsupervised := range []bool{false, true} {
		tr, err := ForwardForward{Layers: []int{144, 100, 100}, Data: data, Unsupervised: unsupervised, Batch: 50, Rate: .01, Seed: 2}.Start(open(t, "cpu", 1))
		if err != nil {
			t.Fatal(err)
		}
		for range 15 {
			if _, err := tr.Epoch(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		a, err := tr.Accuracy()
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("unsupervised %v: %.3f", unsupervised, a)
		if a < .8 {
			t.Errorf("unsupervised %v: test accuracy %.3f", unsupervised, a)
		}
	}
}
