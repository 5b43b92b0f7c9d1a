package main

import (
	"fmt"

	"cavity/engine"
	"cavity/engine/figure"
	"cavity/models/modes"
)

// sampled is how many networks are drawn from an ensemble.
const sampled = 10

// ensemble measures what an ensemble's laws say, and networks drawn from it.
func (v *modesAnalyse) ensemble(b engine.Backend, out *result) error {
	if v.net.Space != modes.Ensemble {
		return nil
	}
	drawn, err := v.net.Committee(b, v.weights, v.data.Test, v.Seed, sampled)
	if err != nil {
		return err
	}
	sum := &out.Summary
	sum.Set("sampled_accuracy", meanOf(drawn.Accuracy))
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
	}{{"probability π of zero", c.Sparsity}, {"entropy H(π)", c.Choice}, {"entropy of the weight", c.Entropy}, {"variance", c.Variance}} {
		cells := make([]float64, 0, len(m.x))
		for row := range h { // a picture's first row is on top
			cells = append(cells, m.x[(h-1-row)*w:(h-row)*w]...)
		}
		f.Panels = append(f.Panels, figure.Heat{Bar: m.bar, Rows: h, Values: cells})
	}
	return f
}
