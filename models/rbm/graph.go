package rbm

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/kernels"
)

type node = *gorgonia.Node

// graph builds one stage; the first error is kept, and nodes after it are nil.
type graph struct {
	*gorgonia.ExprGraph
	dt  tensor.Dtype
	err error
	in  map[string]node
}

func newGraph(dt tensor.Dtype) *graph {
	return &graph{ExprGraph: gorgonia.NewGraph(), dt: dt, in: map[string]node{}}
}

// slot is the input of a name, made once: a scalar without a shape.
func (g *graph) slot(name string, shape ...int) node { return g.typed(name, g.dt, shape...) }

func (g *graph) typed(name string, dt tensor.Dtype, shape ...int) node {
	if n := g.in[name]; n != nil {
		return n
	}
	g.in[name] = engine.Input(g.ExprGraph, name, dt, shape...)
	return g.in[name]
}

func (g *graph) make(f func() (node, error)) node {
	if g.err != nil {
		return nil
	}
	n, err := f()
	g.err = err
	return n
}

func (g *graph) num(x float64) node {
	if g.dt == tensor.Float64 {
		return gorgonia.NewConstant(x)
	}
	return gorgonia.NewConstant(float32(x))
}

func (g *graph) apply2(f func(a, b node) (node, error), a, b node) node {
	return g.make(func() (node, error) { return f(a, b) })
}

func (g *graph) apply(f func(a node) (node, error), a node) node {
	return g.make(func() (node, error) { return f(a) })
}

func (g *graph) add(a, b node) node           { return g.apply2(gorgonia.Add, a, b) }
func (g *graph) sub(a, b node) node           { return g.apply2(gorgonia.Sub, a, b) }
func (g *graph) had(a, b node) node           { return g.apply2(gorgonia.HadamardProd, a, b) }
func (g *graph) mul(a, b node) node           { return g.apply2(gorgonia.Mul, a, b) }
func (g *graph) scale(a node, s float64) node { return g.had(a, g.num(s)) }
func (g *graph) t(a node) node {
	return g.make(func() (node, error) { return gorgonia.Transpose(a, 1, 0) })
}
func (g *graph) sum(a node, axes ...int) node {
	return g.make(func() (node, error) { return gorgonia.Sum(a, axes...) })
}
func (g *graph) mean(a node, axes ...int) node {
	return g.make(func() (node, error) { return gorgonia.Mean(a, axes...) })
}

// addRow adds a vector to every row of a matrix, and hadRow multiplies by it.
func (g *graph) addRow(a, row node) node {
	return g.make(func() (node, error) { return gorgonia.BroadcastAdd(a, row, nil, []byte{0}) })
}

func (g *graph) hadRow(a, row node) node {
	return g.make(func() (node, error) { return gorgonia.BroadcastHadamardProd(a, row, nil, []byte{0}) })
}

// hadCol multiplies every row of a matrix by its number in col, of shape [rows, 1].
func (g *graph) hadCol(a, col node) node {
	return g.make(func() (node, error) { return gorgonia.BroadcastHadamardProd(a, col, nil, []byte{1}) })
}

func (g *graph) reshape(a node, shape ...int) node {
	return g.make(func() (node, error) { return gorgonia.Reshape(a, tensor.Shape(shape)) })
}

func (g *graph) columns(a node, from, to int) node {
	return g.make(func() (node, error) { return gorgonia.Slice(a, nil, gorgonia.S(from, to)) })
}

// outer is the matrix of products of two vectors.
func (g *graph) outer(a, b node) node {
	if g.err != nil {
		return nil
	}
	return g.mul(g.reshape(a, a.Shape()[0], 1), g.reshape(b, 1, b.Shape()[0]))
}

// perBlock computes a layer's blocks one by one from their columns of x and joins the results.
func (g *graph) perBlock(l Layer, x node, f func(b block, x node) node) node {
	bs := l.blocks()
	if len(bs) == 1 {
		return f(bs[0], x)
	}
	var parts []node
	for _, b := range bs {
		parts = append(parts, f(b, g.columns(x, b.from, b.to)))
	}
	return g.make(func() (node, error) { return gorgonia.Concat(1, parts...) })
}

