package main

import (
	"context"
	"fmt"
	"io"

	"cavity/engine/figure"
	"cavity/engine/store"
	"cavity/models/dataset"
	"cavity/models/modes"
)

// modesTrain trains a classifier in weight space or in mode space.
type modesTrain struct {
	common
	passes
	pictures
	architecture
	Loss      string  `default:"cross-entropy" enum:"cross-entropy,mse" help:"cross-entropy of the softmax, or mse of the one-hot labels."`
	Optimiser string  `default:"adam" enum:"adam,momentum,sgd" help:"adam (decoupled decay), momentum or sgd."`
	Rate      float64 `default:"0" help:"Learning rate; 0 means 0.001 in weight space, 0.01 with tied modes and binary weights, 0.1 of an ensemble, else 0.005."`
	Decay     float64 `default:"0.001" help:"Weight decay."`
	Momentum  float64 `default:"0.9" help:"Of the optimiser momentum."`
	Penalty   float64 `default:"0.001" help:"Of svd-modes, on modes that are not orthonormal."`
	Halve     int     `default:"0" help:"Halve the rate every so many epochs; 0 means never."`

	data *dataset.Set
}

func (v *modesTrain) Run(f *frame) error { return f.compute(v) }

func (v *modesTrain) validate() (err error) {
	if err := v.checkPasses(); err != nil {
		return err
	}
	if v.Rate < 0 {
		return misusef("--rate is %v: it must be positive, or 0 for the usual one", v.Rate)
	}
	if v.data, err = v.load(); err != nil {
		return err
	}
	t := v.training(1)
	if err := t.Check(); err != nil {
		return misuse{err}
	}
	return nil
}

func (v *modesTrain) training(seed uint64) modes.Training {
	rate := v.Rate
	if rate == 0 {
		rate = usualRate(modes.Space(v.Space))
	}
	return modes.Training{
		Network: v.network(v.data), Data: v.data, Loss: v.Loss, Optimiser: v.Optimiser, Rate: rate, Decay: v.Decay,
		Momentum: v.Momentum, Penalty: v.Penalty, Batch: v.Batch, Halve: v.Halve, Seed: seed,
	}
}

func (v *modesTrain) compute(ctx context.Context, s *session) (*result, error) {
	b, err := s.Open()
	if err != nil {
		return nil, err
	}
	tr, err := v.training(s.Seed).Start(b)
	if err != nil {
		return nil, err
	}
	if n := tr.Network; n.InModes() {
		if text := excess(n); text != "" {
			s.Warn("%d modes are more than the weights can use: %s", n.P, text)
		}
	}
	s.Meta("data", v.data.Source)
	c := &modes.Course{Trainer: tr, Epochs: v.Epochs, Period: s.CheckpointEvery, Report: s.Report}
	if err := v.restore(s, c); err != nil {
		return nil, err
	}
	if s.Checkpoints() {
		c.Save = func() error {
			return s.Save(store.Section{Name: "program", Write: tr.Program.Save}, store.Section{Name: "history", Write: c.SaveHistory})
		}
	}
	s.Phase("updates")
	if err := c.Do(ctx); err != nil {
		return nil, err
	}
	if c.Save != nil {
		if err := c.Save(); err != nil {
			return nil, err
		}
	}
	return v.report(tr, c)
}

// restore goes on from the checkpoint, if there is one.
func (v *modesTrain) restore(s *session, c *modes.Course) error {
	return s.Restore(map[string]func(io.Reader) error{"program": c.Trainer.Program.Load, "history": c.LoadHistory})
}

func (v *modesTrain) report(tr *modes.Trainer, c *modes.Course) (*result, error) {
	train, err := tr.Accuracy(v.data.Train)
	if err != nil {
		return nil, err
	}
	out := &result{Metadata: describe(tr.Network, v.pictures)}
	sum := &out.Summary
	sum.Set("space", string(tr.Space))
	sum.Set("parameters", tr.Size())
	sum.Set("train_accuracy", train)
	sum.Set("test_accuracy", c.History[len(c.History)-1].Accuracy)
	type epoch struct {
		Rate         float64 `json:"rate"`
		Loss         float64 `json:"loss"`
		TestAccuracy float64 `json:"test_accuracy"`
	}
	var epochs []epoch
	var x, loss, accuracy []float64
	for k, e := range c.History {
		epochs = append(epochs, epoch{e.Rate, e.Loss, e.Accuracy})
		x, loss, accuracy = append(x, float64(k+1)), append(loss, e.Loss), append(accuracy, e.Accuracy)
	}
	sum.Set("epochs", epochs)
	if len(c.Seconds) > 0 {
		least := c.Seconds[0]
		for _, t := range c.Seconds {
			least = min(least, t)
		}
		out.Timing.Set("seconds_per_epoch", least)
	}
	out.Series = []store.Array{store.Of("loss", loss), store.Of("test_accuracy", accuracy)}
	out.Weights, err = weights(tr.Network, tr.Parameter)
	out.Figures = []picture{{"learning", v.figure(tr, x, loss, accuracy)}}
	return out, err
}

// figure draws loss and accuracy against the epoch.
func (v *modesTrain) figure(tr *modes.Trainer, x, loss, accuracy []float64) figure.Figure {
	epoch := figure.Axis{Label: "epoch", Whole: true}
	title := fmt.Sprintf("%s, layers %v, %s", v.data.Name, tr.Layers, tr.Space)
	if tr.InModes() {
		title += fmt.Sprintf(", P = %d", tr.P)
	}
	return figure.Panels{Title: title, Panels: []figure.Figure{
		figure.Curves{X: epoch, Y: figure.Axis{Label: "loss of an update", Log: true}, Curves: []figure.Curve{{X: x, Y: loss, Style: figure.LinePoints}}},
		figure.Curves{X: epoch, Y: figure.Axis{Label: "test accuracy"}, Curves: []figure.Curve{{X: x, Y: accuracy, Style: figure.LinePoints}}},
	}}
}
