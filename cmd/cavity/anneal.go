package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"time"

	"cavity/engine/figure"
	"cavity/engine/store"
	"cavity/kernels"
	"cavity/models/spin"
)

// anneal cools walkers of a spin model: simulated or population annealing.
type anneal struct {
	common
	spinModel
	Method   string   `default:"sa" enum:"sa,population" help:"sa (simulated annealing) or population, which also gives the free energy."`
	Hot      *float64 `placeholder:"T" help:"First temperature of sa; a population starts from infinite temperature. Not given: 3, and for a file 0.7 of the scale of its local fields."`
	Cold     *float64 `placeholder:"T" help:"Last temperature. Not given: 0.2, and for a file 0.05 of the scale of its local fields."`
	Ladder   string   `default:"linear" enum:"geometric,linear" help:"Spacing of the temperatures of sa."`
	Steps    int      `default:"100" help:"Temperatures of sa."`
	Culling  float64  `default:"0.1" help:"Share of the effective population that a step may cost: a population chooses its own steps by it."`
	Sweeps   *int     `placeholder:"N" help:"Sweeps at each temperature. Not given: 10, and 200 for sa with --max-cut."`
	Walkers  *int     `placeholder:"N" help:"Walkers of each sample, or size of its population. Not given: 64, and 256 with --max-cut."`
	Restarts int      `default:"1" help:"Runs with other random numbers; errors of one sample need two."`
	Systems  int      `default:"1" help:"Independent samples of the disorder."`
	Target   *float64 `help:"Energy, or with --max-cut the cut, for the time to target; the best one seen if not given."`
	Rule     string   `default:"metropolis" enum:"metropolis,heatbath" help:"Update rule: metropolis or heatbath."`

	model spin.Model
}

func (v *anneal) Run(f *frame) error { return f.compute(v) }

func (v *anneal) validate() (err error) {
	if v.model, err = v.spinModel.open(); err != nil {
		return err
	}
	v.complete()
	switch {
	case v.Steps < 1 || *v.Sweeps < 1 || *v.Walkers < 1 || v.Restarts < 1 || v.Systems < 1:
		return misusef("--steps %d, --sweeps %d, --walkers %d, --restarts %d, --systems %d: at least 1 each", v.Steps, *v.Sweeps, *v.Walkers, v.Restarts, v.Systems)
	case !(*v.Cold > 0) || math.IsInf(*v.Cold, 0) || v.Method == "sa" && (!(*v.Hot > *v.Cold) || math.IsInf(*v.Hot, 0)):
		return misusef("annealing goes from --hot %v down to --cold %v: positive temperatures, the first above the last", *v.Hot, *v.Cold)
	case v.Target != nil && (math.IsNaN(*v.Target) || math.IsInf(*v.Target, 0)):
		return misusef("--target is %v: a finite number", *v.Target)
	}
	return nil
}

// complete fills in what was not given, so that run.toml tells it. The settings for --max-cut find the best known cuts of graphs
// of the G-set with 800 to 2000 vertices.
func (v *anneal) complete() {
	hot, cold, sweeps, walkers := 3., .2, 10, 64
	if scale := v.scale(v.model); scale > 0 {
		hot, cold = rounded(.7*scale), rounded(.05*scale)
	}
	if v.MaxCut {
		walkers = 256
		if v.Method == "sa" {
			sweeps = 200
		}
	}
	for to, x := range map[**float64]float64{&v.Hot: hot, &v.Cold: cold} {
		if *to == nil {
			*to = &x
		}
	}
	for to, n := range map[**int]int{&v.Sweeps: sweeps, &v.Walkers: walkers} {
		if *to == nil {
			*to = &n
		}
	}
}

func (v *anneal) compute(ctx context.Context, s *session) (*result, error) {
	b, err := s.Open()
	if err != nil {
		return nil, err
	}
	a := spin.Annealing{Model: v.model, Population: v.Method == "population", Hot: *v.Hot, Cold: *v.Cold, Geometric: v.Ladder == "geometric",
		Steps: v.Steps, Culling: v.Culling, Sweeps: *v.Sweeps, Walkers: *v.Walkers, Systems: v.Systems, Runs: v.Restarts, Seed: s.Seed, Layout: v.Layout}
	if v.Rule == "heatbath" {
		a.Rule = kernels.HeatBath
	}
	began := time.Now()
	annealer, err := a.Start(b)
	if err != nil {
		return nil, misuse{err}
	}
	s.Meta("sampler", annealer.Carrier())
	s.Meta("memory_bytes", annealer.Bytes())
	s.Meta("setup_seconds", time.Since(began).Seconds())
	if saved := s.Saved(); saved != nil {
		for name, load := range map[string]func(io.Reader) error{"program": annealer.Program.Load, "annealing": annealer.Load} {
			r, err := saved.Section(name)
			if err == nil {
				err = load(r)
			}
			if err != nil {
				return nil, fmt.Errorf("checkpoint: %w", err)
			}
		}
	}
	first, ran := annealer.Program.Steps(), time.Now()
	if err := v.run(ctx, s, annealer); err != nil {
		return nil, err
	}
	rate := float64(annealer.Program.Steps()-first) * annealer.Flips() / float64(time.Since(ran).Nanoseconds())
	return v.report(s, annealer, rate)
}

