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

// modesMislabelled follows how a network learns pictures some of whose labels are wrong.
type modesMislabelled struct {
	common
	pictures
	architecture
	Share     float64 `default:"0.4" help:"Share of the training labels that are wrong."`
	Optimiser string  `default:"adam" enum:"adam,momentum,sgd" help:"adam (decoupled decay), momentum or sgd."`
	Rate      float64 `default:"0" help:"Learning rate; 0 means the usual one of modes train."`
	Decay     float64 `default:"0" help:"Weight decay."`
	Batch     int     `default:"50" help:"Pictures of a minibatch."`
	Epochs    int     `default:"100" help:"Passes over the training pictures."`
	Runs      int     `default:"4" help:"Independent runs: other wrong labels, other first weights, other minibatches."`

	data *dataset.Set
}

func (v *modesMislabelled) Run(f *frame) error { return f.compute(v) }

func (v *modesMislabelled) validate() (err error) {
	if v.Runs < 2 {
		return misusef("--runs is %d: at least two for an error", v.Runs)
	}
	if v.Batch < 1 {
		return misusef("--batch is %d: at least 1", v.Batch)
	}
	if !(v.Share > 0 && v.Share < 1) {
		return misusef("--share is %v: above 0 and below 1", v.Share)
	}
	if v.data, err = v.load(); err != nil {
		return err
	}
	if v.data.Test.Count == 0 {
		return fmt.Errorf("%s has no test pictures", v.data.Name)
	}
	m := v.learning(0)
	if err := m.Check(); err != nil {
		return misuse{err}
	}
	return nil
}

func (v *modesMislabelled) learning(run int) modes.Mislabelling {
	rate := v.Rate
	if rate == 0 {
		rate = usualRate(modes.Space(v.Space))
	}
	return modes.Mislabelling{Share: v.Share, Epochs: v.Epochs, Training: modes.Training{
		Network: v.network(v.data), Data: v.data, Optimiser: v.Optimiser, Rate: rate, Decay: v.Decay, Batch: v.Batch, Seed: v.Seed + uint64(run),
	}}
}

// histories are those of the finished runs.
type histories struct {
	Runs   [][]modes.Moment
	Phases []modes.Phases
}

func (h *histories) section() store.Section {
	return store.Section{Name: "finished", Write: func(w io.Writer) error { return gob.NewEncoder(w).Encode(h) }}
}

func (v *modesMislabelled) compute(ctx context.Context, s *session) (*result, error) {
	b, err := s.Open()
	if err != nil {
		return nil, err
	}
	if n := v.network(v.data); n.InModes() && excess(n) != "" {
		s.Warn("%d modes are more than the weights can use: %s", n.P, excess(n))
	}
	h := &histories{}
	saved := s.Saved()
	if saved != nil {
		if err := reload(saved, "finished", func(r io.Reader) error { return gob.NewDecoder(r).Decode(h) }); err != nil {
			return nil, err
		}
	}
	for len(h.Runs) < v.Runs {
		if err := v.run(ctx, s, b, h, saved); err != nil {
			return nil, err
		}
		if err := s.Save(h.section()); err != nil {
			return nil, err
		}
		saved = nil
	}
	return v.report(h), nil
}

// run makes the next run, from the checkpoint if it is of the middle of one.
func (v *modesMislabelled) run(ctx context.Context, s *session, b engine.Backend, h *histories, saved *store.Checkpoint) error {
	m, err := v.learning(len(h.Runs)).Start(b)
	if err != nil {
		return err
	}
	if saved != nil && slices.Contains(saved.Names(), "program") {
		if err := errors.Join(reload(saved, "program", m.Program.Load), reload(saved, "history", m.LoadHistory)); err != nil {
			return err
		}
	}
	var save func() error
	if s.Checkpoints() {
		save = func() error {
			return s.Save(h.section(), store.Section{Name: "program", Write: m.Program.Save}, store.Section{Name: "history", Write: m.SaveHistory})
		}
	}
	s.Phase(fmt.Sprintf("epochs, run %d of %d", len(h.Runs)+1, v.Runs))
	if err := m.Do(ctx, save, s.CheckpointEvery, s.Report); err != nil {
		return err
	}
	h.Runs, h.Phases = append(h.Runs, m.History), append(h.Phases, m.Phases())
	return nil
}

// A track is a quantity of every epoch, averaged over the runs.
type track struct{ mean, err []float64 }

