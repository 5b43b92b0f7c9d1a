package modes

import (
	"cmp"
	"context"
	"encoding/gob"
	"fmt"
	"io"
	"math"
	"time"

	"cavity/engine"
)

// A Wandering follows the weights of one layer as plain stochastic gradients keep them moving about a minimum.
type Wandering struct {
	Training          // in weight space, with the optimiser sgd and a constant rate
	From      Weights // where to begin; nil: at random
	Layer     int     // whose weights are followed, from 0
	Relax     int     // updates before the first snapshot
	Every     int     // updates between two snapshots; 0: 1
	Snapshots int
}

// A Wanderer is a wandering under way. It can be saved and resumed between any two updates.
type Wanderer struct {
	*Trainer
	set        Wandering
	Trajectory [][]float64 // snapshots of the layer's weights
	sum        Weights     // of the snapshots of all layers
}

// Check fills in defaults and reports settings out of range.
func (w *Wandering) Check() error {
	if w.Every == 0 {
		w.Every = 1
	}
	if w.Optimiser == "" {
		w.Optimiser = "sgd"
	}
	if err := w.Training.Check(); err != nil {
		return err
	}
	switch {
	case w.Space != Weight:
		return fmt.Errorf("modes: a wandering in the space %q: only %q", w.Space, Weight)
	case w.Optimiser != "sgd" || w.Halve != 0:
		return fmt.Errorf("modes: a wandering by %s with the rate halved every %d epochs: sgd with a constant rate", w.Optimiser, w.Halve)
	case w.Layer < 0 || w.Layer > len(w.Layers)-2:
		return fmt.Errorf("modes: the weights of layer %d are to be followed: 1 to %d", w.Layer+1, len(w.Layers)-1)
	case w.Relax < 0 || w.Every < 1 || w.Snapshots < 2:
		return fmt.Errorf("modes: %d snapshots every %d updates after %d: at least 2, at least 1, none or more", w.Snapshots, w.Every, w.Relax)
	}
	return nil
}

