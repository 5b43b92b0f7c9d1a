package main

import (
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"cavity/engine"
	"cavity/engine/figure"
	"cavity/engine/store"
	"cavity/models/dataset"
	"cavity/models/modes"
)

// modesCompare trains the same layers in weight space and with several numbers of modes.
type modesCompare struct {
	common
	passes
	pictures
	Layers     []int   `placeholder:"N,…" help:"Units of every layer; without it two hidden layers of 100."`
	Modes      []int   `default:"5,10,20,30,70" help:"Numbers of modes to compare."`
	Tied       bool    `help:"Compare tied modes too."`
	Widths     []int   `placeholder:"N,…" help:"Time updates with hidden layers of so many units too: the crossover against the width."`
	Activation string  `default:"relu" help:"Of hidden layers: relu, tanh, sigmoid or linear."`
	Decay      float64 `default:"0.001" help:"Weight decay in mode space; a tenth of it in weight space and of tied modes."`
	Halve      int     `default:"5" help:"Halve the rates every so many epochs; 0 means never."`

	data *dataset.Set
}

func (v *modesCompare) Run(f *frame) error { return f.compute(v) }

func (v *modesCompare) validate() (err error) {
	if err := v.checkPasses(); err != nil {
		return err
	}
	if len(v.Modes) == 0 || slices.Min(v.Modes) < 1 {
		return misusef("--modes are %v: at least 1 each", v.Modes)
	}
	for _, n := range v.Widths {
		if n < 4 || n > 10000 {
			return misusef("--widths are %v: 4 to 10000 units", v.Widths)
		}
	}
	slices.Sort(v.Modes)
	if v.data, err = v.load(); err != nil {
		return err
	}
	for _, t := range v.trainings() {
		if err := t.Check(); err != nil {
			return misuse{err}
		}
	}
	return nil
}

// trainings are weight space first, then mode space by P, then tied modes.
func (v *modesCompare) trainings() []modes.Training {
	var all []modes.Training
	add := func(space modes.Space, p int, decay float64) {
		a := architecture{Layers: v.Layers, Space: string(space), Modes: p, Activation: v.Activation}
		all = append(all, modes.Training{Network: a.network(v.data), Data: v.data, Rate: usualRate(space), Decay: decay, Halve: v.Halve, Batch: v.Batch, Seed: v.Seed})
	}
	add(modes.Weight, 0, v.Decay/10)
	for _, p := range v.Modes {
		add(modes.Modes, p, v.Decay)
	}
	if v.Tied {
		for _, p := range v.Modes {
			add(modes.TiedModes, p, v.Decay/10)
		}
	}
	return all
}

// A compared network.
type compared struct {
	Space      string        `json:"space"`
	Modes      int           `json:"modes"`
	Parameters int           `json:"parameters"`
	Operations int           `json:"operations"`
	Accuracy   float64       `json:"test_accuracy"`
	Update     float64       `json:"-"` // seconds; NaN if no epoch went by without a break
	History    []modes.Epoch `json:"-"`
}

// A comparison under way; a checkpoint has it beside the Program and the history of the present network.
type comparison struct {
	Networks []compared
	Seconds  []float64 // of the whole epochs of the present one
}

func (c *comparison) section() store.Section {
	return store.Section{Name: "finished", Write: func(w io.Writer) error { return gob.NewEncoder(w).Encode(c) }}
}

func (v *modesCompare) compute(ctx context.Context, s *session) (*result, error) {
	b, err := s.Open()
	if err != nil {
		return nil, err
	}
	all, saved, trainings := &comparison{}, s.Saved(), v.trainings()
	if n := trainings[len(v.Modes)].Network; excess(n) != "" {
		s.Warn("%d modes are more than the weights can use: %s", n.P, excess(n))
	}
	if saved != nil {
		if err := reload(saved, "finished", func(r io.Reader) error { return gob.NewDecoder(r).Decode(all) }); err != nil {
			return nil, err
		}
	}
	for len(all.Networks) < len(trainings) {
		s.Phase(fmt.Sprintf("updates, network %d of %d", len(all.Networks)+1, len(trainings)))
		if err := v.train(ctx, s, b, all, trainings[len(all.Networks)], saved); err != nil {
			return nil, err
		}
		if err := s.Save(all.section()); err != nil {
			return nil, err
		}
		saved = nil
	}
	crossings, err := v.crossings(ctx, s, b)
	if err != nil {
		return nil, err
	}
	return v.report(all.Networks, trainings[0].Network, crossings), nil
}

// train makes the next network, from the checkpoint if it is of the middle of its training.
func (v *modesCompare) train(ctx context.Context, s *session, b engine.Backend, all *comparison, t modes.Training, saved *store.Checkpoint) error {
	tr, err := t.Start(b)
	if err != nil {
		return err
	}
	c := &modes.Course{Trainer: tr, Epochs: v.Epochs, Period: s.CheckpointEvery, Report: s.Report, Seconds: all.Seconds}
	if saved != nil && slices.Contains(saved.Names(), "program") {
		if err := errors.Join(reload(saved, "program", tr.Program.Load), reload(saved, "history", c.LoadHistory)); err != nil {
			return err
		}
	}
	if s.Checkpoints() {
		c.Save = func() error {
			all.Seconds = c.Seconds
			return s.Save(all.section(), store.Section{Name: "program", Write: tr.Program.Save}, store.Section{Name: "history", Write: c.SaveHistory})
		}
	}
	if err := c.Do(ctx); err != nil {
		return err
	}
	least := math.Inf(1)
	for _, t := range c.Seconds {
		least = min(least, t)
	}
	if math.IsInf(least, 1) {
		least = math.NaN()
	}
	all.Networks = append(all.Networks, compared{string(tr.Space), tr.P, tr.Size(), tr.Operations(tr.Batch), c.History[len(c.History)-1].Accuracy, least / float64(tr.Updates()), c.History})
	all.Seconds = nil
	return nil
}

