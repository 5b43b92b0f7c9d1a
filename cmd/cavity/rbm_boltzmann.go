package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"time"

	"cavity/engine"
	"cavity/engine/store"
	"cavity/models/dataset"
	"cavity/models/rbm"
	"cavity/models/rbm/boltzmann"
)

// rbmBoltzmann trains a general Boltzmann machine and weighs it.
type rbmBoltzmann struct {
	common
	passes
	Data         string  `default:"digits" placeholder:"NAME" help:"mnist, digits, or the path of an idx, idx.gz or npz file."`
	Hidden       int     `default:"50" help:"Hidden spins."`
	Positive     string  `default:"meanfield" enum:"meanfield,exact,gibbs" help:"Averages of the hidden spins given the data: meanfield, exact (up to 10 of them) or gibbs (up to 256)."`
	Rounds       int     `default:"20" help:"Rounds of meanfield or gibbs an update."`
	K            int     `default:"1" help:"Sweeps of the persistent chains an update."`
	Without      string  `default:"" enum:",visible,hidden,both" help:"Couplings to leave out: those among visible spins, among hidden ones, or both (a restricted machine)."`
	Chains       int     `default:"0" help:"Persistent chains; 0 means as many as the batch."`
	Rate         float64 `default:"0.002" help:"Learning rate of the first epoch."`
	FinalRate    float64 `default:"0" help:"Learning rate of the last epoch, reached geometrically; 0 means a tenth of --rate."`
	Decay        float64 `default:"0.001" help:"Weight decay (L2)."`
	Binarize     string  `default:"threshold" enum:"threshold,sample" help:"Bytes to spins: threshold, or sample anew in every batch."`
	Likelihood   int     `default:"1" placeholder:"N" help:"Estimate the likelihood every N epochs; 0 means only at the end."`
	AisTemps     int     `default:"100" help:"Temperatures of those estimates, where Z cannot be enumerated."`
	Temperatures int     `default:"2000" help:"Inverse temperatures of annealed importance sampling at the end, in either direction."`
	Burn         int     `default:"1000" help:"Sweeps from the chains before reverse annealing."`
	Examples     int     `default:"1000" help:"Examples of either part that are weighed."`

	set *dataset.Set
}

func (v *rbmBoltzmann) Run(f *frame) error { return f.compute(v) }

func (v *rbmBoltzmann) validate() (err error) {
	if err := v.checkPasses(); err != nil {
		return err
	}
	switch {
	case v.Hidden < 1:
		return misusef("--hidden is %d: at least 1", v.Hidden)
	case v.K < 1 || v.Rounds < 1:
		return misusef("--k is %d and --rounds is %d: at least 1 each", v.K, v.Rounds)
	case v.Examples < 1 || v.Likelihood < 0 || outside(v.AisTemps, 2, mostTemperatures) || outside(v.Temperatures, 2, mostTemperatures) || v.Burn < 0:
		return misusef("--examples is %d, --likelihood %d, --ais-temps %d, --temperatures %d and --burn %d: at least 1, 0, 2, 2 and 0, and at most %d temperatures",
			v.Examples, v.Likelihood, v.AisTemps, v.Temperatures, v.Burn, mostTemperatures)
	}
	v.set, err = dataset.Load(v.Data)
	return err
}

func (v *rbmBoltzmann) training(seed uint64) boltzmann.Training {
	final := v.FinalRate
	if final == 0 {
		final = v.Rate / 10
	}
	return boltzmann.Training{Set: v.set, Hidden: v.Hidden, Binarise: v.Binarize, Positive: boltzmann.Positive(v.Positive), Rounds: v.Rounds, K: v.K,
		Batch: v.Batch, Chains: v.Chains, Epochs: v.Epochs, WithoutVisible: v.Without == "visible" || v.Without == "both",
		WithoutHidden: v.Without == "hidden" || v.Without == "both", Rate: v.Rate, FinalRate: final, L2: v.Decay, Seed: seed}
}

