package main

import (
	"fmt"
	"math"

	"cavity/engine"
	"cavity/engine/figure"
	"cavity/engine/store"
	"cavity/models/modes"
)

// sampled is how many networks are drawn from an ensemble.
const sampled = 10

// ensemble measures what an ensemble's laws say, and networks drawn from it.
func (v *modesAnalyse) ensemble(b engine.Backend, out *result) error {
	if v.net.Space != modes.Ensemble {
		return nil
	}
	var first, second float64
	var c *modes.Classifier
	for k := range sampled {
		n, w, err := v.net.Sample(v.weights, v.Seed, k)
		if err != nil {
			return err
		}
		if c == nil {
			if c, err = n.Open(b, w); err != nil {
				return err
			}
		}
		for name, x := range w {
			if err := c.SetParameter(name, x); err != nil {
				return err
			}
		}
		a, err := c.Accuracy(v.data.Test)
		if err != nil {
			return err
		}
		first, second = first+a/sampled, second+a*a/sampled
	}
	sum := &out.Summary
	sum.Set("sampled_accuracy", store.Estimate{Mean: first, Err: math.Sqrt(max(0, second-first*first) / (sampled - 1))})
	var zero, certain, choice []float64
	for l := range len(v.net.Layers) - 1 {
		credit := v.net.Credit(v.weights, l)
		mean := 0.0
		for _, x := range credit.Choice {
			mean += x / float64(len(credit.Choice))
		}
		zero, certain, choice = append(zero, credit.Zero), append(certain, credit.Certain), append(choice, mean)
		if l == 0 {
			out.Figures = append(out.Figures, picture{"credit", v.credit(credit)})
		}
	}
	sum.Set("zero_weights", zero)
	sum.Set("certainly_zero_weights", certain)
	sum.Set("choice_entropy", choice)
	return nil
}

// credit draws what the first layer's weights mean for every pixel.
func (v *modesAnalyse) credit(c modes.Credit) figure.Figure {
	h, w := v.data.Height, v.data.Width
	f := figure.Panels{Title: fmt.Sprintf("%s: weights of every pixel, averaged over the first hidden layer", v.data.Name)}
	for _, m := range []struct {
		bar string
		x   []float64
	}{{"probability π of zero", c.Sparsity}, {"entropy H(π)", c.Choice}, {"variance", c.Variance}} {
		cells := make([]float64, 0, len(m.x))
		for row := range h { // a picture's first row is on top
			cells = append(cells, m.x[(h-1-row)*w:(h-row)*w]...)
		}
		f.Panels = append(f.Panels, figure.Heat{Bar: m.bar, Rows: h, Values: cells})
	}
	return f
}
