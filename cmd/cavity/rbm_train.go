package main

import (
	"context"
	"encoding/gob"
	"errors"
	"io"
	"slices"
	"time"

	"cavity/engine"
	"cavity/engine/store"
	"cavity/models/dataset"
	"cavity/models/rbm"
)

// rbmTrain trains a restricted Boltzmann machine.
type rbmTrain struct {
	common
	passes
	Data         string  `default:"mnist" placeholder:"NAME" help:"mnist, digits, or the path of an idx, idx.gz or npz file."`
	Hidden       int     `default:"500" help:"Hidden units."`
	Method       string  `default:"cd" enum:"cd,pcd,pt,deep,pl,rm" help:"cd, pcd, pt (parallel tempering), deep (tempering), pl (pseudo-likelihood) or rm (ratio matching)."`
	K            int     `default:"1" help:"Gibbs steps an update."`
	Chains       int     `default:"0" help:"Persistent chains, or ladders of pt; 0 means as many as the batch."`
	Temperatures int     `default:"10" help:"Temperatures of pt."`
	Upper        int     `default:"0" help:"Hidden units of deep's second machine; 0 means half."`
	Rate         float64 `default:"0.05" help:"Learning rate of the first epoch."`
	FinalRate    float64 `default:"0" help:"Learning rate of the last epoch, reached geometrically; 0 means --rate."`
	Momentum     float64 `default:"0.5" help:"Share of the last step in the next."`
	Nesterov     bool    `help:"Momentum that looks ahead."`
	Decay        float64 `default:"0.0002" help:"Weight decay (L2)."`
	L1           float64 `name:"l1" default:"0" help:"Weight decay towards zeros (L1)."`
	Centred      bool    `help:"Centred gradient."`
	Sparsity     float64 `default:"0" help:"Wanted mean of the hidden units; 0 means none."`
	SparsityCost float64 `default:"0.1" help:"Strength of the pull towards --sparsity."`
	Clip         float64 `default:"0" help:"Largest weight; 0 means free."`
	Binary       float64 `default:"0" help:"Weights are plus or minus this number; 0 means real weights."`
	Visible      string  `default:"bernoulli" enum:"bernoulli,ising,gaussian,potts" help:"Visible units: bernoulli, ising, gaussian or potts."`
	States       int     `default:"0" help:"States of potts units."`
	HiddenUnits  string  `default:"bernoulli" enum:"bernoulli,ising,gaussian,relu" help:"Hidden units: bernoulli, ising, gaussian or relu."`
	Binarize     string  `default:"threshold" enum:"threshold,sample" help:"Bytes to 0 and 1: threshold, or sample anew in every batch."`
	Labels       bool    `help:"The class is one more visible unit."`
	Patience     int     `default:"0" help:"Stop when the validation likelihood has not grown for so many epochs; 0 means never."`
	Validation   int     `default:"0" help:"Training examples held out for that; 0 means a tenth with --patience, else none."`
	Likelihood   int     `default:"1" placeholder:"N" help:"Estimate the likelihood every N epochs; 0 means never."`
	AisTemps     int     `default:"300" help:"Temperatures of those estimates, where Z cannot be enumerated."`
	Examples     int     `default:"1000" help:"Examples of either part that are measured in every epoch."`
	Npz          bool    `help:"Write the weights as weights.npz too, for numpy."`
	Stack        []int   `placeholder:"N,N,…" help:"Hidden units of a stack of machines, trained one on the other; replaces --hidden."`
	Tune         int     `default:"0" help:"Epochs of backpropagation through the stack, unrolled to an autoencoder."`

	set *dataset.Set
}

func (v *rbmTrain) Run(f *frame) error { return f.compute(v) }

func (v *rbmTrain) validate() (err error) {
	if err := v.checkPasses(); err != nil {
		return err
	}
	switch {
	case v.Hidden < 1:
		return misusef("--hidden is %d: at least 1", v.Hidden)
	case v.K < 1:
		return misusef("--k is %d: at least 1", v.K)
	case !(v.Rate > 0):
		return misusef("--rate is %v: a positive number", v.Rate)
	case v.Examples < 1 || v.Likelihood < 0 || outside(v.AisTemps, 2, mostTemperatures):
		return misusef("--examples is %d, --likelihood is %d and --ais-temps is %d: at least 1, at least 0 and 2 to %d", v.Examples, v.Likelihood, v.AisTemps, mostTemperatures)
	}
	if v.Tune < 0 || v.Tune > 0 && (len(v.Stack) == 0 || v.Visible != "bernoulli" || v.Labels) {
		return misusef("--tune is %d: 0, or more with --stack and bernoulli visible units without labels", v.Tune)
	}
	for _, n := range v.Stack {
		if n < 1 {
			return misusef("--stack holds a layer of %d units: at least 1", n)
		}
	}
	v.set, err = dataset.Load(v.Data)
	return err
}