func (v *rbmBoltzmann) compute(ctx context.Context, s *session) (*result, error) {
	b, err := s.Open()
	if err != nil {
		return nil, err
	}
	s.Meta("data", v.set.Source)
	tr, err := v.training(s.Seed).Start(b)
	if err != nil {
		return nil, misuse{err}
	}
	m, err := tr.Machine()
	if err != nil {
		return nil, err
	}
	base := m.Bv // the fields of independent spins with the data's means
	me := boltzmann.Measure{Every: v.Likelihood, Examples: v.Examples}
	if m.N() > boltzmann.MaxExact {
		if me.Annealer, err = (boltzmann.AIS{Chains: 50, Temperatures: v.AisTemps, Seed: s.Seed, Base: base}).Start(m, b); err != nil {
			return nil, err
		}
	}
	if err := s.Restore(map[string]func(io.Reader) error{"program": tr.Program.Load, "history": tr.LoadHistory}); err != nil {
		return nil, err
	}
	if err := v.train(ctx, s, tr, me); err != nil {
		return nil, err
	}
	return v.report(ctx, s, b, tr, base)
}

// train goes on to the last epoch.
func (v *rbmBoltzmann) train(ctx context.Context, s *session, tr *boltzmann.Trainer, me boltzmann.Measure) error {
	save := func() error {
		m, err := tr.Machine()
		if err != nil {
			return err // the last good checkpoint stays
		}
		if err := s.Save(store.Section{Name: "program", Write: tr.Program.Save}, store.Section{Name: "history", Write: tr.SaveHistory}); err != nil {
			return err
		}
		return s.KeepWeights(m.Arrays(), v.metadata())
	}
	s.Phase("updates")
	began, updates := time.Now(), uint64(tr.Updates())
	r := engine.Run{Program: tr.Program, Until: updates * uint64(v.Epochs), Every: updates, Period: s.CheckpointEvery, Report: s.Report,
		Measure: func(uint64) error {
			if err := tr.Program.Sync(); err != nil {
				return err
			}
			_, err := tr.Close(context.Background(), me, time.Since(began).Seconds()) // short, and never repeated
			began = time.Now()
			return err
		}}
	if s.Checkpoints() {
		r.Save = save
	}
	if tr.Program.Steps() >= r.Until {
		return nil
	}
	if err := r.Do(ctx); err != nil {
		return err
	}
	return save()
}

func (v *rbmBoltzmann) metadata() map[string]string {
	return map[string]string{"format": "cavity boltzmann", "binarised": v.Binarize, "height": fmt.Sprint(v.set.Height), "width": fmt.Sprint(v.set.Width)}
}

func (v *rbmBoltzmann) report(ctx context.Context, s *session, b engine.Backend, tr *boltzmann.Trainer, base []float32) (*result, error) {
	m, err := tr.Machine()
	if err != nil {
		return nil, err
	}
	out := &result{Weights: m.Arrays(), Metadata: v.metadata()}
	sum := &out.Summary
	sum.Set("data", v.set.Source)
	sum.Set("visible", m.Visible)
	sum.Set("hidden", m.Hidden)
	sum.Set("positive", v.Positive)
	sum.Set("binarisation", v.Binarize)
	sum.Set("updates", tr.Program.Steps())
	change, err := tr.Change()
	if err != nil {
		return nil, err
	}
	if v.Positive == "meanfield" {
		sum.Set("mean_field_change", change)
		if change > .01 {
			s.Warn("after %d rounds of mean field a hidden mean would still change by %.3f: the means are not those of the bound; use more --rounds", v.Rounds, change)
		}
	}
	chains, err := tr.ChainStates()
	if err != nil {
		return nil, err
	}
	if err := v.weigh(ctx, s, b, m, chains, base, sum); err != nil {
		return nil, err
	}
	var epochs []store.Summary
	for _, e := range tr.History() {
		epochs = append(epochs, store.Summary{{Key: "epoch", Value: e.Epoch}, {Key: "log_likelihood", Value: e.LogLikelihood}, {Key: "log_z", Value: e.LogZ},
			{Key: "mean_field_change", Value: e.Change}, {Key: "seconds", Value: e.Seconds}})
	}
	out.Timing.Set("epochs", epochs)
	out.Series = append(out.Series, store.Of("chains", chains, len(chains)/m.Visible, m.Visible))
	if f, ok := boltzmann.Histories(tr.History()); ok {
		out.Figures = append(out.Figures, picture{"history", f})
	}
	if f, ok := m.Filters(100); ok {
		out.Figures = append(out.Figures, picture{"filters", f})
	}
	if f, ok := m.Pictures("chains of the negative phase", chains, 100); ok {
		out.Figures = append(out.Figures, picture{"chains", f})
	}
	out.Figures = append(out.Figures, picture{"couplings", m.Couplings()})
	return out, nil
}

