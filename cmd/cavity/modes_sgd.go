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
	"cavity/engine/store"
	"cavity/models/dataset"
	"cavity/models/modes"
)

// modesSGD looks at stochastic gradient descent as at a particle in a landscape: it lets the weights of one layer wander about a
// minimum, at several rates and batches, and asks how far they get along every principal component, how flat the loss is
// there, and what temperature that makes.
type modesSGD struct {
	common
	pictures
	Layers     []int     `placeholder:"N,…" help:"Units of every layer, inputs and classes included; without it two hidden layers of 30."`
	Activation string    `default:"relu" help:"Of hidden layers: relu, tanh, sigmoid or linear."`
	Loss       string    `default:"cross-entropy" enum:"cross-entropy,mse" help:"cross-entropy of the softmax, or mse of the one-hot labels."`
	Layer      int       `default:"2" help:"The layer whose weights are followed, from 1."`
	Rates      []float64 `default:"0.1,0.2" help:"Learning rates; the first also for the descent to the minimum."`
	Batches    []int     `default:"50,25" help:"Pictures of a minibatch; the first also for the descent."`
	Decay      float64   `default:"0.01" help:"Weight decay, without which there is no minimum at a finite distance."`
	Descend    int       `default:"20000" help:"Updates on the way to the minimum."`
	Relax      int       `default:"2000" help:"Updates at every rate and batch before the first snapshot."`
	Snapshots  int       `default:"500" help:"Snapshots of the weights at every rate and batch."`
	Every      int       `default:"7" help:"Updates between two snapshots; best without a divisor in common with the updates of an epoch."`
	From       int       `default:"4" help:"First principal component of those that the exponent and the temperature are fitted on."`
	To         int       `default:"40" help:"Last of them; as many are measured."`

	data *dataset.Set
}

func (v *modesSGD) Run(f *frame) error { return f.compute(v) }

func (v *modesSGD) validate() (err error) {
	switch {
	case len(v.Rates) == 0 || len(v.Batches) == 0:
		return misusef("--rates are %v and --batches are %v: at least one each", v.Rates, v.Batches)
	case slices.ContainsFunc(v.Rates, func(x float64) bool { return !(x > 0) }) || slices.Min(v.Batches) < 1:
		return misusef("--rates are %v and --batches are %v: positive numbers", v.Rates, v.Batches)
	case v.Descend < 2 || v.Relax < 0:
		return misusef("--descend is %d and --relax is %d: at least 2, and 0 or more", v.Descend, v.Relax)
	case v.From < 1 || v.To < v.From+2:
		return misusef("--from is %d and --to is %d: components from 1, at least three of them", v.From, v.To)
	case v.Snapshots <= v.To:
		return misusef("--snapshots is %d: more than the %d components", v.Snapshots, v.To)
	case v.Every < 1:
		return misusef("--every is %d: at least 1", v.Every)
	}
	if v.data, err = v.load(); err != nil {
		return err
	}
	if v.data.Test.Count == 0 {
		return fmt.Errorf("%s has no test pictures, which generalisation is measured on", v.data.Name)
	}
	for leg := range v.legs() {
		w := v.wandering(leg, nil)
		if err := w.Check(); err != nil {
			return misuse{err}
		}
	}
	if n := v.network(); v.Layer <= len(n.Layers)-1 && v.To > n.Layers[v.Layer-1]*n.Layers[v.Layer] {
		return misusef("--to is %d: layer %d has %d weights", v.To, v.Layer, n.Layers[v.Layer-1]*n.Layers[v.Layer])
	}
	return nil
}

func (v *modesSGD) network() modes.Network {
	n := modes.Network{Layers: v.Layers, Space: modes.Weight, Activation: v.Activation}
	if len(n.Layers) == 0 {
		n.Layers = []int{v.data.Pixels(), 30, 30, v.data.Classes}
	}
	return n
}

// legs is the number of pairs of a rate and a batch.
func (v *modesSGD) legs() int { return len(v.Rates) * len(v.Batches) }

