package main

import (
	"context"

	"cavity/engine/store"
	"cavity/models/rbm/synapse"
)

// rbmTransition learns planted binary synapses from more and more examples.
type rbmTransition struct {
	common
	Beta     float64   `default:"1" help:"Inverse temperature of the examples."`
	Units    int       `default:"1" help:"Hidden units: 1, or 2 whose features overlap."`
	Overlap  float64   `default:"0.3" help:"Overlap of the features of two units, inside -1 to 1; near 0 the difference is learned soon after the sum."`
	Synapses int       `default:"300" help:"Binary synapses."`
	Problems int       `default:"6" help:"Planted problems for every number of examples."`
	Steps    int       `default:"300" help:"Steps of belief propagation at most."`
	Alphas   []float64 `placeholder:"A,A,…" help:"Examples a synapse in units of the critical number; default .25 to 4."`
}

func (v *rbmTransition) Run(f *frame) error { return f.compute(v) }

func (v *rbmTransition) validate() error {
	if !(v.Beta > 0) || v.Synapses < 2 || outside(v.Problems, 2, 1_000_000) || v.Steps < 1 {
		return misusef("--beta is %v, --synapses is %d, --problems is %d and --steps is %d: positive, at least 2, 2 to 1000000, and at least 1", v.Beta, v.Synapses, v.Problems, v.Steps)
	}
	if v.Units != 1 && v.Units != 2 || !(v.Overlap > -1 && v.Overlap < 1) {
		return misusef("--units is %d and --overlap is %v: 1 or 2, and inside -1 to 1", v.Units, v.Overlap)
	}
	for _, a := range v.Alphas {
		if !(a > 0) {
			return misusef("--alphas holds %v: positive numbers", a)
		}
	}
	return nil
}

func (v *rbmTransition) compute(ctx context.Context, s *session) (*result, error) {
	if v.Units == 2 {
		return v.pair(ctx, s)
	}
	study := synapse.Study{Beta: v.Beta, Synapses: v.Synapses, Problems: v.Problems, Steps: v.Steps, Alphas: v.Alphas, Seed: s.Seed}
	s.Phase("numbers of examples")
	f, err := study.Do(ctx, s.Report)
	if err != nil {
		return nil, err
	}
	v.slow(s, f.Unconverged, len(f.Alpha))
	out := &result{}
	out.Summary = store.Summary{{Key: "alpha_c", Value: synapse.Threshold(v.Beta)}, {Key: "alpha_over_alpha_c", Value: f.Alpha},
		{Key: "overlap", Value: withErrors(f.Overlap, f.Err)}, {Key: "replica_symmetric", Value: f.Theory}, {Key: "unconverged", Value: f.Unconverged}}
	figure, err := study.Figure(f)
	out.Figures = []picture{{"transition", figure}}
	return out, err
}

// pair studies two hidden units.
func (v *rbmTransition) pair(ctx context.Context, s *session) (*result, error) {
	study := synapse.PairStudy{Beta: v.Beta, Overlap: v.Overlap, Synapses: v.Synapses, Problems: v.Problems, Steps: v.Steps, Alphas: v.Alphas, Seed: s.Seed}
	s.Phase("numbers of examples and overlaps")
	f, err := study.Do(ctx, s.Report)
	if err != nil {
		return nil, err
	}
	v.slow(s, f.Unconverged, len(f.Alpha))
	out := &result{Summary: store.Summary{{Key: "alpha_c", Value: synapse.ThresholdOfTwo(v.Beta, v.Overlap)}, {Key: "alpha_over_alpha_c", Value: f.Alpha},
		{Key: "sum", Value: withErrors(f.Plus, f.PlusErr)}, {Key: "sum_replica_symmetric", Value: f.TheoryPlus},
		{Key: "difference", Value: withErrors(f.Minus, f.MinusErr)}, {Key: "difference_replica_symmetric", Value: f.TheoryMinus}, {Key: "unconverged", Value: f.Unconverged},
		{Key: "transitions", Value: store.Summary{{Key: "feature_overlap", Value: f.Features}, {Key: "alpha", Value: withErrors(f.Transition, f.TransitionErr)}, {Key: "theory", Value: f.Threshold}}}}}
	figure, err := study.Figure(f)
	out.Figures = []picture{{"transition", figure}}
	return out, err
}

// slow warns of runs of belief propagation that ended early.
func (v *rbmTransition) slow(s *session, unconverged, groups int) {
	if unconverged > 0 {
		s.Warn("belief propagation had not converged after %d steps on %d of %d problems: near the transition it takes longer, and small problems may never converge", v.Steps, unconverged, v.Problems*groups)
	}
}

// withErrors joins means and their errors.
func withErrors(mean, err []float64) (e []store.Estimate) {
	for k, x := range mean {
		e = append(e, store.Estimate{Mean: x, Err: err[k]})
	}
	return e
}