// sample draws a layer's units in the fields x, [rows, Count]; it uses the streams stream and stream+1.
func (g *graph) sample(l Layer, x node, stream uint16) node {
	return g.perBlock(l, x, func(b block, x node) node {
		if g.err != nil {
			return nil
		}
		switch b.units {
		case Bernoulli:
			return g.make(func() (node, error) { return kernels.Bernoulli(x, stream) })
		case Ising:
			twice := g.add(x, x)
			return g.make(func() (node, error) { return kernels.BernoulliSpin(twice, stream) })
		case Gaussian:
			return g.add(x, g.make(func() (node, error) { return kernels.NormalLike(x, stream) }))
		case ReLU:
			return g.make(func() (node, error) { return kernels.Rectified(x, stream) })
		}
		return g.make(func() (node, error) { return kernels.Categorical(x, b.states, stream+1) })
	})
}

// means is the mean of a layer's units in the fields x.
func (g *graph) means(l Layer, x node) node {
	return g.perBlock(l, x, func(b block, x node) node {
		switch b.units {
		case Bernoulli:
			return g.apply(gorgonia.Sigmoid, x)
		case Ising:
			return g.apply(gorgonia.Tanh, x)
		case Gaussian:
			return x
		case ReLU:
			return g.apply(kernels.RectifiedMean, x)
		}
		if g.err != nil {
			return nil
		}
		s := x.Shape()
		y := g.reshape(x, s[0]*s[1]/b.states, b.states)
		y = g.make(func() (node, error) { return gorgonia.SoftMax(y, 1) })
		return g.reshape(y, s[0], s[1])
	})
}

// logPartition is Σ A(x) of every row of fields x, [rows].
func (g *graph) logPartition(l Layer, x node) (total node) {
	for _, b := range l.blocks() {
		y := x
		if len(l.blocks()) > 1 {
			y = g.columns(x, b.from, b.to)
		}
		if y = g.blockLogPartition(b, y); total == nil {
			total = y
		} else {
			total = g.add(total, y)
		}
	}
	return total
}

// each is A(x) of every unit but Potts ones.
func (g *graph) each(u Units, x node) node {
	switch u {
	case Bernoulli:
		return g.apply(gorgonia.Softplus, x)
	case Ising:
		return g.sub(g.apply(gorgonia.Softplus, g.add(x, x)), x)
	case Gaussian:
		return g.scale(g.apply(gorgonia.Square, x), .5)
	}
	return g.apply(kernels.RectifiedLogPartition, x)
}

func (g *graph) blockLogPartition(b block, x node) node {
	if b.units != Potts {
		return g.sum(g.each(b.units, x), 1)
	}
	if g.err != nil {
		return nil
	}
	// ln Σ e^x is x - ln softmax(x), the same for every state: its mean over the states.
	s := x.Shape()
	y := g.reshape(x, s[0]*s[1]/b.states, b.states)
	y = g.sub(y, g.make(func() (node, error) { return gorgonia.LogSoftMax(y, 1) }))
	return g.scale(g.sum(g.reshape(y, s[0], s[1]), 1), 1/float64(b.states))
}

// weights are the slots of a machine under a prefix.
type weights struct {
	w, b, c node
	Machine
}

func (g *graph) machine(m Machine, prefix string) weights {
	nv, nh := m.Visible.Count, m.Hidden.Count
	return weights{g.slot(prefix+"W", nv, nh), g.slot(prefix+"b", nv), g.slot(prefix+"c", nh), m}
}

// up is the field of the hidden units, vW + c, and down that of the visible units, hWᵀ + b.
func (g *graph) up(m weights, v node) node   { return g.addRow(g.mul(v, m.w), m.c) }
func (g *graph) down(m weights, h node) node { return g.addRow(g.mul(h, g.t(m.w)), m.b) }

// freeEnergy is F(v) of every row, [rows].
func (g *graph) freeEnergy(m weights, v node) node {
	linear := g.sum(g.hadRow(v, m.b), 1)
	return g.apply(gorgonia.Neg, g.add(linear, g.logPartition(m.Hidden, g.up(m, v))))
}

// where adds the stage's name to its error.
func (g *graph) where(stage string) error {
	if g.err != nil {
		return fmt.Errorf("rbm: stage %s: %w", stage, g.err)
	}
	return nil
}