// wandering is the descent for leg -1, of which only the end is of use, otherwise the leg's.
func (v *modesSGD) wandering(leg int, from modes.Weights) modes.Wandering {
	k := max(leg, 0)
	t := modes.Training{
		Network: v.network(), Data: v.data, Loss: v.Loss, Optimiser: "sgd", Rate: v.Rates[k/len(v.Batches)], Decay: v.Decay,
		Batch: v.Batches[k%len(v.Batches)], Seed: v.Seed + uint64(leg+1),
	}
	w := modes.Wandering{Training: t, From: from, Layer: v.Layer - 1, Relax: v.Relax, Every: v.Every, Snapshots: v.Snapshots}
	if leg < 0 {
		w.Relax, w.Every, w.Snapshots = v.Descend-2, 1, 2
	}
	return w
}

// A wandered leg.
type wandered struct {
	Rate         float64
	Batch        int
	Loss         float64
	TestAccuracy float64
	Dimension    float64
	Psi          modes.Power
	Axes         []axis
	Temperature  store.Estimate // mean of λσ² over the components asked for, the error from their scatter
	Theory       [2]float64     // of it: with epochs, and with independent batches
	Ratio        [2]float64     // geometric mean of the measured variance over the theories' over these components
	Duality      *modes.Duality // nil where the last layer is too large
	Sections     []section      // of the first leg
	Plane        []float64
	Edge         [2]float64 // half widths of the plane
}

// An axis is a principal component.
type axis struct{ Variance, Flatness, Curvature, Noise, Shuffled, Independent float64 }

// A section is the loss along a component.
type section struct {
	Component      int
	Distance, Loss []float64
}

// What is found so far; a checkpoint has it beside the Program under way and its snapshots.
type found struct {
	Minimum modes.Weights // nil while descending
	Legs    []wandered
}

func (v *modesSGD) compute(ctx context.Context, s *session) (*result, error) {
	b, err := s.Open()
	if err != nil {
		return nil, err
	}
	if n := v.network(); v.dual() > modes.DualLimit {
		s.Warn("the last layer of %v has %d weights, too many for the activity-weight duality, which is left out", n.Layers, v.dual())
	}
	f := &found{}
	saved := s.Saved()
	if saved != nil {
		if err := reload(saved, "found", func(r io.Reader) error { return gob.NewDecoder(r).Decode(f) }); err != nil {
			return nil, err
		}
	}
	for f.Minimum == nil || len(f.Legs) < v.legs() {
		if err := v.leg(ctx, s, b, f, saved); err != nil {
			return nil, err
		}
		if err := s.Save(f.section()); err != nil {
			return nil, err
		}
		saved = nil
	}
	return v.report(f), nil
}

// dual is the number of weights of the last layer.
func (v *modesSGD) dual() int {
	n := v.network().Layers
	return n[len(n)-2] * n[len(n)-1]
}

func (f *found) section() store.Section {
	return store.Section{Name: "found", Write: func(w io.Writer) error { return gob.NewEncoder(w).Encode(f) }}
}

// leg makes the descent or the next leg, from the checkpoint if it is of the middle of one.
func (v *modesSGD) leg(ctx context.Context, s *session, b engine.Backend, f *found, saved *store.Checkpoint) error {
	leg := len(f.Legs)
	s.Phase(fmt.Sprintf("updates, leg %d of %d", leg+1, v.legs()))
	if f.Minimum == nil {
		leg = -1
		s.Phase("updates of the descent")
	}
	w, err := v.wandering(leg, f.Minimum).Start(b)
	if err != nil {
		return err
	}
	if saved != nil && slices.Contains(saved.Names(), "program") {
		if err := errors.Join(reload(saved, "program", w.Program.Load), reload(saved, "snapshots", w.LoadMemory)); err != nil {
			return err
		}
	}
	var save func() error
	if s.Checkpoints() {
		save = func() error {
			return s.Save(f.section(), store.Section{Name: "program", Write: w.Program.Save}, store.Section{Name: "snapshots", Write: w.SaveMemory})
		}
	}
	if err := w.Do(ctx, save, s.CheckpointEvery, s.Report); err != nil {
		return err
	}
	if leg < 0 {
		f.Minimum, err = w.Weights()
		return err
	}
	opened, err := v.study(b, w, leg == 0)
	if err != nil {
		return err
	}
	f.Legs = append(f.Legs, *opened)
	return nil
}