// run goes through all temperatures of all runs, with checkpoints on the way and at the end.
func (v *anneal) run(ctx context.Context, s *session, a *spin.Annealer) error {
	save := func() error {
		return s.Save(store.Section{Name: "program", Write: a.Program.Save}, store.Section{Name: "annealing", Write: a.Save})
	}
	s.Phase("annealing, per mille")
	saved := time.Now()
	for !a.Done() {
		if ctx.Err() != nil {
			if err := save(); err != nil {
				return err
			}
			return ctx.Err()
		}
		if err := a.Next(context.Background()); err != nil {
			return err
		}
		s.Report(uint64(1000*a.Progress()), 1000)
		if time.Since(saved) >= s.CheckpointEvery {
			if err := save(); err != nil {
				return err
			}
			saved = time.Now()
		}
	}
	return save()
}

// target is the energy to reach, NaN for the lowest one seen.
func (v *anneal) target() float64 {
	if v.Target == nil {
		return math.NaN()
	}
	if f, ok := v.model.(*spin.File); ok && f.MaxCut {
		return f.EnergyOfCut(*v.Target)
	}
	return *v.Target
}

func (v *anneal) report(s *session, a *spin.Annealer, rate float64) (*result, error) {
	r, err := a.Results(v.target())
	if err != nil {
		return nil, err
	}
	out := &result{}
	sum := &out.Summary
	sum.Set("model", v.model.Name())
	sum.Set("ground_state", groundState(v.model, r.Ground))
	target := store.Summary{}
	switch {
	case v.Target != nil:
		target.Set("target", *v.Target)
	case v.Systems == 1:
		reached := r.Ground[0].Energy
		if f, ok := v.model.(*spin.File); ok && f.MaxCut {
			reached = f.Cut(reached)
		}
		target.Set("target", reached)
	default:
		target.Set("target", "the lowest energy of each sample")
	}
	target.Set("mean", r.TimeToTarget.Mean)
	target.Set("err", r.TimeToTarget.Err)
	target.Set("unit", "sweeps")
	target.Set("success", r.Success)
	sum.Set("time_to_target", target)
	sum.Set("temperatures", r.Temperatures)
	sum.Set("energy", known(r.Energy))
	out.Series = append(out.Series, store.Of("temperatures", r.Temperatures), store.Of("energy", means(r.Energy)), store.Of("energy_err", errs(r.Energy)))
	if r.FreeEnergy != nil {
		sum.Set("free_energy", known(r.FreeEnergy))
		sum.Set("family_size", r.Families)
		out.Series = append(out.Series, store.Of("free_energy", means(r.FreeEnergy)), store.Of("free_energy_err", errs(r.FreeEnergy)),
			store.Of("family_size", r.Families))
		if last := r.Families[len(r.Families)-1]; last > float64(*v.Walkers)/100 {
			s.Warn("the population of %d has families of mean size %.3g at the end: take 100 times that many --walkers, or more --sweeps, for the free energy to be trusted", *v.Walkers, last)
		}
	}
	sum.Set("errors_from", r.OverError)
	out.Timing.Set("flips_per_ns", rate)
	out.Timing.Set("seconds_to_target", r.TimeToTarget.Mean*float64(v.model.Spins())/rate*1e-9)
	out.Series = append(out.Series, a.Series()...)
	out.Figures = v.figures(r)
	return out, nil
}

// known are estimates, or means alone where there are no errors.
func known(x []spin.Estimate) any {
	if len(x) > 0 && math.IsNaN(x[0].Err) {
		return means(x)
	}
	return estimates(x)
}

// figures draws the energy, and a population's free energy and families, against temperature.
func (v *anneal) figures(r spin.Annealed) []picture {
	x := figure.Axis{Label: "temperature T", Log: true}
	curve := func(label string, y, err []float64, log bool) figure.Figure {
		return figure.Curves{X: x, Y: figure.Axis{Label: label, Log: log}, Curves: []figure.Curve{{X: r.Temperatures, Y: y, Err: err, Style: figure.LinePoints}}}
	}
	panels := []figure.Figure{curve("energy per spin e", means(r.Energy), errs(r.Energy), false)}
	if r.FreeEnergy != nil {
		panels = append(panels, curve("free energy per spin f", means(r.FreeEnergy), errs(r.FreeEnergy), false),
			curve("mean size of families", r.Families, nil, true))
	}
	title := fmt.Sprintf("%s, %s × %s", v.model.Name(), counted(v.Systems, "sample", "samples"), counted(*v.Walkers, "walker", "walkers"))
	return []picture{{"annealing", figure.Panels{Title: title, Panels: panels}}}
}