// Start checks the settings and compiles the Program.
func (w Wandering) Start(b engine.Backend) (*Wanderer, error) {
	if err := w.Check(); err != nil {
		return nil, err
	}
	tr, err := w.Training.Start(b)
	if err != nil {
		return nil, err
	}
	out := &Wanderer{Trainer: tr, set: w, sum: Weights{}}
	for name, x := range w.From {
		if err := tr.SetParameter(name, x); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// updates is how many there are in all.
func (w *Wandering) updates() uint64 { return uint64(w.Relax + w.Every*w.Snapshots) }

// Every is the number of updates between two snapshots.
func (w *Wanderer) Every() int { return w.set.Every }

// Do makes all updates and takes the snapshots. When ctx is cancelled it saves and returns the context's error.
func (w *Wanderer) Do(ctx context.Context, save func() error, period time.Duration, report func(done, until uint64)) error {
	if err := w.setRate(); err != nil {
		return err
	}
	return engine.Run{
		Program: w.Program, Until: w.set.updates(), Every: 1, Save: save, Period: period, Report: report,
		Measure: func(step uint64) error {
			if past := int(step) - w.set.Relax; past <= 0 || past%w.set.Every != 0 {
				return nil
			}
			return w.look()
		},
	}.Do(ctx)
}

// look takes a snapshot, unless the losses of the updates so far have a sum that is no number.
func (w *Wanderer) look() error {
	if l, err := w.read("loss"); err != nil || math.IsNaN(l[0]) || math.IsInf(l[0], 0) {
		return cmp.Or[error](err, &Diverged{w.Program.Steps()})
	}
	for l := range w.Layers[1:] {
		name := weightName(l)
		x, err := w.Parameter(name)
		if err != nil {
			return err
		}
		if l == w.set.Layer {
			w.Trajectory = append(w.Trajectory, x)
		}
		if w.sum[name] == nil {
			w.sum[name] = make([]float64, len(x))
		}
		for i, v := range x {
			w.sum[name][i] += v
		}
	}
	return nil
}

// Mean is the mean of the snapshots, in all layers.
func (w *Wanderer) Mean() Weights {
	out := Weights{}
	for name, x := range w.sum {
		for _, v := range x {
			out[name] = append(out[name], v/float64(len(w.Trajectory)))
		}
	}
	return out
}

// memory is what a checkpoint holds beside the Program.
type memory struct {
	Trajectory [][]float64
	Sum        Weights
}

// SaveMemory and LoadMemory keep the snapshots, which a checkpoint needs beside the Program.
func (w *Wanderer) SaveMemory(to io.Writer) error {
	return gob.NewEncoder(to).Encode(memory{w.Trajectory, w.sum})
}

func (w *Wanderer) LoadMemory(from io.Reader) error {
	var m memory
	if err := gob.NewDecoder(from).Decode(&m); err != nil {
		return fmt.Errorf("modes: snapshots: %w", err)
	}
	w.Trajectory, w.sum = m.Trajectory, m.Sum
	if w.sum == nil {
		w.sum = Weights{}
	}
	return nil
}

// A Direction is a principal component of a trajectory with the loss along it.
type Direction struct {
	Component
	Slice
}

// Temperature is λσ², twice the mean loss that the fluctuation along the direction costs: every direction of a system in
// equilibrium has the same, ηD/2 for small steps with equal noise D.
func (d Direction) Temperature() float64 { return d.Curvature * d.Variance }

// A Study is the wandering of a layer opened.
type Study struct {
	Mean       Weights // of the snapshots, where the loss is looked at
	Loss       float64 // there
	Total      float64 // variance over all directions
	Dimension  float64 // participation ratio (Σσ²)²/Σσ⁴ of the trajectory
	Directions []Direction
	landscape  *Landscape
}

// Study finds the principal components and slices the loss along the first `most` of them, at the scale of their fluctuation; it is
// an error if there are fewer. Curvatures count the weight decay, flatness and noise do not.
func (w *Wanderer) Study(b engine.Backend, most int) (*Study, error) {
	components, err := Principal(w.Trajectory)
	if err != nil {
		return nil, err
	}
	if len(components) < most {
		return nil, fmt.Errorf("modes: the weights of layer %d moved in %d directions only, fewer than the %d to look at: fewer of these, a larger rate or a smaller batch", w.set.Layer+1, len(components), most)
	}
	s := &Study{Mean: w.Mean()}
	if s.landscape, err = w.Network.Landscape(b, s.Mean, w.set.Layer, w.Loss, w.Data.Train); err != nil {
		return nil, err
	}
	if s.Loss, err = s.landscape.Loss(); err != nil {
		return nil, err
	}
	squares := 0.0
	for k, c := range components {
		s.Total, squares = s.Total+c.Variance, squares+c.Variance*c.Variance
		if k >= most {
			continue
		}
		slice, err := s.landscape.Slice(c.Direction, math.Sqrt(c.Variance))
		if err != nil {
			return nil, fmt.Errorf("%w (component %d)", err, k+1)
		}
		slice.Curvature += w.Decay
		s.Directions = append(s.Directions, Direction{c, slice})
	}
	if squares > 0 {
		s.Dimension = s.Total * s.Total / squares
	}
	return s, nil
}

// Fluctuation is the wandering along a direction, as if the loss were quadratic and the direction an axis of it.
func (w *Wanderer) Fluctuation(d Direction) Fluctuation {
	return Fluctuation{Rate: w.Rate, Curvature: d.Curvature, Noise: d.Noise, Examples: w.Data.Train.Count, Batch: w.Batch}
}

// Section is the loss at distances along a component, from the mean weights.
func (s *Study) Section(component int, distances []float64) ([]float64, error) {
	var out []float64
	for _, x := range distances {
		l, err := s.landscape.Loss(Move{s.Directions[component].Direction, x})
		if err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, nil
}

// Plane is the loss at pairs of distances along two components, row by row: rows are those along the second.
func (s *Study) Plane(first, second int, x, y []float64) ([]float64, error) {
	var out []float64
	for _, dy := range y {
		for _, dx := range x {
			l, err := s.landscape.Loss(Move{s.Directions[first].Direction, dx}, Move{s.Directions[second].Direction, dy})
			if err != nil {
				return nil, err
			}
			out = append(out, l)
		}
	}
	return out, nil
}

// A Power is y ∝ x^Exponent by least squares of the logarithms, with the exponent's standard error from the scatter.
type Power struct {
	Exponent, Err float64
	Points        int
}

// FitPower uses the points where both numbers are positive and finite; with fewer than three the result is NaN.
func FitPower(x, y []float64) Power {
	var lx, ly []float64
	for i := range x {
		if a, b := math.Log(x[i]), math.Log(y[i]); !math.IsNaN(a+b) && !math.IsInf(a, 0) && !math.IsInf(b, 0) {
			lx, ly = append(lx, a), append(ly, b)
		}
	}
	p := Power{math.NaN(), math.NaN(), len(lx)}
	if len(lx) < 3 {
		return p
	}
	mx, my := mean(lx), mean(ly)
	var sxx, sxy, residual float64
	for i := range lx {
		sxx, sxy = sxx+(lx[i]-mx)*(lx[i]-mx), sxy+(lx[i]-mx)*(ly[i]-my)
	}
	p.Exponent = sxy / sxx
	for i := range lx {
		r := ly[i] - my - p.Exponent*(lx[i]-mx)
		residual += r * r
	}
	p.Err = math.Sqrt(residual / sxx / float64(len(lx)-2))
	return p
}

// ψ of the relation σ² ∝ F^-ψ (Feng, Tu 2021) over components from … to, counted from 1; those along which the loss stays low
// are left out.
func (s *Study) Psi(from, to int) Power {
	var f, v []float64
	for k := from - 1; k < min(to, len(s.Directions)); k++ {
		f, v = append(f, s.Directions[k].Flatness), append(v, s.Directions[k].Variance)
	}
	p := FitPower(f, v)
	p.Exponent = -p.Exponent
	return p
}
