package rbm

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/expr"
	"cavity/kernels"
)

type node = expr.Node

// graph builds one stage of a machine.
type graph struct{ *expr.Graph }

func newGraph(dt tensor.Dtype) *graph { return &graph{expr.New(dt)} }

// perBlock computes a layer's blocks one by one from their columns of x and joins the results.
func (g *graph) perBlock(l Layer, x node, f func(b block, x node) node) node {
	bs := l.blocks()
	if len(bs) == 1 {
		return f(bs[0], x)
	}
	var parts []node
	for _, b := range bs {
		parts = append(parts, f(b, g.Columns(x, b.from, b.to)))
	}
	return g.Do(func() (node, error) { return gorgonia.Concat(1, parts...) })
}

// sample draws a layer's units in the fields x, [rows, Count]; it uses the streams stream and stream+1.
func (g *graph) sample(l Layer, x node, stream uint16) node {
	return g.perBlock(l, x, func(b block, x node) node {
		if g.Err() != nil {
			return nil
		}
		switch b.units {
		case Bernoulli:
			return g.Do(func() (node, error) { return kernels.Bernoulli(x, stream) })
		case Ising:
			twice := g.Add(x, x)
			return g.Do(func() (node, error) { return kernels.BernoulliSpin(twice, stream) })
		case Gaussian:
			return g.Add(x, g.Do(func() (node, error) { return kernels.NormalLike(x, stream) }))
		case ReLU:
			return g.Do(func() (node, error) { return kernels.Rectified(x, stream) })
		}
		return g.Do(func() (node, error) { return kernels.Categorical(x, b.states, stream+1) })
	})
}

// means is the mean of a layer's units in the fields x.
func (g *graph) means(l Layer, x node) node {
	return g.perBlock(l, x, func(b block, x node) node {
		switch b.units {
		case Bernoulli:
			return g.Apply(gorgonia.Sigmoid, x)
		case Ising:
			return g.Apply(gorgonia.Tanh, x)
		case Gaussian:
			return x
		case ReLU:
			return g.Apply(kernels.RectifiedMean, x)
		}
		if g.Err() != nil {
			return nil
		}
		s := x.Shape()
		y := g.Reshape(x, s[0]*s[1]/b.states, b.states)
		y = g.Do(func() (node, error) { return gorgonia.SoftMax(y, 1) })
		return g.Reshape(y, s[0], s[1])
	})
}

// logPartition is Σ A(x) of every row of fields x, [rows].
func (g *graph) logPartition(l Layer, x node) (total node) {
	for _, b := range l.blocks() {
		y := x
		if len(l.blocks()) > 1 {
			y = g.Columns(x, b.from, b.to)
		}
		if y = g.blockLogPartition(b, y); total == nil {
			total = y
		} else {
			total = g.Add(total, y)
		}
	}
	return total
}

// each is A(x) of every unit but Potts ones.
func (g *graph) each(u Units, x node) node {
	switch u {
	case Bernoulli:
		return g.Apply(gorgonia.Softplus, x)
	case Ising:
		return g.Sub(g.Apply(gorgonia.Softplus, g.Add(x, x)), x)
	case Gaussian:
		return g.Scale(g.Apply(gorgonia.Square, x), .5)
	}
	return g.Apply(kernels.RectifiedLogPartition, x)
}

func (g *graph) blockLogPartition(b block, x node) node {
	if b.units != Potts {
		return g.Sum(g.each(b.units, x), 1)
	}
	if g.Err() != nil {
		return nil
	}
	// ln Σ e^x is x - ln softmax(x), the same for every state: its mean over the states.
	s := x.Shape()
	y := g.Reshape(x, s[0]*s[1]/b.states, b.states)
	y = g.Sub(y, g.Do(func() (node, error) { return gorgonia.LogSoftMax(y, 1) }))
	return g.Scale(g.Sum(g.Reshape(y, s[0], s[1]), 1), 1/float64(b.states))
}

// weights are the slots of a machine under a prefix.
type weights struct {
	w, b, c node
	Machine
}

func (g *graph) machine(m Machine, prefix string) weights {
	nv, nh := m.Visible.Count, m.Hidden.Count
	return weights{g.Slot(prefix+"W", nv, nh), g.Slot(prefix+"b", nv), g.Slot(prefix+"c", nh), m}
}

// up is the field of the hidden units, vW + c, and down that of the visible units, hWᵀ + b.
func (g *graph) up(m weights, v node) node   { return g.AddRow(g.Mul(v, m.w), m.c) }
func (g *graph) down(m weights, h node) node { return g.AddRow(g.Mul(h, g.T(m.w)), m.b) }

// freeEnergy is F(v) of every row, [rows].
func (g *graph) freeEnergy(m weights, v node) node {
	linear := g.Sum(g.HadRow(v, m.b), 1)
	return g.Apply(gorgonia.Neg, g.Add(linear, g.logPartition(m.Hidden, g.up(m, v))))
}

// independent is a plan of n systems that several devices may share: stages builds those of any number, axes are the slots that hold them.
func independent(stages func(n int) ([]engine.Stage, error), n int, axes map[string]int) (engine.Plan, error) {
	all, err := stages(n)
	part := func(_, n int) ([]engine.Stage, error) { return stages(n) }
	return engine.Plan{Stages: all, Split: &engine.Split{Systems: n, Axes: axes, Part: part}}, err
}
