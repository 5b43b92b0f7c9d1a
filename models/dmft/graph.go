package dmft

import (
	"fmt"
	"math"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/expr"
	"cavity/kernels"
)

type node = expr.Node

// graph builds one stage of a solver; numbers are float32.
type graph struct{ *expr.Graph }

func newGraph() *graph { return &graph{expr.New(tensor.Float32)} }

// slot64 is an input of float64.
func (g *graph) slot64(name string, shape ...int) node {
	return g.Typed(name, tensor.Float64, shape...)
}

// activity is φ(x) and φ'(x).
func (g *graph) activity(gain Gain, x node) (phi, slope node) {
	one := func() node { return g.Num(1) }
	switch gain.Name {
	case Tanh.Name:
		phi = g.Apply(gorgonia.Tanh, x)
		slope = g.Sub(one(), g.Had(phi, phi))
	case Erf.Name:
		phi = g.Apply(kernels.Erf, x)
		slope = g.Apply(gorgonia.Exp, g.Scale(g.Had(x, x), -1))
		slope = g.Scale(slope, 2/math.Sqrt(math.Pi))
	case Linear.Name:
		phi = g.Add(x, g.Num(0))
		slope = g.Add(g.Scale(x, 0), one())
	case ReLU.Name:
		phi = g.Apply(gorgonia.Rectify, x)
		slope = g.Do(func() (node, error) { return gorgonia.Gt(x, g.Num(0), true) })
	case Clip.Name:
		// (|x+1| - |x-1|)/2 is x between -1 and 1 and ±1 beyond.
		phi = g.Scale(g.Sub(g.abs(g.Add(x, one())), g.abs(g.Add(x, g.Num(-1)))), .5)
		slope = g.Do(func() (node, error) { return gorgonia.Lt(g.abs(x), one(), true) })
	default:
		g.Fail(fmt.Errorf("no graph for phi %q", gain.Name))
	}
	return phi, slope
}

func (g *graph) abs(x node) node { return g.Apply(gorgonia.Abs, x) }

// begin draws x(0).
func beginStage(law Initial, m int) (engine.Stage, error) {
	g := newGraph()
	x := g.Slot("x", m)
	switch law {
	case Uniform:
		return g.Stage("begin", 1, map[string]node{"x": g.Do(func() (node, error) { return kernels.UniformLike(x, 0) })})
	case Normal:
		return g.Stage("begin", 1, map[string]node{"x": g.Do(func() (node, error) { return kernels.NormalLike(x, 0) })})
	}
	return g.Stage("begin", 1, map[string]node{"x": g.Scale(g.Do(func() (node, error) { return kernels.UniformLike(x, 0) }), 0)})
}
