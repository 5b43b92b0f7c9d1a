package boltzmann

import (
	"fmt"
	"math"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/kernels"
	"cavity/models/dataset"
)

// Positive is how the hidden spins are averaged given the data.
type Positive string

const (
	// MeanField takes independent spins with means μ = tanh(c + vW + Bμ), in Rounds damped updates of all at once.
	MeanField Positive = "meanfield"
	// Exact enumerates the hidden spins, at most MaxPositive.
	Exact Positive = "exact"
	// Gibbs sweeps them Rounds times, one after the other, from independent spins in the fields of the data.
	Gibbs Positive = "gibbs"
)

// MaxPositive is the number of hidden spins that Exact takes, and MaxGibbs that of Gibbs, whose graph grows with it.
const (
	MaxPositive = 10
	MaxGibbs    = 256
)

// Training is a way to train a machine on a set. The zero value of a field that says so stands for a default.
type Training struct {
	Set      *dataset.Set
	Hidden   int
	Binarise string   // bytes to ±1: "threshold" at 127.5 or "sample", anew in every batch; "": threshold
	Positive Positive // "": MeanField
	Rounds   int      // of the positive phase; 0: 20
	K        int      // sweeps of the persistent chains an update; 0: 1
	Batch    int      // 0: 100
	Chains   int      // 0: Batch
	Epochs   int

	WithoutVisible bool // no couplings A among visible spins
	WithoutHidden  bool // no couplings B among hidden spins

	Rate, FinalRate float64 // learning rate of the first epoch and, falling geometrically, of the last; 0: .01 and Rate
	L2              float64 // weight decay: rate·L2·J is taken off every coupling J
	Deviation       float64 // of the first W; 0: .01
	Seed            uint64
}

func (t *Training) setDefaults() {
	if t.Positive == "" {
		t.Positive = MeanField
	}
	if t.Binarise == "" {
		t.Binarise = "threshold"
	}
	for p, def := range map[*int]int{&t.Rounds: 20, &t.K: 1, &t.Batch: 100} {
		if *p == 0 {
			*p = def
		}
	}
	if t.Chains == 0 {
		t.Chains = t.Batch
	}
	for p, def := range map[*float64]float64{&t.Rate: .01, &t.Deviation: .01} {
		if *p == 0 {
			*p = def
		}
	}
	if t.FinalRate == 0 {
		t.FinalRate = t.Rate
	}
}

func (t *Training) check() error {
	if t.Set == nil {
		return fmt.Errorf("boltzmann: no data set")
	}
	switch {
	case t.Hidden < 1:
		return fmt.Errorf("boltzmann: %d hidden spins: at least 1", t.Hidden)
	case t.K < 1 || t.Rounds < 1 || t.Epochs < 0 || t.Chains < 1:
		return fmt.Errorf("boltzmann: %d sweeps, %d rounds, %d epochs, %d chains: at least 1 sweep, round and chain, 0 epochs", t.K, t.Rounds, t.Epochs, t.Chains)
	case t.Batch < 1 || t.Batch > t.Set.Train.Count:
		return fmt.Errorf("boltzmann: batches of %d from %d examples: 1 to all", t.Batch, t.Set.Train.Count)
	case t.Binarise != "threshold" && t.Binarise != "sample":
		return fmt.Errorf("boltzmann: binarisation %q: threshold or sample", t.Binarise)
	case t.Positive != MeanField && t.Positive != Exact && t.Positive != Gibbs:
		return fmt.Errorf("boltzmann: positive phase %q: meanfield, exact or gibbs", t.Positive)
	case t.Positive == Exact && t.Hidden > MaxPositive:
		return fmt.Errorf("boltzmann: %d hidden spins: the exact positive phase enumerates up to %d", t.Hidden, MaxPositive)
	case t.Positive == Gibbs && t.Hidden > MaxGibbs:
		return fmt.Errorf("boltzmann: %d hidden spins: the positive phase samples up to %d", t.Hidden, MaxGibbs)
	}
	for name, x := range map[string]float64{"rate": t.Rate, "final rate": t.FinalRate, "deviation": t.Deviation} {
		if !(x > 0) || math.IsInf(x, 0) {
			return fmt.Errorf("boltzmann: %s %v: a positive number", name, x)
		}
	}
	if !(t.L2 >= 0) || math.IsInf(t.L2, 0) {
		return fmt.Errorf("boltzmann: weight decay %v: a number that is not negative", t.L2)
	}
	return nil
}

