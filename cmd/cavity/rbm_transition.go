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
	Synapses int       `default:"300" help:"Binary synapses."`
	Problems int       `default:"6" help:"Planted problems for every number of examples."`
	Steps    int       `default:"300" help:"Steps of belief propagation at most."`
	Alphas   []float64 `placeholder:"A,A,…" help:"Examples a synapse in units of the critical number; default .25 to 4."`
}

func (v *rbmTransition) Run(f *frame) error { return f.compute(v) }

func (v *rbmTransition) validate() error {
	if !(v.Beta > 0) || v.Synapses < 2 || v.Problems < 2 || v.Steps < 1 {
		return misusef("--beta is %v, --synapses is %d, --problems is %d and --steps is %d: positive, and at least 2, 2 and 1", v.Beta, v.Synapses, v.Problems, v.Steps)
	}
	for _, a := range v.Alphas {
		if !(a > 0) {
			return misusef("--alphas holds %v: positive numbers", a)
		}
	}
	return nil
}

func (v *rbmTransition) compute(_ context.Context, s *session) (*result, error) {
	study := synapse.Study{Beta: v.Beta, Synapses: v.Synapses, Problems: v.Problems, Steps: v.Steps, Alphas: v.Alphas, Seed: s.Seed}
	s.Phase("numbers of examples")
	f, err := study.Do(s.Report)
	if err != nil {
		return nil, err
	}
	if f.Unconverged > 0 {
		s.Warn("belief propagation had not converged after %d steps on %d of %d problems: near the transition it takes longer", v.Steps, f.Unconverged, v.Problems*len(f.Alpha))
	}
	out := &result{}
	var overlap []store.Estimate
	for k, q := range f.Overlap {
		overlap = append(overlap, store.Estimate{Mean: q, Err: f.Err[k]})
	}
	out.Summary = store.Summary{{Key: "alpha_c", Value: synapse.Threshold(v.Beta)}, {Key: "alpha_over_alpha_c", Value: f.Alpha},
		{Key: "overlap", Value: overlap}, {Key: "replica_symmetric", Value: f.Theory}, {Key: "unconverged", Value: f.Unconverged}}
	figure, err := study.Figure(f)
	out.Figures = []picture{{"transition", figure}}
	return out, err
}
