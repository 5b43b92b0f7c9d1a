package rbm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"

	"gorgonia.org/tensor"

	"cavity/engine"
)

// AIS is annealed importance sampling of ln Z (Neal 2001; Salakhutdinov, Murray 2008, doi:10.1145/1390156.1390266) between
// independent units in the field Base and the machine, along p_β(v) ∝ exp((1-β) b_A·v + β b·v + Σ_j A(β x_j)).
//
// Forward runs start from the independent units: the mean weight is unbiased, so the estimate of ln Z is too low in expectation.
// Reverse runs start from samples of the machine and estimate 1/Z without bias: their ln Z is too high in expectation,
// as far as the samples are fair.
type AIS struct {
	Chains       int       // 0: 100
	Temperatures int       // inverse temperatures from 0 to 1, evenly spaced; 0: 10,000
	Betas        []float64 // any other schedule, rising from 0 to 1
	Seed         uint64
	Report       func(done, until uint64)
}

// Estimate is ln Z from one direction.
type Estimate struct {
	LogZ      float64
	Deviation float64 // standard error of LogZ from the spread of the weights
	ESS       float64 // effective sample size (Σw)²/Σw², at most the number of chains
	Chains    int
	Betas     int
}

// check fills in defaults and finds settings that are out of range.
func (a *AIS) check() error {
	if a.Chains == 0 {
		a.Chains = 100
	}
	if a.Temperatures == 0 {
		a.Temperatures = 10000
	}
	if a.Chains < 2 || a.Temperatures < 2 {
		return fmt.Errorf("ais: %d chains and %d temperatures: at least 2 each", a.Chains, a.Temperatures)
	}
	if a.Betas == nil {
		for k := range a.Temperatures {
			a.Betas = append(a.Betas, float64(k)/float64(a.Temperatures-1))
		}
	}
	last := len(a.Betas) - 1
	if last < 1 || a.Betas[0] != 0 || a.Betas[last] != 1 {
		return errors.New("ais: the inverse temperatures must begin with 0 and end with 1")
	}
	for k := range last {
		if !(a.Betas[k+1] > a.Betas[k]) {
			return fmt.Errorf("ais: inverse temperature %d is %v and the next %v: they must rise", k, a.Betas[k], a.Betas[k+1])
		}
	}
	return nil
}

// An Annealer is AIS compiled for machines of one shape.
type Annealer struct {
	AIS
	Program *engine.Program
	machine *Machine
	fresh   []byte // the Program's first state
}

// Start compiles the graphs. The chains are independent: several devices share them.
func (a AIS) Start(m *Machine, b engine.Backend) (*Annealer, error) {
	if err := a.check(); err != nil {
		return nil, err
	}
	stages := func(chains int) ([]engine.Stage, error) { return a.stages(m, chains) }
	plan, err := independent(stages, a.Chains, map[string]int{"v": 0, "log weight": 0})
	if err != nil {
		return nil, fmt.Errorf("ais: %w", err)
	}
	plan.Seed = a.Seed
	p, err := engine.Compile(plan, b)
	if err != nil {
		return nil, err
	}
	an := &Annealer{AIS: a, Program: p}
	if an.fresh, err = p.Snapshot(); err != nil {
		return nil, err
	}
	return an, an.Use(m)
}

// stages are first, which draws independent units, gibbs, a step of block Gibbs sampling, and anneal.
func (a *AIS) stages(m *Machine, chains int) ([]engine.Stage, error) {
	first, gibbs, step := newGraph(tensor.Float32), newGraph(tensor.Float32), newGraph(tensor.Float32)
	v := func(g *graph) node { return g.Slot("v", chains, m.Visible.Count) }
	zero := first.Scale(v(first), 0)
	draw := first.sample(m.Visible, first.AddRow(zero, first.Slot("base", m.Visible.Count)), visibleStream)
	again := gibbs.again(gibbs.machine(*m, ""), v(gibbs))
	next := step.anneal(step.machine(*m, ""), chains)
	return []engine.Stage{
		{Name: "first", Graph: first.ExprGraph, Next: map[string]node{"v": draw}},
		{Name: "gibbs", Graph: gibbs.ExprGraph, Next: map[string]node{"v": again}},
		{Name: "anneal", Graph: step.ExprGraph, Next: next},
	}, firstError(step.Err(), first.Err(), gibbs.Err())
}

// anneal is one change of β0 to β1: the weight of the present configurations, then a Gibbs step at β1.
func (g *graph) anneal(m weights, chains int) map[string]node {
	v, logw := g.Slot("v", chains, m.Visible.Count), g.Slot("log weight", chains)
	beta0, beta1 := g.Slot("beta0"), g.Slot("beta1")
	base := g.Slot("base", m.Visible.Count)
	offset := g.Sub(m.b, base)
	x := g.up(m, v)
	hot, cold := g.Had(x, beta0), g.Had(x, beta1)
	var gain node
	if bs := m.Hidden.blocks(); len(bs) == 1 && bs[0].units != Potts { // differences unit by unit lose fewer digits
		gain = g.Sum(g.Sub(g.each(bs[0].units, cold), g.each(bs[0].units, hot)), 1)
	} else {
		gain = g.Sub(g.logPartition(m.Hidden, cold), g.logPartition(m.Hidden, hot))
	}
	linear := g.Had(g.Sum(g.HadRow(v, offset), 1), g.Sub(beta1, beta0))
	h := g.sample(m.Hidden, cold, hiddenStream)
	field := g.Had(g.AddRow(g.Mul(h, g.T(m.w)), offset), beta1)
	return map[string]node{"log weight": g.Add(logw, g.Add(linear, gain)), "v": g.sample(m.Visible, g.AddRow(field, base), visibleStream)}
}

