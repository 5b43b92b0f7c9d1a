package main

import (
	"context"
	"fmt"
	"slices"

	"cavity/engine/figure"
	"cavity/engine/store"
	"cavity/models/rbm/inverse"
)

// rbmInverse finds fields and couplings of an Ising model from samples.
type rbmInverse struct {
	common
	Samples  string   `placeholder:"FILE" help:"npz file with an array samples [samples, spins] of +1 and -1 (int8, int32, float32 or float64); without it a model is planted."`
	Spins    int      `default:"10" help:"Spins of the planted model, 2 to 20."`
	Strength float64  `default:"0.5" help:"Of the planted couplings: normal with this deviation over the root of the spins."`
	Field    float64  `default:"0.2" help:"Deviation of the planted fields."`
	Count    int      `default:"10000" help:"Samples drawn from the planted model."`
	Methods  []string `placeholder:"NAME,…" help:"meanfield, tap, bethe, pl (pseudo-likelihood), exact (up to 12 spins) and montecarlo (persistent chains); default: all that the number of spins allows."`
	Decay    float64  `default:"0" help:"Weight decay of pl (L2)."`

	samples inverse.Samples
	planted *inverse.Model
}

func (v *rbmInverse) Run(f *frame) error { return f.compute(v) }

// mostSamples bounds what is drawn from a planted model.
const mostSamples = 100_000_000

func (v *rbmInverse) validate() (err error) {
	if v.Spins < 2 || v.Spins > 20 || outside(v.Count, 2, mostSamples) || !(v.Decay >= 0) || !(v.Strength >= 0) || !(v.Field >= 0) {
		return misusef("--spins is %d, --count is %d, --decay %v, --strength %v and --field %v: 2 to 20, 2 to %d, and not negative", v.Spins, v.Count, v.Decay, v.Strength, v.Field, mostSamples)
	}
	for _, m := range v.Methods {
		if !slices.Contains(inverse.Methods, m) {
			return misusef("--methods holds %q: there are %q", m, inverse.Methods)
		}
	}
	if v.Samples != "" {
		v.samples, err = readSpins(v.Samples)
	} else {
		m := inverse.Glass(v.Spins, v.Strength, v.Field, v.Seed)
		v.planted = &m
		v.samples, err = m.Draw(v.Count, v.Seed)
	}
	if err == nil && len(v.Methods) == 0 {
		v.Methods = slices.DeleteFunc(slices.Clone(inverse.Methods), func(m string) bool { return m == "exact" && v.samples.N > inverse.MaxExact })
	}
	return err
}

// readSpins reads samples from a file.
func readSpins(path string) (inverse.Samples, error) {
	arrays, err := store.ReadNpz(path)
	if err != nil {
		return inverse.Samples{}, err
	}
	a, found := store.Find(arrays, "samples")
	if !found || len(a.Shape) != 2 {
		return inverse.Samples{}, fmt.Errorf("%s: an array samples [samples, spins] is needed", path)
	}
	s := inverse.Samples{N: a.Shape[1]}
	add := func(k int, x float64) error {
		if x != 1 && x != -1 {
			return fmt.Errorf("%s: spin %d of sample %d is %v: +1 or -1", path, k%s.N, k/s.N, x)
		}
		s.Spins = append(s.Spins, int8(x))
		return nil
	}
	switch x := a.Data.(type) {
	case []int8:
		err = addAll(x, add)
	case []int32:
		err = addAll(x, add)
	case []float32:
		err = addAll(x, add)
	case []float64:
		err = addAll(x, add)
	default:
		err = fmt.Errorf("%s: samples of type %s: int8, int32, float32 or float64", path, a.Dtype())
	}
	return s, err
}

func addAll[T int8 | int32 | float32 | float64](x []T, add func(k int, x float64) error) error {
	for k, y := range x {
		if err := add(k, float64(y)); err != nil {
			return err
		}
	}
	return nil
}

func (v *rbmInverse) compute(ctx context.Context, s *session) (*result, error) {
	n := v.samples.N
	out := &result{}
	out.Summary.Set("spins", n)
	out.Summary.Set("samples", len(v.samples.Spins)/n)
	found := map[string]inverse.Model{}
	var tried store.Summary
	s.Phase("methods")
	for k, name := range v.Methods {
		m, err := v.samples.Solve(ctx, name, v.Decay, s.Seed)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		s.Report(uint64(k+1), uint64(len(v.Methods)))
		if err != nil { // another method may still do
			s.Warn("%s: %v", name, err)
			tried.Set(name, store.Summary{{Key: "solved", Value: false}})
			continue
		}
		found[name] = m
		entry := store.Summary{{Key: "solved", Value: true}}
		if v.planted != nil {
			couplings, fields := m.Distance(*v.planted)
			entry.Set("coupling_error", couplings)
			entry.Set("field_error", fields)
		}
		tried.Set(name, entry)
		out.Weights = append(out.Weights, store.Of(name+".J", m.J, n, n), store.Of(name+".h", m.H))
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("inverse: no method found a model; the reasons are above")
	}
	out.Summary.Set("methods", tried)
	if v.planted != nil {
		out.Weights = append(out.Weights, store.Of("planted.J", v.planted.J, n, n), store.Of("planted.h", v.planted.H))
		out.Figures = []picture{{"couplings", v.figure(found)}}
	}
	return out, nil
}

// figure draws the couplings found against those planted.
func (v *rbmInverse) figure(found map[string]inverse.Model) figure.Figure {
	f := figure.Curves{Title: fmt.Sprintf("%d samples of %d spins", v.Count, v.Spins), X: figure.Axis{Label: "planted coupling"}, Y: figure.Axis{Label: "coupling found"}, Width: 18, Height: 12}
	line := figure.Curve{}
	for _, name := range v.Methods {
		m, ok := found[name]
		if !ok {
			continue
		}
		c := figure.Curve{Name: name, Style: figure.Points, Color: len(f.Curves) + 1}
		for i := range m.N {
			for j := range i {
				c.X, c.Y = append(c.X, v.planted.J[i*m.N+j]), append(c.Y, m.J[i*m.N+j])
			}
		}
		line.X = []float64{slices.Min(c.X), slices.Max(c.X)}
		f.Curves = append(f.Curves, c)
	}
	line.Y = line.X
	f.Curves = append(f.Curves, line)
	return f
}