// study opens a leg.
func (v *modesSGD) study(b engine.Backend, w *modes.Wanderer, first bool) (*wandered, error) {
	s, err := w.Study(b, v.To)
	if err != nil {
		return nil, err
	}
	out := &wandered{Rate: w.Rate, Batch: w.Batch, Loss: s.Loss, Dimension: s.Dimension, Psi: s.Psi(v.From, v.To)}
	var sum, squares, n float64
	for k, d := range s.Directions {
		q := w.Fluctuation(d)
		out.Axes = append(out.Axes, axis{d.Variance, d.Flatness, d.Curvature, d.Noise, q.Shuffled(w.Every()), q.Independent()})
		if k+1 < v.From || math.IsInf(q.Independent(), 1) {
			continue
		}
		t := d.Temperature()
		sum, squares, n = sum+t, squares+t*t, n+1
		for i, theory := range []float64{q.Shuffled(w.Every()), q.Independent()} {
			out.Theory[i] += d.Curvature * theory
			out.Ratio[i] += math.Log(d.Variance / theory)
		}
	}
	if n < 2 {
		return nil, fmt.Errorf("modes sgd: %g of components %d to %d have a curvature between 0 and 2/rate at rate %g and batch %d: this is no minimum, descend longer or lower the rate", n, v.From, v.To, w.Rate, w.Batch)
	}
	out.Temperature = store.Estimate{Mean: sum / n, Err: math.Sqrt(max(0, squares/n-sum*sum/n/n) / (n - 1))}
	for i := range out.Theory {
		out.Theory[i], out.Ratio[i] = out.Theory[i]/n, math.Exp(out.Ratio[i]/n)
	}
	c, err := w.Network.Open(b, s.Mean)
	if err != nil {
		return nil, err
	}
	if out.TestAccuracy, err = c.Accuracy(v.data.Test); err != nil {
		return nil, err
	}
	if v.dual() <= modes.DualLimit {
		if out.Duality, err = w.Network.Duality(b, s.Mean, v.Loss, v.data.Train, v.data.Test); err != nil {
			return nil, err
		}
	}
	if first {
		err = v.landscape(s, out)
	}
	return out, err
}

// scale is the flatness along component k, from 0, or 20 standard deviations where it is infinite.
func (w *wandered) scale(k int) float64 {
	if a := w.Axes[k]; math.IsInf(a.Flatness, 1) {
		return 20 * math.Sqrt(a.Variance)
	}
	return w.Axes[k].Flatness
}

// landscape cuts the loss along some components, out to where it is e times as large and beyond, and over the plane of the first
// two that are fitted.
func (v *modesSGD) landscape(s *modes.Study, out *wandered) error {
	reach := func(k int) float64 { return .75 * out.scale(k) }
	last := len(s.Directions) - 1
	for _, k := range []int{0, min(v.From-1, last), (v.From + last) / 2, last} {
		if n := len(out.Sections); n > 0 && out.Sections[n-1].Component >= k+1 {
			continue
		}
		x := spaced(reach(k), 41)
		l, err := s.Section(k, x)
		if err != nil {
			return err
		}
		out.Sections = append(out.Sections, section{k + 1, x, l})
	}
	i, j := min(v.From-1, last-1), min(v.From, last)
	out.Edge = [2]float64{reach(i), reach(j)}
	var err error
	out.Plane, err = s.Plane(i, j, spaced(out.Edge[0], planeCells), spaced(out.Edge[1], planeCells))
	return err
}

// planeCells is the number of points of the plane along either axis.
const planeCells = 31

// spaced are n numbers from -half to half.
func spaced(half float64, n int) []float64 {
	x := make([]float64, n)
	for k := range x {
		x[k] = half * (2*float64(k)/float64(n-1) - 1)
	}
	return x
}
