package main

import (
	"context"
	"errors"
	"fmt"

	"cavity/engine"
	"cavity/engine/figure"
	"cavity/engine/store"
	"cavity/models/dataset"
	"cavity/models/modes"
)

// modesContinual learns tasks one after the other, by binary weights whose fields remember, by such without a memory, and by
// an ordinary network, side by side.
type modesContinual struct {
	common
	pictures
	Tasks      int     `default:"5" help:"Tasks, learnt one after the other."`
	Kind       string  `default:"permuted" enum:"permuted,split" help:"permuted: the pixels in another order every time; split: some classes at a time."`
	Hidden     []int   `default:"100,100" help:"Units of the hidden layers."`
	Epochs     int     `default:"8" help:"Passes over the training pictures of every task."`
	Batch      int     `default:"100" help:"Pictures of a minibatch."`
	Strength   float64 `default:"1" help:"Weight of the relative entropy to what was known before the task; 1 is that of the variational bound."`
	Rate       float64 `default:"0.01" help:"Learning rate of fields."`
	WeightRate float64 `default:"0.001" help:"Learning rate of the ordinary network's weights."`
	Networks   int     `default:"10" help:"Networks of weights ±1 that are drawn from the fields at the end, to be tested."`

	data *dataset.Set
}

func (v *modesContinual) Run(f *frame) error { return f.compute(v) }

func (v *modesContinual) validate() (err error) {
	switch {
	case v.Tasks < 2:
		return misusef("--tasks is %d: at least 2", v.Tasks)
	case v.Epochs < 1 || v.Networks < 2:
		return misusef("--epochs is %d and --networks is %d: at least 1 and at least 2", v.Epochs, v.Networks)
	case v.Batch < 1:
		return misusef("--batch is %d: at least 1", v.Batch)
	case !(v.Strength > 0) || !(v.Rate > 0) || !(v.WeightRate > 0):
		return misusef("--strength is %v, --rate is %v and --weight-rate is %v: they must be positive", v.Strength, v.Rate, v.WeightRate)
	}
	if v.data, err = v.load(); err != nil {
		return err
	}
	if err := v.sequence(modes.Plain).Check(); err != nil {
		return misuse{err}
	}
	return nil
}

func (v *modesContinual) sequence(r modes.Rule) modes.Sequence {
	rate := v.Rate
	if r == modes.Plain {
		rate = v.WeightRate
	}
	return modes.Sequence{
		Tasks: modes.Tasks{Data: v.data, Kind: v.Kind, Count: v.Tasks, Seed: v.Seed},
		Rule:  r, Hidden: v.Hidden, Strength: v.Strength, Rate: rate, Epochs: v.Epochs, Batch: v.Batch, Seed: v.Seed,
	}
}

func (v *modesContinual) compute(ctx context.Context, s *session) (*result, error) {
	b, err := s.Open()
	if err != nil {
		return nil, err
	}
	var all []*modes.Learner
	for _, r := range modes.Rules {
		l, err := v.sequence(r).Start(b)
		if err != nil {
			return nil, misuse{err}
		}
		l.Period, l.Report = s.CheckpointEvery, s.Report
		all = append(all, l)
	}
	if err := restoreLearners(s, all); err != nil {
		return nil, err
	}
	save := func() error { return s.Save(learnerSections(all)...) }
	for _, l := range all {
		if s.Checkpoints() {
			l.Save = save
		}
		s.Phase("updates, " + string(l.Rule))
		if err := l.Do(ctx); err != nil {
			return nil, err
		}
	}
	if err := save(); err != nil {
		return nil, err
	}
	return v.report(b, all)
}

// learnerSections are a checkpoint of all learners, the finished ones and those that have not begun included.
func learnerSections(all []*modes.Learner) (list []store.Section) {
	for _, l := range all {
		list = append(list, store.Section{Name: string(l.Rule), Write: l.Trainer.Program.Save}, store.Section{Name: string(l.Rule) + ".history", Write: l.SaveHistory})
	}
	return list
}

func restoreLearners(s *session, all []*modes.Learner) error {
	saved := s.Saved()
	if saved == nil {
		return nil
	}
	for _, l := range all {
		err := errors.Join(reload(saved, string(l.Rule), l.Trainer.Program.Load), reload(saved, string(l.Rule)+".history", l.LoadHistory))
		if err != nil {
			return err
		}
	}
	return nil
}

func (v *modesContinual) report(b engine.Backend, all []*modes.Learner) (*result, error) {
	out := &result{}
	sum := &out.Summary
	sum.Set("kind", v.Kind)
	sum.Set("parameters", all[0].Trainer.Size())
	for _, l := range all {
		r := l.Retention()
		rule := store.Summary{}
		rule.Set("mean_accuracy", r.Mean)
		rule.Set("forgetting", r.Forgetting)
		rule.Set("learnt", r.Learnt)
		rule.Set("kept", r.Kept)
		if l.Rule != modes.Plain {
			a, err := l.Sampled(b, v.Networks)
			if err != nil {
				return nil, err
			}
			rule.Set("binary_accuracy", store.Estimate{Mean: a.Mean, Err: a.Err})
			certain, err := l.Certain()
			if err != nil {
				return nil, err
			}
			rule.Set("certain_weights", certain)
		}
		sum.Set(string(l.Rule), rule)
		var flat []float64
		for _, row := range l.History {
			flat = append(flat, row...)
		}
		out.Series = append(out.Series, store.Of("accuracy_"+string(l.Rule), flat, len(l.History), l.Count))
	}
	out.Figures = []picture{{"forgetting", v.figure(all)}}
	return out, nil
}

// figure draws, for each rule, the accuracy on every task from when it is learnt, and the mean over the tasks seen.
func (v *modesContinual) figure(all []*modes.Learner) figure.Figure {
	titles := map[modes.Rule]string{modes.Variational: "fields with a memory", modes.Fields: "fields without", modes.Plain: "ordinary weights"}
	accuracy := figure.Axis{Label: "test accuracy", Min: 0, Max: 1.02}
	mean := figure.Curves{Title: "all tasks seen", X: figure.Axis{Label: "epoch", Whole: true}, Y: figure.Axis{Label: "mean test accuracy", Min: 0, Max: 1.02}}
	panels := figure.Panels{Title: fmt.Sprintf("%s, %d %s tasks, hidden layers %v", v.data.Name, v.Tasks, v.Kind, v.Hidden)}
	for i, l := range all {
		f := figure.Curves{Title: titles[l.Rule], X: mean.X, Y: accuracy}
		for k := range l.Count {
			c := figure.Curve{Name: fmt.Sprintf("task %d", k+1), Color: k + 1}
			for e := k * l.Epochs; e < len(l.History); e++ {
				c.X, c.Y = append(c.X, float64(e+1)), append(c.Y, l.History[e][k])
			}
			f.Curves = append(f.Curves, c)
		}
		m := figure.Curve{Name: titles[l.Rule], Color: i + 1}
		for e, row := range l.History {
			seen, sum := e/l.Epochs+1, 0.0
			for _, a := range row[:seen] {
				sum += a / float64(seen)
			}
			m.X, m.Y = append(m.X, float64(e+1)), append(m.Y, sum)
		}
		panels.Panels = append(panels.Panels, f)
		mean.Curves = append(mean.Curves, m)
	}
	panels.Panels = append(panels.Panels, mean)
	return panels
}