func (h *histories) track(of func(modes.Moment) float64) track {
	var t track
	for k := range h.Runs[0] {
		var x []float64
		for _, r := range h.Runs {
			x = append(x, of(r[k]))
		}
		e := scattered(x)
		t.mean, t.err = append(t.mean, e.Mean), append(t.err, e.Err)
	}
	return t
}

// scattered is a mean with its standard error from the scatter.
func scattered(x []float64) store.Estimate {
	n := float64(len(x))
	var sum, squares float64
	for _, v := range x {
		sum += v / n
	}
	for _, v := range x {
		squares += (v - sum) * (v - sum)
	}
	return store.Estimate{Mean: sum, Err: math.Sqrt(squares / n / (n - 1))}
}

func (v *modesMislabelled) report(h *histories) *result {
	out := &result{}
	var turn, best, least []float64
	heart, never := []float64{}, 0
	for k, p := range h.Phases {
		turn, best = append(turn, float64(p.Turn)), append(best, float64(p.Best))
		least = append(least, h.Runs[k][p.Best-1].TestError)
		if p.Heart > 0 {
			heart = append(heart, float64(p.Heart))
		} else {
			never++
		}
	}
	sum := &out.Summary
	sum.Set("wrong_labels", int(math.Round(v.Share*float64(v.data.Train.Count))))
	sum.Set("turning_epoch", scattered(turn))
	sum.Set("best_epoch", scattered(best))
	if len(heart) > 1 {
		sum.Set("heart_epoch", scattered(heart))
	}
	sum.Set("runs_without_heart", never)
	sum.Set("least_test_error", scattered(least))
	tracks := map[string]track{}
	last := store.Summary{}
	for _, c := range momentTracks {
		t := h.track(c.of)
		tracks[c.name] = t
		last.Set(c.name, store.Estimate{Mean: t.mean[v.Epochs-1], Err: t.err[v.Epochs-1]})
		out.Series = append(out.Series, store.Of(c.name, t.mean), store.Of(c.name+"_err", t.err))
	}
	sum.Set("last_epoch", last)
	out.Figures = []picture{{"phases", v.figure(tracks)}}
	return out
}

// momentTracks names what is followed.
var momentTracks = []struct {
	name string
	of   func(modes.Moment) float64
}{
	{"test_error", func(m modes.Moment) float64 { return m.TestError }},
	{"loss_right", func(m modes.Moment) float64 { return m.RightLoss }},
	{"loss_wrong", func(m modes.Moment) float64 { return m.WrongLoss }},
	{"known_right", func(m modes.Moment) float64 { return m.RightKnown }},
	{"known_wrong", func(m modes.Moment) float64 { return m.WrongKnown }},
	{"seen_through", func(m modes.Moment) float64 { return m.WrongSeen }},
	{"cosine", func(m modes.Moment) float64 { return m.Cosine }},
	{"slope_right", func(m modes.Moment) float64 { return m.RightSlope }},
	{"slope_wrong", func(m modes.Moment) float64 { return m.WrongSlope }},
}

func (v *modesMislabelled) figure(tracks map[string]track) figure.Figure {
	x := ranks(v.Epochs)
	epoch := figure.Axis{Label: "epoch", Log: true}
	panel := func(label string, log bool, curves ...string) figure.Figure {
		c := figure.Curves{X: epoch, Y: figure.Axis{Label: label, Log: log}}
		for k := 0; k < len(curves); k += 2 {
			t := tracks[curves[k]]
			style := figure.Line
			if v.Epochs <= 40 {
				style = figure.LinePoints
			}
			c.Curves = append(c.Curves, figure.Curve{Name: curves[k+1], X: x, Y: t.mean, Err: t.err, Style: style})
		}
		return c
	}
	title := fmt.Sprintf("%s, %d pictures, %g %% of the labels wrong, %s %v, %d runs", v.data.Name, v.data.Train.Count, 100*v.Share, v.Space, v.network(v.data).Layers, v.Runs)
	return figure.Panels{Title: title, Panels: []figure.Figure{
		panel("training loss", true, "loss_right", "right labels", "loss_wrong", "wrong labels"),
		panel("share", false, "test_error", "test error", "known_wrong", "wrong labels known by heart", "seen_through", "wrong labels seen through"),
		panel("norm of the gradient", true, "slope_right", "right labels", "slope_wrong", "wrong labels"),
		panel("cosine of the two gradients", false, "cosine", ""),
	}}
}
