package main

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat"

	"cavity/engine/figure"
	"cavity/engine/store"
	"cavity/models/dataset"
	"cavity/models/modes"
)

// modesSample draws networks from a law of networks that modes train has found.
type modesSample struct {
	common
	Weights  string `required:"" placeholder:"PATH" help:"A run folder of modes train with --space ensemble or binary, or its weights.safetensors."`
	Data     string `placeholder:"NAME" help:"Pictures; without it those that the network was trained on."`
	Tests    int    `default:"0" help:"Use the first so many test pictures; 0 means as in the training."`
	Networks int    `default:"20" help:"Networks to draw."`

	net     modes.Network
	weights modes.Weights
	data    *dataset.Set
}

func (v *modesSample) Run(f *frame) error { return f.compute(v) }

func (v *modesSample) validate() error {
	if v.Networks < 2 {
		return misusef("--networks is %d: at least 2", v.Networks)
	}
	a := modesAnalyse{Weights: v.Weights, Data: v.Data, Tests: v.Tests, Steps: 1, Draws: 1} // it reads and checks the same files
	if err := a.validate(); err != nil {
		return err
	}
	if v.net, v.weights, v.data = a.net, a.weights, a.data; !v.net.Noisy() {
		return fmt.Errorf("%s: weights in the space %s are one network: train with --space ensemble or binary", v.Weights, v.net.Space)
	}
	return nil
}

func (v *modesSample) compute(_ context.Context, s *session) (*result, error) {
	b, err := s.Open()
	if err != nil {
		return nil, err
	}
	c, err := v.net.Open(b, v.weights)
	if err != nil {
		return nil, err
	}
	mean, err := c.Accuracy(v.data.Test)
	if err != nil {
		return nil, err
	}
	drawn, err := v.net.Committee(b, v.weights, v.data.Test, v.Seed, v.Networks)
	if err != nil {
		return nil, err
	}
	out := &result{}
	sum := &out.Summary
	sum.Set("space", string(v.net.Space))
	sum.Set("mean_network_accuracy", mean)
	sum.Set("sampled_accuracy", meanOf(drawn.Accuracy))
	sum.Set("vote_accuracy", drawn.Vote[v.Networks-1])
	sum.Set("accuracy", drawn.Accuracy)
	sum.Set("vote", drawn.Vote)
	out.Series = []store.Array{store.Of("accuracy", drawn.Accuracy), store.Of("vote", drawn.Vote)}
	p := pictures{Data: v.data.Name, Examples: v.data.Train.Count, Tests: v.data.Test.Count}
	if v.Data != "" {
		p.Data = v.Data
	}
	out.Metadata = describe(drawn.Network, p)
	out.Weights, err = weights(drawn.Network, func(name string) ([]float64, error) { return drawn.First[name], nil })
	x := ranks(v.Networks)
	out.Figures = []picture{{"sampled", figure.Curves{
		Title: fmt.Sprintf("%s, %d networks drawn, %s", v.data.Name, v.Networks, v.net.Space),
		X:     figure.Axis{Label: "network"}, Y: figure.Axis{Label: "test accuracy"},
		Curves: []figure.Curve{
			{Name: "one network", X: x, Y: drawn.Accuracy, Style: figure.Points},
			{Name: "vote of the first", X: x, Y: drawn.Vote, Style: figure.LinePoints},
			{Name: "mean network", X: x, Y: constant(mean, v.Networks), Dash: 1},
		},
	}}}
	return out, err
}

// meanOf is the mean of independent numbers with its standard error.
func meanOf(x []float64) store.Estimate {
	mean, deviation := stat.MeanStdDev(x, nil)
	return store.Estimate{Mean: mean, Err: deviation / math.Sqrt(float64(len(x)))}
}
