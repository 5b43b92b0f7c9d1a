package main

import (
	"context"
	"fmt"
	"math"

	"cavity/engine"
	"cavity/engine/store"
	"cavity/models/dataset"
	"cavity/models/rbm"
)

// rbmWeights are the flags that name a machine and the data it is held against.
type rbmWeights struct {
	Weights string `required:"" placeholder:"FILE" help:"Machine: a run folder of rbm train, safetensors, or npz with W [visible,hidden], vbias, hbias."`
	Data    string `placeholder:"NAME" help:"mnist, digits, or the path of an idx, idx.gz or npz file."`

	machine *rbm.Machine
	set     *dataset.Set
}

func (v *rbmWeights) open() (err error) {
	if v.machine, err = rbm.Read(weightsIn(v.Weights)); err != nil || v.Data == "" {
		return err
	}
	if v.set, err = dataset.Load(v.Data); err != nil {
		return err
	}
	return v.machine.Suits(v.set)
}

// rbmEvaluate weighs a machine.
type rbmEvaluate struct {
	common
	rbmWeights
	Exact        bool      `help:"Enumerate the smaller layer, up to 24 units."`
	Temperatures int       `default:"10000" help:"Inverse temperatures of annealed importance sampling, evenly spaced."`
	Betas        []float64 `placeholder:"B,B,…" help:"Any other inverse temperatures, rising from 0 to 1."`
	Chains       int       `default:"100" help:"Chains of annealed importance sampling, in either direction."`
	Burn         int       `default:"1000" help:"Gibbs steps from the data before reverse annealing."`
	Examples     int       `default:"10000" help:"Examples of either part."`
	Binarize     string    `default:"" enum:",threshold,sample" help:"Bytes to 0 and 1: threshold or sample; default: as the machine was trained."`
}

func (v *rbmEvaluate) Run(f *frame) error { return f.compute(v) }

// mostTemperatures bounds the inverse temperatures of annealed importance sampling, which are held as a list.
const mostTemperatures = 10_000_000

func (v *rbmEvaluate) validate() error {
	if outside(v.Temperatures, 2, mostTemperatures) || v.Chains < 2 || v.Burn < 0 || v.Examples < 1 {
		return misusef("--temperatures is %d, --chains is %d, --burn is %d and --examples is %d: 2 to %d, and at least 2, 0 and 1", v.Temperatures, v.Chains, v.Burn, v.Examples, mostTemperatures)
	}
	if err := v.open(); err != nil {
		return err
	}
	if v.Binarize != "" {
		v.machine.Binarised = v.Binarize
	}
	if v.set != nil && v.machine.Base == nil {
		v.machine.Fit(v.set)
	}
	return nil
}

func (v *rbmEvaluate) compute(ctx context.Context, s *session) (*result, error) {
	b, err := s.Open()
	if err != nil {
		return nil, err
	}
	out := &result{}
	z, err := v.logZ(ctx, s, b, out)
	if err != nil {
		return nil, err
	}
	if v.set == nil {
		return out, nil
	}
	out.Summary.Set("data", v.set.Source)
	if v.machine.Binarised != "" {
		out.Summary.Set("binarisation", v.machine.Binarised)
	}
	if err := v.likelihoods(ctx, b, z, out); err != nil {
		return nil, err
	}
	out.Figures = machineFigures(v.machine)
	return out, nil
}

// bounds of ln Z, equal when it is exact.
type bounds struct{ lower, upper float64 }

func (v *rbmEvaluate) logZ(ctx context.Context, s *session, b engine.Backend, out *result) (bounds, error) {
	sum, m := &out.Summary, v.machine
	if v.Exact {
		s.Phase("states")
		z, err := m.LogZ()
		sum.Set("method", "exact")
		sum.Set("log_z", z)
		return bounds{z, z}, err
	}
	ais := rbm.AIS{Chains: v.Chains, Temperatures: v.Temperatures, Betas: v.Betas, Seed: s.Seed, Report: s.Report}
	a, err := ais.Start(m, b)
	if err != nil {
		return bounds{}, misuse{err}
	}
	s.Phase("forward annealing")
	forward, err := a.Forward(ctx)
	if err != nil {
		return bounds{}, err
	}
	var start []float32
	if v.set != nil {
		start = m.Rows(v.set.Train, v.Chains, s.Seed)
	} else {
		s.Warn("without --data reverse annealing starts from independent units after --burn steps: it bounds ln Z from above only if that is enough to reach fair samples")
	}
	s.Phase("reverse annealing")
	reverse, err := a.Reverse(ctx, start, v.Burn)
	if err != nil {
		return bounds{}, err
	}
	sum.Set("method", fmt.Sprintf("annealed importance sampling, %d temperatures, %d chains", forward.Betas, v.Chains))
	sum.Set("log_z", forward.LogZ)
	sum.Set("log_z_upper", reverse.LogZ)
	sum.Set("deviation", map[string]float64{"forward": forward.Deviation, "reverse": reverse.Deviation})
	sum.Set("ess", map[string]float64{"forward": forward.ESS, "reverse": reverse.ESS})
	for _, d := range rbm.Doubts(forward, reverse) {
		s.Warn("%s", d)
	}
	return bounds{forward.LogZ, reverse.LogZ}, nil
}

// likelihoods adds what depends on data.
func (v *rbmEvaluate) likelihoods(ctx context.Context, b engine.Backend, z bounds, out *result) error {
	m := v.machine
	e, err := rbm.NewEvaluator(m, 500, b)
	if err != nil {
		return err
	}
	sum := &out.Summary
	mean, deviation := map[string]float64{}, map[string]float64{}
	for k, p := range map[string]dataset.Part{"train": v.set.Train, "test": v.set.Test} {
		f, err := e.FreeEnergies(m.Encode(p.Spread(v.Examples), 1))
		if err != nil {
			return err
		}
		mean[k], deviation[k] = rbm.MeanOf(f)
		if math.IsNaN(mean[k]) {
			return fmt.Errorf("rbm: the free energy of a %s example is no number", k)
		}
	}
	parts := func(z float64) store.Summary {
		return store.Summary{{Key: "train", Value: -mean["train"] - z}, {Key: "test", Value: -mean["test"] - z}}
	}
	sum.Set("log_likelihood", parts(z.lower))
	if !v.Exact {
		sum.Set("log_likelihood_lower", parts(z.upper)) // from the upper bound on ln Z
	}
	sum.Set("log_likelihood_err", store.Summary{{Key: "train", Value: deviation["train"]}, {Key: "test", Value: deviation["test"]}}) // over examples
	sum.Set("free_energy_gap", store.Estimate{Mean: mean["test"] - mean["train"], Err: math.Hypot(deviation["test"], deviation["train"])})
	test := m.Encode(v.set.Test.Spread(min(v.Examples, 1000)), 1)
	r, err := e.Reconstruction(test)
	if err != nil {
		return err
	}
	sum.Set("reconstruction", r)
	if pl, err := m.PseudoLikelihood(ctx, test); err == nil {
		sum.Set("pseudo_likelihood", pl)
	} else if ctx.Err() != nil {
		return ctx.Err()
	}
	if m.Visible.Labels > 0 {
		part := v.set.Test.Head(v.Examples)
		p, err := e.Classify(m.Encode(part, 1))
		if err != nil {
			return err
		}
		sum.Set("test_accuracy", rbm.Accuracy(p, part.Labels))
	}
	return nil
}