// weigh finds ln Z, exactly or between its two bounds, and the likelihoods of both parts.
func (v *rbmBoltzmann) weigh(ctx context.Context, s *session, b engine.Backend, m *boltzmann.Machine, chains, base []float32, sum *store.Summary) error {
	z := bounds{}
	if m.N() <= boltzmann.MaxExact {
		x, err := m.LogZ()
		if err != nil {
			return err
		}
		z = bounds{x, x}
		sum.Set("log_z_method", "exact")
		sum.Set("log_z", x)
	} else {
		an, err := boltzmann.AIS{Chains: len(chains) / m.Visible, Temperatures: v.Temperatures, Seed: s.Seed, Base: base, Report: s.Report}.Start(m, b)
		if err != nil {
			return misuse{err}
		}
		s.Phase("forward annealing")
		forward, err := an.Forward(ctx)
		if err != nil {
			return err
		}
		s.Phase("reverse annealing")
		reverse, err := an.Reverse(ctx, chains, v.Burn)
		if err != nil {
			return err
		}
		z = bounds{forward.LogZ, reverse.LogZ}
		sum.Set("log_z_method", fmt.Sprintf("annealed importance sampling, %d temperatures, %d chains", v.Temperatures, forward.Chains))
		sum.Set("log_z", forward.LogZ)
		sum.Set("log_z_upper", reverse.LogZ)
		sum.Set("deviation", map[string]float64{"forward": forward.Deviation, "reverse": reverse.Deviation})
		sum.Set("ess", map[string]float64{"forward": forward.ESS, "reverse": reverse.ESS})
		for _, d := range rbm.Doubts(forward, reverse) {
			s.Warn("%s", d)
		}
	}
	method := "sum over hidden spins"
	if m.Hidden > boltzmann.MaxPositive {
		method = "mean-field lower bound"
	}
	sum.Set("log_likelihood_method", method)
	mean, deviation := map[string]float64{}, map[string]float64{}
	for k, p := range map[string]dataset.Part{"train": v.set.Train, "test": v.set.Test} {
		mean[k], deviation[k] = rbm.MeanOf(m.Each(m.Likelihood(), boltzmann.Encode(p.Spread(v.Examples), v.Binarize, 1)))
		if math.IsNaN(mean[k]) {
			return fmt.Errorf("boltzmann: the weight of a %s example is no number", k)
		}
	}
	parts := func(z float64) store.Summary {
		return store.Summary{{Key: "train", Value: store.Estimate{Mean: mean["train"] - z, Err: deviation["train"]}}, {Key: "test", Value: store.Estimate{Mean: mean["test"] - z, Err: deviation["test"]}}}
	}
	sum.Set("log_likelihood", parts(z.lower))
	if z.upper != z.lower {
		sum.Set("log_likelihood_lower", parts(z.upper)) // from the upper bound on ln Z
	}
	return nil
}