func (v *modesCompare) report(all []compared, n modes.Network, crossings []equalCost) *result {
	out := &result{}
	var update, speedup []float64
	for _, c := range all {
		update, speedup = append(update, c.Update), append(speedup, all[0].Update/c.Update)
		name := c.Space
		if c.Modes > 0 {
			name = fmt.Sprintf("%s_%d", c.Space, c.Modes)
		}
		var accuracy []float64
		for _, e := range c.History {
			accuracy = append(accuracy, e.Accuracy)
		}
		out.Series = append(out.Series, store.Of("accuracy_"+name, accuracy))
	}
	out.Summary.Set("networks", all)
	out.Summary.Set("crossover_operations", n.Crossover())
	out.Timing.Set("seconds_per_update", update)
	out.Timing.Set("speed_over_weight_space", speedup)
	if p, ok := v.crossover(all); ok {
		out.Timing.Set("crossover_measured", p)
	}
	if len(crossings) > 0 {
		out.Timing.Set("crossover_widths", crossings)
	}
	out.Figures = []picture{{"comparison", v.figure(all, n, crossings)}}
	return out
}

// crossover is the P at which an update in mode space takes as long as in weight space, on the straight line through the times
// by least squares; it needs two numbers of modes whose times rise.
func (v *modesCompare) crossover(all []compared) (float64, bool) {
	a, slope, ok := v.line(all)
	return (all[0].Update - a) / slope, ok
}

func (v *modesCompare) line(all []compared) (a, slope float64, ok bool) {
	var n, sx, sy, sxx, sxy float64
	for _, c := range all {
		if c.Space == string(modes.Modes) && !math.IsNaN(c.Update) {
			x := float64(c.Modes)
			n, sx, sy, sxx, sxy = n+1, sx+x, sy+c.Update, sxx+x*x, sxy+x*c.Update
		}
	}
	slope = (n*sxy - sx*sy) / (n*sxx - sx*sx)
	return (sy - slope*sx) / n, slope, n >= 2 && slope > 0 && !math.IsNaN(all[0].Update)
}

// figure is the page that compares: accuracy against parameters and against time, the time of an update and the crossover.
func (v *modesCompare) figure(all []compared, n modes.Network, crossings []equalCost) figure.Figure {
	accuracy := figure.Axis{Label: "test accuracy"}
	parameters := figure.Curves{X: figure.Axis{Label: "parameters", Log: true}, Y: accuracy}
	clock := figure.Curves{X: figure.Axis{Label: "seconds of training", Log: true}, Y: accuracy}
	update := figure.Curves{X: figure.Axis{Label: "modes P"}, Y: figure.Axis{Label: "ms an update"}}
	count := figure.Curves{X: figure.Axis{Label: "modes P"}, Y: figure.Axis{Label: "10⁶ multiply-adds an update"}}
	updates := float64((v.data.Train.Count) / v.Batch)
	for color, space := range []modes.Space{modes.Weight, modes.Modes, modes.TiedModes} {
		p := figure.Curve{Name: string(space), Style: figure.LinePoints, Color: color + 1}
		t, o := p, p
		for k, c := range all {
			if c.Space != string(space) {
				continue
			}
			p.X, p.Y = append(p.X, float64(c.Parameters)), append(p.Y, c.Accuracy)
			t.X, t.Y = append(t.X, float64(c.Modes)), append(t.Y, c.Update*1e3)
			o.X, o.Y = append(o.X, float64(c.Modes)), append(o.Y, float64(c.Operations)/1e6)
			x := figure.Curve{Color: color + 1, Dash: k % 4}
			if k == 0 || c.Modes == 30 || len(v.Modes) == 1 {
				x.Name = string(space)
				if c.Modes > 0 {
					x.Name += fmt.Sprintf(", P = %d", c.Modes)
				}
				for e, h := range c.History {
					x.X, x.Y = append(x.X, float64(e+1)*updates*c.Update), append(x.Y, h.Accuracy)
				}
				x.Dash = 0
				clock.Curves = append(clock.Curves, x)
			}
		}
		if len(p.X) == 0 {
			continue
		}
		parameters.Curves = append(parameters.Curves, p)
		if space == modes.Weight {
			t.X, t.Y = []float64{0, float64(v.Modes[len(v.Modes)-1])}, []float64{t.Y[0], t.Y[0]}
			o.X, o.Y = t.X, []float64{o.Y[0], o.Y[0]}
			t.Style, o.Style = figure.Line, figure.Line
		}
		update.Curves, count.Curves = append(update.Curves, t), append(count.Curves, o)
	}
	if p, ok := v.crossover(all); ok {
		update.Title = fmt.Sprintf("equal at P = %.0f, P/n = %.2f", p, p/float64(slices.Min(n.Layers[:len(n.Layers)-1])))
	}
	count.Title = fmt.Sprintf("equal at P = %.0f, P/n = %.2f", n.Crossover(), n.Crossover()/float64(slices.Min(n.Layers[:len(n.Layers)-1])))
	panels := []figure.Figure{parameters, clock, update, count}
	if !slices.ContainsFunc(all, func(c compared) bool { return c.Update > 0 }) { // every network's only epoch had a break
		panels = []figure.Figure{parameters, count}
	}
	if len(crossings) > 0 {
		panels = append(panels, v.crossingFigure(crossings))
	}
	return figure.Panels{Title: fmt.Sprintf("%s, layers %v, %d epochs: weight and mode space", v.data.Name, n.Layers, v.Epochs), Panels: panels}
}
