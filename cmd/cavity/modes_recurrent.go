package main

import (
	"context"
	"fmt"
	"io"
	"math"

	"cavity/engine/figure"
	"cavity/engine/store"
	"cavity/models/dataset"
	"cavity/models/modes"
)

// modesRecurrent trains a recurrent network in weight space or in mode space on streams or on pictures read row by row.
type modesRecurrent struct {
	common
	Data       string  `default:"recall" placeholder:"NAME" help:"recall or parity (streams of random symbols, made here), mnist, digits, or a file of pictures, which are read row by row."`
	Examples   int     `default:"0" help:"Train on the first so many pictures, or make so many streams; 0 means all, and 4000 streams."`
	Tests      int     `default:"0" help:"Test with so many; 0 means all, and 1000 streams."`
	Steps      int     `default:"12" help:"Symbols of a stream."`
	Symbols    int     `default:"4" help:"Different symbols; 2 for parity are bits."`
	Lag        int     `default:"3" help:"recall: ask for the symbol so many steps before the last; parity: for the parity of the sum of the last so many."`
	Units      int     `default:"64" help:"Recurrent units."`
	Space      string  `default:"modes" enum:"weight,modes,unit-modes" help:"Form of the recurrent weights: weight, modes, unit-modes (strengths 1)."`
	Modes      int     `default:"16" help:"Modes."`
	Activation string  `default:"tanh" enum:"relu,tanh,sigmoid,linear" help:"relu, tanh, sigmoid or linear."`
	Gain       float64 `default:"1" help:"Root of the number of units times the variance of the recurrent weights at first."`
	Rate       float64 `default:"0.003" help:"Learning rate of Adam."`
	Epochs     int     `default:"20" help:"Passes over the training samples."`
	Batch      int     `default:"100" help:"Samples of a minibatch."`

	data *dataset.Set
}

func (v *modesRecurrent) Run(f *frame) error { return f.compute(v) }

func (v *modesRecurrent) validate() (err error) {
	switch {
	case v.Epochs < 1:
		return misusef("--epochs is %d: at least 1", v.Epochs)
	case v.Batch < 1:
		return misusef("--batch is %d: at least 1", v.Batch)
	case !(v.Gain > 0) || !(v.Rate > 0):
		return misusef("--gain is %v and --rate is %v: both must be positive", v.Gain, v.Rate)
	}
	if v.Data == "recall" || v.Data == "parity" {
		s := modes.Stream{Steps: v.Steps, Symbols: v.Symbols, Lag: v.Lag, Parity: v.Data == "parity", Train: v.Examples, Test: v.Tests, Seed: v.Seed}
		if s.Train == 0 {
			s.Train = 4000
		}
		if s.Test == 0 {
			s.Test = 1000
		}
		if v.data, err = s.Set(); err != nil {
			return misuse{err}
		}
	} else {
		p := pictures{Data: v.Data, Examples: v.Examples, Tests: v.Tests}
		if v.data, err = p.load(); err != nil {
			return err
		}
	}
	r := v.network()
	if err := r.Check(); err != nil {
		return misuse{err}
	}
	return nil
}

func (v *modesRecurrent) network() modes.Recurrent {
	return modes.Recurrent{
		Data: v.data, Units: v.Units, Space: modes.Space(v.Space), P: v.Modes, Activation: v.Activation,
		Gain: v.Gain, Rate: v.Rate, Batch: v.Batch, Seed: v.Seed,
	}
}

func (v *modesRecurrent) compute(ctx context.Context, s *session) (*result, error) {
	b, err := s.Open()
	if err != nil {
		return nil, err
	}
	tr, err := v.network().Start(b)
	if err != nil {
		return nil, err
	}
	if tr.Space != modes.Weight && v.Modes > v.Units {
		s.Warn("%d modes are more than the %d units can use", v.Modes, v.Units)
	}
	s.Meta("data", v.data.Source)
	before, err := v.eigenvalues(tr)
	if err != nil {
		return nil, err
	}
	c := &modes.RecurrentCourse{Trainer: tr, Epochs: v.Epochs, Period: s.CheckpointEvery, Report: s.Report}
	save := func() error {
		return s.Save(store.Section{Name: "program", Write: tr.Program.Save}, store.Section{Name: "history", Write: c.SaveHistory})
	}
	if s.Checkpoints() {
		c.Save = save
	}
	if err := v.restore(s, c); err != nil {
		return nil, err
	}
	s.Phase("updates")
	if err := c.Do(ctx); err != nil {
		return nil, err
	}
	if err := save(); err != nil {
		return nil, err
	}
	return v.report(c, before)
}

// restore goes on from the checkpoint, if there is one.
func (v *modesRecurrent) restore(s *session, c *modes.RecurrentCourse) error {
	return s.Restore(map[string]func(io.Reader) error{"program": c.Trainer.Program.Load, "history": c.LoadHistory})
}