// training is what the flags ask for.
func (v *rbmTrain) training() rbm.Training {
	t := rbm.Training{Set: v.set, Hidden: v.Hidden, Visible: rbm.Units(v.Visible), HiddenUnits: rbm.Units(v.HiddenUnits), States: v.States, Labels: v.Labels,
		Method: rbm.Method(v.Method), K: v.K, Batch: v.Batch, Chains: v.Chains, Temperatures: v.Temperatures, Upper: v.Upper, Epochs: v.Epochs,
		Rate: v.Rate, FinalRate: v.FinalRate, Momentum: v.Momentum, Nesterov: v.Nesterov, L1: v.L1, L2: v.Decay, Centred: v.Centred, Sparsity: v.Sparsity,
		SparsityCost: v.SparsityCost, Clip: v.Clip, BinaryWeights: v.Binary, Patience: v.Patience, Validation: v.Validation, Seed: v.Seed}
	if t.Visible == rbm.Bernoulli || t.Visible == rbm.Ising {
		t.Binarise = v.Binarize
	}
	return t
}

func (v *rbmTrain) compute(ctx context.Context, s *session) (*result, error) {
	b, err := s.Open()
	if err != nil {
		return nil, err
	}
	s.Meta("data", v.set.Source)
	layers := v.Stack
	if len(layers) == 0 {
		layers = []int{v.Hidden}
	}
	below, err := v.finished(s)
	if err != nil {
		return nil, err
	}
	set := v.set
	for _, m := range below[:min(len(below), len(layers)-1)] {
		if set, err = m.Above(set, b); err != nil {
			return nil, misuse{err}
		}
	}
	var tr *rbm.Trainer
	c := pace{}
	for l := min(len(below), len(layers)-1); l < len(layers); l++ {
		if tr, err = v.layer(ctx, s, b, set, layers[l], below[:l], &c); err != nil {
			return nil, err
		}
		m, err := tr.Machine()
		if err != nil {
			return nil, err
		}
		below = append(below[:l], m)
		if l+1 < len(layers) {
			if set, err = m.Above(set, b); err != nil {
				return nil, misuse{err}
			}
		}
	}
	out, err := v.report(s, tr, c)
	if err == nil && len(v.Stack) > 0 {
		err = v.deep(ctx, s, b, below, tr, out)
	}
	return out, err
}

// layer trains one machine on top of others, from the checkpoint if that is where it stands.
func (v *rbmTrain) layer(ctx context.Context, s *session, b engine.Backend, set *dataset.Set, hidden int, below rbm.Stack, c *pace) (*rbm.Trainer, error) {
	t := v.training()
	t.Set, t.Hidden = set, hidden
	if len(below) > 0 { // hidden means are sampled
		t.Visible, t.States, t.Labels, t.Binarise = rbm.Bernoulli, 0, false, "sample"
	}
	t.Seed += uint64(len(below))
	tr, err := t.Start(b)
	if err != nil {
		return nil, misuse{err}
	}
	mo := &rbm.Monitor{Examples: v.Examples, Every: v.Likelihood, Temperatures: v.AisTemps, Seed: s.Seed}
	if v.Likelihood == 0 {
		mo.Every = -1
	}
	if err := mo.Start(tr, b); err != nil {
		return nil, err
	}
	if err := v.restore(s, tr, len(below)); err != nil {
		return nil, err
	}
	return tr, v.run(ctx, s, tr, mo, below, c)
}

// pace adds up the time of updates, without measurements.
type pace struct {
	updates uint64
	seconds float64
}

// restore goes on from the checkpoint, if it is of this layer.
func (v *rbmTrain) restore(s *session, tr *rbm.Trainer, layer int) error {
	below, err := v.finished(s)
	if err != nil || len(below) != layer {
		return err
	}
	return s.Restore(map[string]func(io.Reader) error{"program": tr.Program.Load, "history": tr.LoadHistory})
}