// Use takes the parameters of a machine of the same shape and begins anew: what follows depends on the machine and the seed
// alone, not on earlier runs.
func (an *Annealer) Use(m *Machine) error {
	an.machine = m
	if err := an.Program.Load(bytes.NewReader(an.fresh)); err != nil {
		return err
	}
	if err := an.Program.Write("base", m.base()); err != nil {
		return err
	}
	return m.write(an.Program, "")
}

// baseLogZ is ln Z at β = 0.
func (m *Machine) baseLogZ() float64 {
	x := make([]float64, m.Visible.Count)
	for i, b := range m.base() {
		x[i] = float64(b)
	}
	return m.Visible.LogPartition(x) + m.Hidden.LogPartition(make([]float64, m.Hidden.Count))
}

// Forward is a lower bound on ln Z in expectation.
func (an *Annealer) Forward(ctx context.Context) (Estimate, error) {
	if err := an.Program.Once("first"); err != nil {
		return Estimate{}, err
	}
	w, err := an.pass(ctx, an.Betas)
	return an.estimate(w, 1), err
}

// Reverse is an upper bound on ln Z in expectation. It starts from samples of the machine: the rows of start, [Chains, visible],
// data or saved chains (nil: independent units), after burn Gibbs steps.
func (an *Annealer) Reverse(ctx context.Context, start []float32, burn int) (Estimate, error) {
	var err error
	if start == nil {
		err = an.Program.Once("first")
	} else {
		err = an.Program.Write("v", start)
	}
	if err != nil {
		return Estimate{}, err
	}
	for k := range burn {
		if k%64 == 0 && ctx.Err() != nil {
			return Estimate{}, ctx.Err()
		}
		if err := an.Program.Once("gibbs"); err != nil {
			return Estimate{}, err
		}
	}
	down := make([]float64, len(an.Betas))
	for k, b := range an.Betas {
		down[len(down)-1-k] = b
	}
	w, err := an.pass(ctx, down)
	return an.estimate(w, -1), err
}

// pass goes through a schedule and returns the logarithms of the weights.
func (an *Annealer) pass(ctx context.Context, betas []float64) ([]float64, error) {
	p := an.Program
	w, beta := make([]float32, an.Chains), make([]float32, 1)
	var value any = beta // made once: a step allocates nothing
	if err := p.Write("log weight", w); err != nil {
		return nil, err
	}
	total := make([]float64, an.Chains)
	for k := 1; k < len(betas); k++ {
		for i, name := range []string{"beta0", "beta1"} {
			beta[0] = float32(betas[k-1+i])
			if err := p.Write(name, value); err != nil {
				return nil, err
			}
		}
		if err := p.Once("anneal"); err != nil {
			return nil, err
		}
		if k%64 == 0 || k == len(betas)-1 { // sums of few terms stay exact in float32; the rest is summed in float64
			if err := p.Read("log weight", w); err != nil {
				return nil, err
			}
			for i, x := range w {
				total[i] += float64(x)
			}
			clear(w)
			if err := p.Write("log weight", w); err != nil {
				return nil, err
			}
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if an.Report != nil {
				an.Report(uint64(k), uint64(len(betas)-1))
			}
		}
	}
	return total, nil
}

// estimate turns weights into ln Z; sign is -1 for those of reverse runs.
func (an *Annealer) estimate(w []float64, sign float64) Estimate {
	return Weighed(w, an.machine.baseLogZ(), sign, len(an.Betas))
}

// Weighed is ln Z from the logarithms of the weights of annealed importance sampling through so many inverse temperatures, base being
// ln Z where it begins and sign -1 for reverse runs. Nothing is estimated without weights.
func Weighed(w []float64, base, sign float64, betas int) Estimate {
	if len(w) == 0 {
		return Estimate{}
	}
	n := float64(len(w))
	sum := logSumExp(w)
	square := make([]float64, len(w))
	for i, x := range w {
		square[i] = 2 * (x - sum)
	}
	ess := math.Exp(-logSumExp(square))
	// var(w)/mean² = n/ESS - 1 for the plain variance; n-1 in place of n makes it unbiased.
	return Estimate{LogZ: base + sign*(sum-math.Log(n)), Deviation: math.Sqrt(max(0, n/ess-1) / (n - 1)), ESS: ess, Chains: len(w), Betas: betas}
}

// Doubts says in sentences what speaks against a pair of bounds; none is a good sign, not a proof.
func Doubts(lower, upper Estimate) (doubts []string) {
	for _, e := range []struct {
		name string
		Estimate
	}{{"forward", lower}, {"reverse", upper}} {
		if e.ESS < .1*float64(e.Chains) {
			doubts = append(doubts, fmt.Sprintf("the weights of %s annealing are degenerate: %.1f of %d chains count; use more temperatures", e.name, e.ESS, e.Chains))
		}
	}
	gap, err := upper.LogZ-lower.LogZ, math.Hypot(lower.Deviation, upper.Deviation)
	if math.Abs(gap) > 1+3*err {
		doubts = append(doubts, fmt.Sprintf("the two bounds on ln Z differ by %.2f nats, more than 1 and three standard errors (%.2f): the chains do not mix well enough for these temperatures", gap, err))
	}
	return doubts
}
