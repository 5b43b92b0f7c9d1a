package main

import (
	"context"
	"encoding/gob"
	"fmt"
	"io"
	"math"

	"cavity/engine/figure"
	"cavity/engine/store"
	"cavity/models/modes"
)

// modesDepth follows the dimension of representations through random deep networks.
type modesDepth struct {
	common
	Units    int     `default:"1000" help:"Units of every layer."`
	Depth    int     `default:"5" help:"Layers."`
	Gain     float64 `default:"0.8" help:"The weights' variance times the number of units."`
	Samples  int     `default:"4000" help:"Random inputs of a network; many more than its dimensions."`
	Networks int     `default:"4" help:"Random networks."`
}

func (v *modesDepth) Run(f *frame) error { return f.compute(v) }

func (v *modesDepth) validate() error {
	switch {
	case v.Units < 2 || v.Units > 20000 || v.Depth < 1 || v.Depth > 200:
		return misusef("--units is %d and --depth is %d: 2 to 20000 units, 1 to 200 layers", v.Units, v.Depth)
	case outside(v.Samples, 2*v.Units, 10_000_000):
		return misusef("--samples is %d: at least twice the %d units, and at most 10000000", v.Samples, v.Units)
	case v.Networks < 2:
		return misusef("--networks is %d: at least two for an error", v.Networks)
	case !(v.Gain > 0) || math.IsInf(v.Gain, 0):
		return misusef("--gain is %v: it must be positive", v.Gain)
	}
	return nil
}

func (v *modesDepth) compute(ctx context.Context, s *session) (*result, error) {
	b, err := s.Open()
	if err != nil {
		return nil, err
	}
	r := modes.RandomNetwork{Units: v.Units, Depth: v.Depth, Gain: v.Gain, Activation: "tanh"}
	theory, err := r.Dimensions()
	if err != nil {
		return nil, err
	}
	all := &depths{First: make([]float64, v.Depth), Second: make([]float64, v.Depth)}
	if saved := s.Saved(); saved != nil {
		if err := reload(saved, "networks", func(r io.Reader) error { return gob.NewDecoder(r).Decode(all) }); err != nil {
			return nil, err
		}
	}
	s.Phase("networks")
	for all.Networks < v.Networks {
		d, err := r.Simulate(b, v.Samples, v.Seed+uint64(all.Networks))
		if err != nil {
			return nil, err
		}
		for l, x := range d {
			all.First[l], all.Second[l] = all.First[l]+x/float64(v.Networks), all.Second[l]+x*x/float64(v.Networks)
		}
		all.Networks++
		s.Report(uint64(all.Networks), uint64(v.Networks))
		if err := s.Save(store.Section{Name: "networks", Write: func(w io.Writer) error { return gob.NewEncoder(w).Encode(all) }}); err != nil {
			return nil, err
		}
		if err := ctx.Err(); err != nil && all.Networks < v.Networks {
			return nil, err
		}
	}
	return v.report(all, theory), nil
}

// depths are the sums over the networks so far, which a checkpoint holds.
type depths struct {
	Networks      int
	First, Second []float64 // of D/N of every layer and its square, over the number of all networks
}

func (v *modesDepth) report(all *depths, theory []float64) *result {
	first, second := all.First, all.Second
	out := &result{}
	var measured []store.Estimate
	errs := make([]float64, v.Depth)
	for l := range first {
		errs[l] = math.Sqrt(max(0, second[l]-first[l]*first[l]) / float64(v.Networks-1))
		measured = append(measured, store.Estimate{Mean: first[l], Err: errs[l]})
	}
	out.Summary.Set("dimension", measured)
	out.Summary.Set("theory", theory)
	out.Series = []store.Array{store.Of("dimension", first), store.Of("dimension_err", errs), store.Of("theory", theory)}
	x := ranks(v.Depth)
	out.Figures = []picture{{"dimension", figure.Curves{
		Title: fmt.Sprintf("tanh, N = %d, g = %g, %d networks", v.Units, v.Gain, v.Networks),
		X:     figure.Axis{Label: "layer", Whole: true}, Y: figure.Axis{Label: "dimension D/N", Min: 0, Max: 1},
		Curves: []figure.Curve{{Name: "theory", X: x, Y: theory, Color: 2}, {Name: "simulation", X: x, Y: first, Err: errs, Style: figure.Points, Color: 1}},
	}}}
	return out
}
