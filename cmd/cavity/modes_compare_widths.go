package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"cavity/engine"
	"cavity/engine/figure"
	"cavity/models/modes"
)

// An equalCost is the number of modes at which both spaces cost the same, for hidden layers of a width.
type equalCost struct {
	Width      int     `json:"width"`
	Measured   float64 `json:"measured"` // NaN if the times did not rise with the modes
	Operations float64 `json:"operations"`
}

// crossings times updates with hidden layers of every width asked for, in weight space and with a tenth, a quarter and half as
// many modes as units.
func (v *modesCompare) crossings(ctx context.Context, s *session, b engine.Backend) ([]equalCost, error) {
	var out []equalCost
	for k, width := range v.Widths {
		s.Phase(fmt.Sprintf("timings, width %d of %d", k+1, len(v.Widths)))
		layers := v.wide(width)
		var all []compared
		for _, p := range []int{0, (width + 9) / 10, (width + 3) / 4, (width + 1) / 2} {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			n := modes.Network{Layers: layers, Space: modes.Modes, P: p, Activation: v.Activation}
			if p == 0 {
				n.Space = modes.Weight
			}
			t, err := v.update(b, n)
			if err != nil {
				return nil, err
			}
			all = append(all, compared{Space: string(n.Space), Modes: p, Update: t})
			s.Report(uint64(len(all)), 4)
		}
		c := equalCost{Width: width, Measured: math.NaN(), Operations: modes.Network{Layers: layers}.Crossover()}
		if p, ok := v.crossover(all); ok {
			c.Measured = p
		}
		out = append(out, c)
	}
	return out, nil
}

// wide is the layers with another number of hidden units.
func (v *modesCompare) wide(width int) []int {
	layers := slices.Clone(v.trainings()[0].Layers)
	for l := 1; l < len(layers)-1; l++ {
		layers[l] = width
	}
	return layers
}

// update is the time of an update in seconds, the least of several blocks, which is what it takes on a machine that has nothing
// else to do.
func (v *modesCompare) update(b engine.Backend, n modes.Network) (float64, error) {
	tr, err := modes.Training{Network: n, Data: v.data, Decay: v.Decay, Batch: v.Batch, Seed: v.Seed}.Start(b)
	if err != nil {
		return 0, err
	}
	const blocks, updates = 8, 4
	least := math.Inf(1)
	for range blocks {
		began := time.Now()
		if err := tr.Program.Step(context.Background(), updates); err != nil {
			return 0, err
		}
		if err := tr.Program.Sync(); err != nil {
			return 0, err
		}
		least = min(least, time.Since(began).Seconds()/updates)
	}
	return least, nil
}

// crossingFigure draws P*/n against the width n, by operation count as a line and as it was measured.
func (v *modesCompare) crossingFigure(found []equalCost) figure.Figure {
	var x, count, n, measured []float64
	most := slices.Max(v.Widths)
	for w := 8.0; w < 2*float64(most); w *= 1.15 {
		x, count = append(x, w), append(count, modes.Network{Layers: v.wide(int(w))}.Crossover()/float64(int(w)))
	}
	for _, c := range found {
		n, measured = append(n, float64(c.Width)), append(measured, c.Measured/float64(c.Width))
	}
	return figure.Curves{X: figure.Axis{Label: "hidden units n", Log: true}, Y: figure.Axis{Label: "modes of equal cost P* / n"}, Curves: []figure.Curve{
		{Name: "operations", X: x, Y: count}, {Name: "measured", X: n, Y: measured, Style: figure.Points},
	}}
}