// plan is the stages of an update.
func (t *Training) plan() (engine.Plan, error) {
	z := size{t.Set.Pixels(), t.Hidden, t.Chains}
	p := engine.Plan{Seed: t.Seed}
	for _, s := range []struct {
		name   string
		repeat int
		build  func(g *graph) map[string]node
	}{
		{"draw", 1, t.draw}, {"field", 1, t.field}, {"positive", t.repeat(), t.positive}, {"moments", 1, t.moments},
		{"couple", 1, (*graph).couple}, {"fields", 1, refresh}, {"sweep", t.K, sweepOnce}, {"update", 1, t.update},
	} {
		g := newGraph(z)
		next := s.build(g)
		stage, err := g.Stage(s.name, s.repeat, next)
		if err != nil {
			return p, fmt.Errorf("boltzmann: %w", err)
		}
		p.Stages = append(p.Stages, stage)
	}
	return p, nil
}

func refresh(g *graph) map[string]node {
	return map[string]node{"state": g.fields(g.state(), g.couplings(), g.external())}
}

func sweepOnce(g *graph) map[string]node {
	return map[string]node{"state": g.sweep(g.state(), g.couplings(), g.external())}
}

// draw is the next batch as spins.
func (t *Training) draw(g *graph) map[string]node {
	data := g.Typed("data", tensor.Uint8, t.Set.Train.Count, g.visible)
	pixels := kernels.Threshold
	if t.Binarise == "sample" {
		pixels = kernels.Sampled
	}
	x := g.Do(func() (node, error) { return kernels.Minibatch(data, tensor.Float32, t.Batch, drawStream, pixels) })
	return map[string]node{"v0": g.Sub(g.Add(x, x), g.Num(1))}
}

func (t *Training) v0(g *graph) node { return g.Slot("v0", t.Batch, g.visible) }
func (t *Training) x(g *graph) node  { return g.Slot("x", t.Batch, g.hidden) }
func (t *Training) h(g *graph) node  { return g.Slot("h", t.Batch, g.hidden) }

// field is x = c + vW and the hidden spins at the beginning of the positive phase: means or samples without B.
func (t *Training) field(g *graph) map[string]node {
	p := g.parameters()
	x := g.AddRow(g.Mul(t.v0(g), p.w), p.bh)
	h := g.Apply(gorgonia.Tanh, x)
	if t.Positive == Gibbs {
		twice := g.Add(x, x)
		h = g.Do(func() (node, error) { return kernels.BernoulliSpin(twice, firstStream) })
	}
	return map[string]node{"x": x, "h": h}
}

// repeat is how often the positive stage runs.
func (t *Training) repeat() int {
	if t.Positive == Exact {
		return 1
	}
	return t.Rounds
}

// damping is the share of the new means in an update of all of them at once, which without it may go round in circles of two.
const damping = .5

// positive is a round of the hidden spins given the data.
func (t *Training) positive(g *graph) map[string]node {
	p, x, h := g.parameters(), t.x(g), t.h(g)
	switch t.Positive {
	case Exact:
		return map[string]node{"h": g.Mul(t.posterior(g), t.states(g))}
	case Gibbs:
		return map[string]node{"h": g.hiddenSweep(x, h, p.b)}
	}
	change := g.Sub(g.Apply(gorgonia.Tanh, g.Add(x, g.Mul(h, p.b))), h)
	return map[string]node{"h": g.Add(h, g.Scale(change, damping)), "change": g.Mean(g.Apply(gorgonia.Abs, change))}
}

// hiddenSweep draws the hidden spins of every row one after the other; the fields of the others follow each.
func (g *graph) hiddenSweep(x, h, b node) node {
	if g.Err() != nil {
		return nil
	}
	rows := x.Shape()[0]
	fields := g.Add(x, g.Mul(h, b))
	var spins []node
	for j := range g.hidden {
		f := g.Reshape(g.Columns(fields, j, j+1), rows, 1)
		twice := g.Add(f, f)
		s := g.Do(func() (node, error) { return kernels.BernoulliSpin(twice, uint16(unitStream+j)) })
		turn := g.Sub(s, g.Reshape(g.Columns(h, j, j+1), rows, 1))
		row := g.Do(func() (node, error) { return gorgonia.Slice(b, gorgonia.S(j, j+1)) })
		fields = g.Add(fields, g.Mul(turn, g.Reshape(row, 1, g.hidden)))
		spins = append(spins, s)
	}
	if len(spins) == 1 {
		return spins[0]
	}
	return g.Do(func() (node, error) { return gorgonia.Concat(1, spins...) })
}

