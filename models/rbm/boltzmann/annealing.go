package boltzmann

import (
	"bytes"
	"context"
	"fmt"
	"math"

	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/kernels"
	"cavity/models/rbm"
)

// AIS is annealed importance sampling of ln Z between independent spins in the fields b_A (zero for hidden spins) and the
// machine, along p_β(s) ∝ exp(β ln weight(s) + (1-β) b_A·s), one heat bath of all spins at every β. See rbm.AIS for the two bounds.
type AIS struct {
	Chains       int // 0: 100
	Temperatures int // inverse temperatures from 0 to 1, evenly spaced; 0: 1,000
	Seed         uint64
	Base         []float32 // b_A of the visible spins; nil: zero
	Report       func(done, until uint64)
}

// An Annealer is AIS compiled for machines of one shape.
type Annealer struct {
	AIS
	size
	program *engine.Program
	machine *Machine
	fresh   []byte
}

// Start compiles the graphs.
func (a AIS) Start(m *Machine, b engine.Backend) (*Annealer, error) {
	for p, def := range map[*int]int{&a.Chains: 100, &a.Temperatures: 1000} {
		if *p == 0 {
			*p = def
		}
	}
	if a.Chains < 2 || a.Temperatures < 2 {
		return nil, fmt.Errorf("boltzmann: %d chains and %d temperatures of annealing: at least 2 each", a.Chains, a.Temperatures)
	}
	if a.Base == nil {
		a.Base = make([]float32, m.Visible)
	}
	if len(a.Base) != m.Visible {
		return nil, fmt.Errorf("boltzmann: %d fields to begin with for %d visible spins", len(a.Base), m.Visible)
	}
	an := &Annealer{AIS: a, size: size{m.Visible, m.Hidden, a.Chains}}
	plan := engine.Plan{Seed: a.Seed}
	for _, s := range []struct {
		name  string
		build func(g *graph) map[string]node
	}{{"couple", (*graph).couple}, {"fields", refresh}, {"sweep", sweepOnce}, {"anneal", anneal}} {
		g := newGraph(an.size)
		next := s.build(g)
		stage, err := g.Stage(s.name, 0, next)
		if err != nil {
			return nil, fmt.Errorf("boltzmann: %w", err)
		}
		plan.Stages = append(plan.Stages, stage)
	}
	var err error
	if an.program, err = engine.Compile(plan, b); err != nil {
		return nil, err
	}
	if an.fresh, err = an.program.Snapshot(); err != nil {
		return nil, err
	}
	return an, an.Use(m)
}

// anneal is one change of β0 to β1: the weight of the present configurations, then a sweep at β1.
func anneal(g *graph) map[string]node {
	state, couplings, external := g.state(), g.couplings(), g.external()
	base, beta := g.Slot("base", 1, g.stride()), g.Slot("beta1")
	offset := g.Sub(external, base)
	whole := g.fields(state, couplings, offset)
	energy := g.Do(func() (node, error) { return kernels.DenseEnergy(whole, offset) })
	weight := g.Typed("log weight", tensor.Float64, 1, g.chains)
	gain := g.Had(energy, g.Typed("step", tensor.Float64))
	j, f := g.Had(couplings, beta), g.Add(base, g.Had(offset, beta))
	return map[string]node{"log weight": g.Sub(weight, gain), "state": g.sweep(g.fields(whole, j, f), j, f)}
}

// Use takes the parameters of a machine of the same shape and begins anew: what follows depends on the machine and the seed alone.
func (an *Annealer) Use(m *Machine) error {
	an.machine = m
	p := an.program
	if err := p.Load(bytes.NewReader(an.fresh)); err != nil {
		return err
	}
	if err := an.write(p, m); err != nil {
		return err
	}
	base := make([]float32, an.stride())
	copy(base, an.Base)
	if err := p.Write("base", base); err != nil {
		return err
	}
	return p.Once("couple")
}

// Forward is a lower bound on ln Z in expectation.
func (an *Annealer) Forward(ctx context.Context) (rbm.Estimate, error) {
	start := New(an.visible, an.hidden)
	start.Bv = an.Base
	if err := an.program.Write("state", independent(an.size, start, an.Seed)); err != nil {
		return rbm.Estimate{}, err
	}
	return an.pass(ctx, 1)
}

// Reverse is an upper bound on ln Z in expectation. It starts from samples of the machine: the rows of v, [Chains, visible], with hidden
// spins ±1 at random, after burn sweeps.
func (an *Annealer) Reverse(ctx context.Context, v []float32, burn int) (rbm.Estimate, error) {
	p, ld := an.program, an.stride()
	if len(v) != an.chains*an.visible {
		return rbm.Estimate{}, fmt.Errorf("boltzmann: %d spins to begin with for %d chains of %d", len(v), an.chains, an.visible)
	}
	state := independent(an.size, New(an.visible, an.hidden), an.Seed)
	for k := range an.chains {
		copy(state[k*ld:], v[k*an.visible:(k+1)*an.visible])
	}
	if err := p.Write("state", state); err != nil {
		return rbm.Estimate{}, err
	}
	if err := p.Once("fields"); err != nil {
		return rbm.Estimate{}, err
	}
	for range burn {
		if ctx.Err() != nil {
			return rbm.Estimate{}, ctx.Err()
		}
		if err := p.Once("sweep"); err != nil {
			return rbm.Estimate{}, err
		}
	}
	return an.pass(ctx, -1)
}

// pass goes through the temperatures upwards, or downwards if sign is -1.
func (an *Annealer) pass(ctx context.Context, sign float64) (rbm.Estimate, error) {
	p, last := an.program, an.Temperatures-1
	weights := make([]float64, an.chains)
	if err := p.Write("log weight", weights); err != nil {
		return rbm.Estimate{}, err
	}
	for k := 1; k <= last; k++ {
		beta := float64(k) / float64(last)
		if sign < 0 {
			beta = 1 - beta
		}
		if err := p.Write("beta1", []float32{float32(beta)}); err != nil {
			return rbm.Estimate{}, err
		}
		if err := p.Write("step", []float64{sign / float64(last)}); err != nil {
			return rbm.Estimate{}, err
		}
		if err := p.Once("anneal"); err != nil {
			return rbm.Estimate{}, err
		}
		if ctx.Err() != nil {
			return rbm.Estimate{}, ctx.Err()
		}
		if an.Report != nil && k%16 == 0 {
			an.Report(uint64(k), uint64(last))
		}
	}
	if err := p.Read("log weight", weights); err != nil {
		return rbm.Estimate{}, err
	}
	base := float64(an.hidden) * math.Ln2
	for _, b := range an.Base {
		x := math.Abs(float64(b))
		base += x + math.Log1p(math.Exp(-2*x))
	}
	return rbm.Weighed(weights, base, sign, an.Temperatures), nil
}