// run trains to the last epoch, or until the likelihood stops growing.
func (v *rbmTrain) run(ctx context.Context, s *session, tr *rbm.Trainer, mo *rbm.Monitor, below rbm.Stack, c *pace) error {
	var log *store.Log
	if s.folder != nil {
		l, file, err := s.folder.OpenLog()
		if err != nil {
			return err
		}
		defer file.Close()
		log = l
	}
	save := func() error {
		m, err := tr.Machine()
		if err != nil {
			return err // the last good checkpoint stays
		}
		stack := append(slices.Clone(below), m)
		return errors.Join(s.Save(sections(tr, below)...), s.KeepWeights(stack.Arrays(), stack[0].Metadata()))
	}
	enough := errors.New("enough")
	s.Phase("updates")
	began, first := time.Now(), tr.Program.Steps()
	measure := func(step uint64) error {
		if err := tr.Program.Sync(); err != nil {
			return err
		}
		took := time.Since(began).Seconds()
		c.updates, c.seconds = c.updates+step-first, c.seconds+took
		e, err := tr.Close(context.Background(), mo, took) // short, and never repeated
		if err != nil {
			return err
		}
		if log != nil {
			if err := log.Write(epochEntry(e)); err != nil {
				return err
			}
		}
		if tr.Stopped() {
			return enough
		}
		began, first = time.Now(), step
		return nil
	}
	updates := uint64(tr.Updates())
	r := engine.Run{Program: tr.Program, Until: updates * uint64(v.Epochs), Every: updates, Measure: measure, Period: s.CheckpointEvery, Report: s.Report}
	if s.Checkpoints() {
		r.Save = save
	}
	if tr.Stopped() || tr.Program.Steps() >= r.Until {
		return nil
	}
	if err := r.Do(ctx); err != nil && !errors.Is(err, enough) {
		if d, is := errors.AsType[*rbm.Diverged](err); is {
			return d // whether a checkpoint or the end of an epoch noticed it
		}
		return err
	}
	return save()
}

// sections are what a checkpoint holds of a machine in training on top of others.
func sections(tr *rbm.Trainer, below rbm.Stack) []store.Section {
	return []store.Section{{Name: "program", Write: tr.Program.Save}, {Name: "history", Write: tr.SaveHistory},
		{Name: "stack", Write: func(w io.Writer) error { return gob.NewEncoder(w).Encode(below) }}}
}

func epochEntry(e rbm.Epoch) store.Summary {
	return store.Summary{{Key: "epoch", Value: e.Epoch}, {Key: "log_likelihood", Value: e.LogLikelihood}, {Key: "log_z", Value: e.LogZ}, {Key: "pseudo_likelihood", Value: e.PseudoLikelihood},
		{Key: "validation", Value: e.Validation}, {Key: "reconstruction", Value: e.Reconstruction}, {Key: "free_energy_gap", Value: store.Estimate{Mean: e.FreeEnergyGap, Err: e.GapErr}},
		{Key: "gap_growth", Value: store.Estimate{Mean: e.Growth, Err: e.GrowthErr}}, {Key: "seconds", Value: e.Seconds}}
}

func (v *rbmTrain) report(s *session, tr *rbm.Trainer, c pace) (*result, error) {
	m, err := tr.Machine()
	if err != nil {
		return nil, err
	}
	out := &result{Weights: m.Arrays(), Metadata: m.Metadata()}
	out.Summary.Set("data", v.set.Source)
	out.Summary.Set("visible", m.Visible.Count)
	out.Summary.Set("hidden", m.Hidden.Count)
	out.Summary.Set("method", v.Method)
	if m.Binarised != "" {
		out.Summary.Set("binarisation", m.Binarised)
	}
	out.Summary.Set("updates", tr.Program.Steps())
	out.Summary.Set("stopped_early", tr.Stopped())
	var epochs []store.Summary
	for _, e := range tr.History() {
		epochs = append(epochs, epochEntry(e))
	}
	out.Timing.Set("epochs", epochs)
	if c.updates > 0 {
		out.Timing.Set("seconds_per_update", c.seconds/float64(c.updates))
	}
	if l := len(tr.History()); l > 0 {
		if last := tr.History()[l-1]; last.Overfits() {
			s.Warn("the free energy of test examples is %.1f ± %.1f nats above that of training examples, %.1f ± %.1f more than after epoch %d: the machine overfits",
				last.FreeEnergyGap, last.GapErr, last.Growth, last.GrowthErr, tr.History()[0].Epoch)
		}
	}
	chains, err := tr.ChainStates()
	if err != nil {
		return nil, err
	}
	if chains != nil {
		out.Series = append(out.Series, store.Of("chains", chains, len(chains)/m.Visible.Count, m.Visible.Count))
	}
	if v.Npz && s.folder != nil {
		if err := s.folder.Save(store.WeightsNpzFile, func(w io.Writer) error { return store.WriteNpz(w, m.Arrays()) }); err != nil {
			return nil, err
		}
	}
	out.Figures = trainingFigures(m, tr.History(), chains)
	return out, nil
}