// eigenvalues are those of the recurrent weights, their real and imaginary parts.
func (v *modesRecurrent) eigenvalues(tr *modes.RecurrentTrainer) (e [2][]float64, err error) {
	w, err := tr.Weights()
	if err != nil {
		return e, err
	}
	values, err := tr.Eigenvalues(w)
	for _, x := range values {
		e[0], e[1] = append(e[0], real(x)), append(e[1], imag(x))
	}
	return e, err
}

// radius is the largest modulus.
func radius(e [2][]float64) (r float64) {
	for k := range e[0] {
		r = max(r, math.Hypot(e[0][k], e[1][k]))
	}
	return r
}

func (v *modesRecurrent) report(c *modes.RecurrentCourse, before [2][]float64) (*result, error) {
	tr := c.Trainer
	after, err := v.eigenvalues(tr)
	if err != nil {
		return nil, err
	}
	train, err := tr.Accuracy(v.data.Train)
	if err != nil {
		return nil, err
	}
	out := &result{}
	sum := &out.Summary
	sum.Set("space", string(tr.Space))
	sum.Set("parameters", tr.Size())
	sum.Set("train_accuracy", train)
	sum.Set("test_accuracy", c.History[len(c.History)-1].Accuracy)
	sum.Set("spectral_radius_before", radius(before))
	sum.Set("spectral_radius", radius(after))
	var loss, accuracy []float64
	for _, e := range c.History {
		loss, accuracy = append(loss, e.Loss), append(accuracy, e.Accuracy)
	}
	sum.Set("loss", loss)
	sum.Set("accuracy", accuracy)
	out.Series = []store.Array{store.Of("loss", loss), store.Of("test_accuracy", accuracy), store.Of("eigenvalues_real", after[0]), store.Of("eigenvalues_imaginary", after[1])}
	for _, p := range tr.Parameters() {
		x, err := tr.Parameter(p.Name)
		if err != nil {
			return nil, err
		}
		y := make([]float32, len(x))
		for i, value := range x {
			y[i] = float32(value)
		}
		out.Weights = append(out.Weights, store.Of(p.Name, y, p.Shape...))
	}
	out.Figures = []picture{{"learning", v.learning(loss, accuracy)}, {"eigenvalues", v.spectrum(before, after)}}
	return out, nil
}

// title says which network learns what.
func (v *modesRecurrent) title() string {
	title := fmt.Sprintf("%s, %d steps, %d units, %s", v.data.Name, v.data.Height, v.Units, v.Space)
	if v.Space != string(modes.Weight) {
		title += fmt.Sprintf(", P = %d", v.Modes)
	}
	return title
}

// learning draws loss and accuracy against the epoch.
func (v *modesRecurrent) learning(loss, accuracy []float64) figure.Figure {
	x, epoch := ranks(len(loss)), figure.Axis{Label: "epoch", Whole: true}
	return figure.Panels{Title: v.title(), Panels: []figure.Figure{
		figure.Curves{X: epoch, Y: figure.Axis{Label: "loss of an update", Log: true}, Curves: []figure.Curve{{X: x, Y: loss, Style: figure.LinePoints}}},
		figure.Curves{X: epoch, Y: figure.Axis{Label: "test accuracy", Min: 0, Max: 1.02}, Curves: []figure.Curve{
			{X: x, Y: accuracy, Style: figure.LinePoints},
			{Name: "chance", X: x, Y: constant(1/float64(v.data.Classes), len(x)), Dash: 1},
		}},
	}}
}

// spectrum draws the eigenvalues before and after learning, with the unit circle.
func (v *modesRecurrent) spectrum(before, after [2][]float64) figure.Figure {
	var circle [2][]float64
	for k := range 101 {
		angle := 2 * math.Pi * float64(k) / 100
		circle[0], circle[1] = append(circle[0], math.Cos(angle)), append(circle[1], math.Sin(angle))
	}
	edge := 1.1 * max(1, radius(before), radius(after))
	return figure.Curves{Title: v.title(), Width: 14.5, Height: 11.9, // a round circle beside the legend
		X: figure.Axis{Label: "eigenvalue of W, real part", Min: -edge, Max: edge}, Y: figure.Axis{Label: "imaginary part", Min: -edge, Max: edge},
		Curves: []figure.Curve{
			{Name: "unit circle", X: circle[0], Y: circle[1], Color: 3},
			{Name: "before", X: before[0], Y: before[1], Style: figure.Points, Color: 2},
			{Name: "after", X: after[0], Y: after[1], Style: figure.Points, Color: 1},
		}}
}

// constant is n times x.
func constant(x float64, n int) []float64 {
	c := make([]float64, n)
	for k := range c {
		c[k] = x
	}
	return c
}