// states are all configurations of the hidden spins, and posterior their probabilities for every row.
func (t *Training) states(g *graph) node { return g.Slot("states", 1<<t.Hidden, t.Hidden) }

func (t *Training) posterior(g *graph) node {
	p, s := g.parameters(), t.states(g)
	inner := g.Scale(g.Sum(g.Had(g.Mul(s, p.b), s), 1), .5)
	logits := g.AddRow(g.Mul(t.x(g), g.T(s)), inner)
	return g.Do(func() (node, error) { return gorgonia.SoftMax(logits, 1) })
}

// moments is ⟨h hᵀ⟩ with v at the data, as far as B needs it: off the diagonal.
func (t *Training) moments(g *graph) map[string]node {
	h := t.h(g)
	if t.Positive != Exact {
		return map[string]node{"hh": g.Scale(g.Mul(g.T(h), h), 1/float64(t.Batch))}
	}
	s := t.states(g)
	weight := g.Reshape(g.Mean(t.posterior(g), 0), 1<<t.Hidden, 1)
	return map[string]node{"hh": g.Mul(g.T(g.HadCol(s, weight)), s)}
}

// limit is the size of a field beyond which a training has diverged.
const limit = 1e6

// update moves the parameters along the centred gradient (Montavon, Müller 2012): with offsets μ, the means of the visible spins
// in the data, the gradient is that in the couplings between v-μ and h,
//
//	∂A = ⟨(v-μ)(v-μ)ᵀ⟩_data - ⟨…⟩_model,    ∂b = ⟨v⟩_data - ⟨v⟩_model - ∂A μ,    ∂c = ⟨h⟩_data - ⟨h⟩_model - ∂Wᵀ μ,
//
// which is better conditioned than the plain one where most spins point one way.
func (t *Training) update(g *graph) map[string]node {
	p, rate, mu := g.parameters(), g.Slot("rate"), g.Slot("mu", g.visible)
	nv, n := g.visible, g.n()
	minus := g.Apply(gorgonia.Neg, mu)
	h0, spins := t.h(g), g.spins(g.state())
	v0, v := g.AddRow(t.v0(g), minus), g.AddRow(g.Columns(spins, 0, nv), minus)
	h := g.Columns(spins, nv, n)
	data, model := 1/float64(t.Batch), 1/float64(t.Chains)
	between := func(a, b, c, d node) node { // ⟨aᵀb⟩_data - ⟨cᵀd⟩_model
		return g.Sub(g.Scale(g.Mul(g.T(a), b), data), g.Scale(g.Mul(g.T(c), d), model))
	}
	column := func(x node, k int) node { return g.Reshape(x, k, 1) }
	w := between(v0, h0, v, h)
	bv := g.Sub(g.Mean(v0, 0), g.Mean(v, 0))
	bh := g.Sub(g.Sub(g.Mean(h0, 0), g.Mean(h, 0)), g.Reshape(g.Mul(g.T(w), column(mu, nv)), g.hidden))
	next := map[string]node{}
	move := func(name string, at, grad node) { next[name] = g.Add(at, g.Had(grad, rate)) }
	decayed := func(at, grad node) node {
		if t.L2 == 0 {
			return grad
		}
		return g.Sub(grad, g.Scale(at, t.L2))
	}
	if !t.WithoutVisible {
		a := g.symmetric(between(v0, v0, v, v), "off v")
		bv = g.Sub(bv, g.Reshape(g.Mul(a, column(mu, nv)), nv))
		move("A", p.a, decayed(p.a, a))
	}
	if !t.WithoutHidden {
		b := g.Sub(g.Slot("hh", g.hidden, g.hidden), g.Scale(g.Mul(g.T(h), h), model))
		move("B", p.b, decayed(p.b, g.symmetric(b, "off h")))
	}
	move("W", p.w, decayed(p.w, w))
	move("b", p.bv, bv)
	move("c", p.bh, bh)
	seen := g.Typed("diverged", tensor.Int64, 1)
	for _, name := range []string{"b", "c", "W"} {
		seen = g.Do(func() (node, error) { return kernels.Watch(seen, next[name], limit) })
	}
	next["diverged"] = seen
	return next
}

// symmetric is (x + xᵀ)/2 without the diagonal: products of floats need not be symmetric to the last bit. The slot off holds ½, and 0 on
// the diagonal.
func (g *graph) symmetric(x node, off string) node {
	if g.Err() != nil {
		return nil
	}
	return g.Had(g.Add(x, g.T(x)), g.Slot(off, x.Shape()...))
}
