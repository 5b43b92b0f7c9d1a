package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"cavity/engine"
	"cavity/engine/store"
	"cavity/models/rbm"
)

// rbmSample samples a machine.
type rbmSample struct {
	common
	rbmWeights
	Chains       int    `default:"100" help:"Chains, or ladders of parallel tempering."`
	Steps        int    `default:"1000" help:"Steps of every chain."`
	Temperatures int    `default:"1" help:"Inverse temperatures of parallel tempering; 1 means plain Gibbs sampling."`
	Start        string `default:"noise" enum:"noise,data,saved" help:"First configurations: noise, data, or saved ones."`
	From         string `placeholder:"FILE" help:"Of --start saved: an npz file with an array samples or chains, such as series.npz of a run."`
	Clamp        string `default:"" enum:",top,bottom,left,right" help:"Half of the pictures that keeps its first values (needs --start data): top, bottom, left or right."`
	Snapshots    int    `default:"8" help:"Pictures of every chain over time in the figure of chains."`
}

func (v *rbmSample) Run(f *frame) error { return f.compute(v) }

func (v *rbmSample) validate() error {
	switch {
	case v.Chains < 1 || v.Steps < 1 || v.Temperatures < 1 || v.Snapshots < 1:
		return misusef("--chains is %d, --steps is %d, --temperatures is %d and --snapshots is %d: at least 1 each", v.Chains, v.Steps, v.Temperatures, v.Snapshots)
	case v.Start == "data" && v.Data == "":
		return misusef("--start data needs --data")
	case v.Clamp != "" && v.Start == "noise":
		return misusef("--clamp needs --start data or saved: noise is not worth keeping")
	case (v.Start == "saved") != (v.From != ""):
		return misusef("--start is %s and --from is %q: --start saved needs --from FILE, and only that does", v.Start, v.From)
	}
	return v.open()
}

// saved reads as many configurations as there are chains from --from, again from the first when they run out.
func (v *rbmSample) saved() ([]float32, error) {
	arrays, err := store.ReadNpz(v.From)
	if err != nil {
		return nil, err
	}
	a, found := store.Find(arrays, "samples")
	if !found {
		if a, found = store.Find(arrays, "chains"); !found {
			return nil, fmt.Errorf("%s: it has no array samples or chains", v.From)
		}
	}
	nv := v.machine.Visible.Count
	x, err := store.Values[float32](a)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", v.From, err)
	}
	if len(a.Shape) != 2 || a.Shape[0] < 1 || a.Shape[1] != nv {
		return nil, fmt.Errorf("%s: %s has the shape %v, not [chains, %d] for the visible units of the machine", v.From, a.Name, a.Shape, nv)
	}
	var from []float32
	for c := range v.Chains {
		k := c % a.Shape[0]
		from = append(from, x[k*nv:(k+1)*nv]...)
	}
	return from, nil
}

func (v *rbmSample) compute(ctx context.Context, s *session) (*result, error) {
	b, err := s.Open()
	if err != nil {
		return nil, err
	}
	m := v.machine
	if v.set != nil && m.Base == nil {
		m.Fit(v.set)
	}
	c := rbm.Sampling{Machine: m, Chains: v.Chains, Temperatures: v.Temperatures, Seed: s.Seed}
	if v.Start == "data" {
		c.From = m.Rows(v.set.Test, v.Chains, s.Seed)
	}
	if v.Start == "saved" {
		if c.From, err = v.saved(); err != nil {
			return nil, err
		}
	}
	if v.Clamp != "" {
		if c.Clamp, err = m.Half(v.Clamp); err != nil {
			return nil, misuse{err}
		}
	}
	sa, err := c.Start(b)
	if err != nil {
		return nil, misuse{err}
	}
	if err := s.Restore(map[string]func(io.Reader) error{"program": sa.Program.Load}); err != nil {
		return nil, err
	}
	return v.sample(ctx, s, sa)
}

func (v *rbmSample) sample(ctx context.Context, s *session, sa *rbm.Sampler) (*result, error) {
	save := func() error { return s.Save(store.Section{Name: "program", Write: sa.Program.Save}) }
	var shots [][]float32
	every := uint64(max(1, v.Steps/v.Snapshots))
	r := engine.Run{Program: sa.Program, Until: uint64(v.Steps), Every: every, Period: s.CheckpointEvery, Report: s.Report,
		Measure: func(uint64) error {
			x, err := sa.Means()
			shots = append(shots, x)
			return err
		}}
	if s.Checkpoints() {
		r.Save = save
	}
	s.Phase("steps")
	began, first := time.Now(), sa.Program.Steps()
	if err := r.Do(ctx); err != nil {
		return nil, err
	}
	if err := sa.Program.Sync(); err != nil {
		return nil, err
	}
	took := time.Since(began).Seconds()
	if err := save(); err != nil {
		return nil, err
	}
	out := &result{}
	out.Summary.Set("chains", v.Chains)
	out.Summary.Set("steps", v.Steps)
	swaps, err := sa.Swaps()
	if err != nil {
		return nil, err
	}
	if swaps != nil {
		out.Summary.Set("swap_acceptance", swaps)
	}
	out.Timing.Set("chain_sweeps_per_s", float64(sa.Program.Steps()-first)*float64(v.Chains*v.Temperatures)/took)
	states, err := sa.States()
	if err != nil {
		return nil, err
	}
	nv := v.machine.Visible.Count
	out.Series = append(out.Series, store.Of("samples", states, len(states)/nv, nv))
	out.Figures, err = v.pictures(sa, shots)
	return out, err
}

// pictures are the last samples, chains over time, reconstructions and filters.
func (v *rbmSample) pictures(sa *rbm.Sampler, shots [][]float32) ([]picture, error) {
	m := v.machine
	out := machineFigures(m)
	last, err := sa.Means()
	if err != nil {
		return nil, err
	}
	if f, ok := m.Pictures("samples: means of the visible units", last, 100); ok {
		out = append(out, picture{"samples", f})
	}
	nv, chains := m.Visible.Count, min(v.Chains, 10)
	var time []float32
	for c := range chains {
		for _, x := range shots {
			time = append(time, x[c*nv:(c+1)*nv]...)
		}
	}
	if f, ok := m.Pictures("chains over time: a row a chain", time, chains*len(shots)); ok {
		f.Columns = len(shots)
		out = append(out, picture{"chains", f})
	}
	if v.set != nil {
		back, err := v.reconstructions()
		if err != nil {
			return nil, err
		}
		if f, ok := m.Pictures("data and their reconstructions, in turn", back, 40); ok {
			f.Columns = 10
			out = append(out, picture{"reconstructions", f})
		}
	}
	return out, nil
}

// reconstructions are twenty test examples, each followed by its mean-field reconstruction.
func (v *rbmSample) reconstructions() ([]float32, error) {
	b, err := engine.Open("cpu", engine.Options{Workers: 1})
	if err != nil {
		return nil, err
	}
	defer b.Close()
	data := v.machine.Encode(v.set.Test.Head(20), 1)
	nv := v.machine.Visible.Count
	sa, err := rbm.Sampling{Machine: v.machine, Chains: len(data) / nv, From: data}.Start(b)
	if err != nil {
		return nil, err
	}
	back, err := sa.Means()
	if err != nil {
		return nil, err
	}
	var both []float32
	for k := range len(data) / nv {
		both = append(append(both, data[k*nv:(k+1)*nv]...), back[k*nv:(k+1)*nv]...)
	}
	return both, nil
}
