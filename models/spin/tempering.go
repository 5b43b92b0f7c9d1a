package spin

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"cavity/engine"
	"cavity/kernels"
)

// Tempering is parallel tempering (replica exchange Monte Carlo): Systems samples of a model, each with Copies independent
// ladders of len(Temperatures) walkers that exchange temperatures. With one temperature it is plain sampling.
// (Hukushima, Nemoto 1996, doi:10.1143/JPSJ.65.1604.)
//
// A step of the Program is Sweeps sweeps of every walker and one round of exchanges.
type Tempering struct {
	Model        Model
	Temperatures []float64 // positive, each once; sorted by Start
	Systems      int       // independent samples of the disorder; 0: 1
	Copies       int       // independent ladders of a sample, whose overlaps are measured; 0: 2
	Rule         kernels.Rule
	Sweeps       int // between exchanges; 0: 1
	Seed         uint64
	Move         Move
	Houdayer     bool   // a round of isoenergetic cluster moves between copies after the sweeps of each step
	Layout       string // how instances are held, one of Layouts; "" or auto: by model and size
	Memory       int64  // bytes that may be used; 0: [engine.FreeMemory]

	// Shared gives the 64 samples of a word of a multi-spin lattice one random number a site, which multiplies the speed. It is
	// for samples that differ, at one temperature and with one copy: every average is that of its law, but samples of a word
	// are not independent given their couplings, so nothing may compare their spins and errors are taken over words.
	Shared bool
}

// A Sampler is a tempering under way.
type Sampler struct {
	Tempering
	Program *engine.Program

	batch   batch
	carrier carrier
	asked   []float64 // temperatures, before any adaptation
	slots   []string  // measured
}

// Start makes the instances, compiles the Program and puts every walker in a random state. Errors say which setting is
// wrong and what is allowed.
func (t Tempering) Start(b engine.Backend) (*Sampler, error) {
	if t.Model == nil {
		return nil, fmt.Errorf("spin: no model")
	}
	if err := t.Model.Check(); err != nil {
		return nil, err
	}
	for _, p := range []*int{&t.Systems, &t.Sweeps} {
		if *p == 0 {
			*p = 1
		}
	}
	if t.Copies == 0 {
		t.Copies = 2
		if t.Shared {
			t.Copies = 1
		}
	}
	if t.Systems < 0 || t.Copies < 0 || t.Sweeps < 0 {
		return nil, fmt.Errorf("spin: %d systems, %d copies, %d sweeps between exchanges: at least 1 each", t.Systems, t.Copies, t.Sweeps)
	}
	if err := CheckTemperatures(t.Temperatures); err != nil {
		return nil, err
	}
	if err := t.checkMoves(); err != nil {
		return nil, err
	}
	if err := t.checkShared(); err != nil {
		return nil, err
	}
	if t.Memory == 0 {
		t.Memory = engine.FreeMemory()
	}
	t.Temperatures = slices.Sorted(slices.Values(t.Temperatures))
	s := &Sampler{Tempering: t, asked: slices.Clone(t.Temperatures), batch: batch{systems: t.Systems, copies: t.Copies, temperatures: len(t.Temperatures), n: t.Model.Spins(),
		rule: t.Rule, seed: t.Seed, move: t.Move, graphMoves: t.Houdayer || t.Move != Flips, shared: t.Shared}}
	var err error
	if s.carrier, err = choose(t.Model, s.batch, t.Layout, t.Memory); err != nil {
		return nil, err
	}
	if err := s.checkSamples(); err != nil {
		return nil, err
	}
	plan, err := s.plan()
	if err != nil {
		return nil, err
	}
	if s.Program, err = engine.Compile(plan, b); err != nil {
		return nil, err
	}
	if err := s.Program.Write("ladder", kernels.NewLadder(t.Systems, t.Copies, len(t.Temperatures))); err != nil {
		return nil, err
	}
	if err := s.setTemperatures(t.Temperatures); err != nil {
		return nil, err
	}
	if err := s.carrier.fill(s.Program); err != nil {
		return nil, err
	}
	return s, s.carrier.randomise(s.Program, 0)
}

// plan is the stages sweep, exchange, follow, which runs when temperatures change, and measure, which [Measurement.Take] runs.
func (s *Sampler) plan() (p engine.Plan, err error) {
	p.Seed = s.Seed
	if p.Stages, s.slots, err = s.stages(s.batch, s.carrier); err == nil {
		p.Split = split(s.batch, s.carrier, s.slots, func(b batch, c carrier) ([]engine.Stage, error) {
			stages, _, err := s.stages(b, c)
			return stages, err
		})
		p.Moment = append([]string{"ladder", "state"}, s.slots...)
	}
	return p, err
}

// stages are the plan's for a batch and its carrier, or for a part of them; slots are what is measured.
func (s *Sampler) stages(b batch, c carrier) (stages []engine.Stage, slots []string, err error) {
	add := func(name string, repeat int, build func(g *graph) map[string]node) error {
		g := newGraph(b)
		stage, err := g.Stage(name, repeat, build(g))
		stages = append(stages, stage)
		return err
	}
	err = add("sweep", s.Sweeps, func(g *graph) map[string]node { return map[string]node{"state": c.sweep(g)} })
	if h, ok := c.(interface{ houdayer(g *graph) node }); err == nil && ok && s.Houdayer {
		err = add("houdayer", 1, func(g *graph) map[string]node { return map[string]node{"state": h.houdayer(g)} })
	}
	if err == nil && b.temperatures > 1 {
		err = add("exchange", 1, func(g *graph) map[string]node {
			e := c.energies(g)
			ladder := g.Do(func() (node, error) { return kernels.Exchange(exchangeStream, g.ladder(), e, g.beta()) })
			next := map[string]node{"ladder": ladder}
			if c.follows() {
				maps.Copy(next, c.follow(g, ladder))
			}
			return next
		})
	}
	if err == nil && c.follows() {
		err = add("follow", 0, func(g *graph) map[string]node { return c.follow(g, g.ladder()) })
	}
	if err == nil {
		err = add("measure", 0, func(g *graph) map[string]node {
			e := c.energies(g)
			next := c.observe(g)
			next["energy"] = g.Do(func() (node, error) { return kernels.ByTemperature(g.ladder(), e) })
			for k := range next {
				slots = append(slots, k)
			}
			slices.Sort(slots)
			return next
		})
	}
	return stages, slots, err
}

// Step makes n steps.
func (s *Sampler) Step(ctx context.Context, n int) error { return s.Program.Step(ctx, n) }

// Carrier tells how the instances are held.
func (s *Sampler) Carrier() string { return s.carrier.name() }

// Bytes is the memory that the instances and walkers need.
func (s *Sampler) Bytes() int64 { return s.carrier.bytes() }

// Flips is the number of attempted spin flips of a step.
func (s *Sampler) Flips() float64 {
	return float64(s.Sweeps) * float64(s.batch.systems) * float64(s.batch.walkers()) * float64(s.batch.n)
}
