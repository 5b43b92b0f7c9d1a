package dmft

import (
	"fmt"
	"math"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/kernels"
)

// graph builds one stage's expression graph and keeps the first error.
type graph struct {
	g   *gorgonia.ExprGraph
	err error
}

func newGraph() *graph { return &graph{g: gorgonia.NewGraph()} }

// in is an input slot.
func (g *graph) in(name string, dt tensor.Dtype, shape ...int) *gorgonia.Node {
	return engine.Input(g.g, name, dt, shape...)
}

func (g *graph) rows32(name string, shape ...int) *gorgonia.Node {
	return g.in(name, tensor.Float32, shape...)
}

func (g *graph) rows64(name string, shape ...int) *gorgonia.Node {
	return g.in(name, tensor.Float64, shape...)
}

// ok passes a node on unless something went wrong before or now.
func (g *graph) ok(n *gorgonia.Node, err error) *gorgonia.Node {
	if err != nil && g.err == nil {
		g.err = err
	}
	return n
}

// do applies f unless an earlier node failed, so that no operation sees a nil node.
func (g *graph) do(f func() (*gorgonia.Node, error)) *gorgonia.Node {
	if g.err != nil {
		return nil
	}
	return g.ok(f())
}

func (g *graph) stage(name string, repeat int, next map[string]*gorgonia.Node) (engine.Stage, error) {
	if g.err != nil {
		return engine.Stage{}, fmt.Errorf("dmft: stage %s: %w", name, g.err)
	}
	return engine.Stage{Name: name, Graph: g.g, Next: next, Repeat: repeat}, nil
}

func (g *graph) number(x float64) *gorgonia.Node { return gorgonia.NewConstant(float32(x)) }

func (g *graph) add(a, b *gorgonia.Node) *gorgonia.Node {
	return g.do(func() (*gorgonia.Node, error) { return gorgonia.Add(a, b) })
}

func (g *graph) mul(a, b *gorgonia.Node) *gorgonia.Node {
	return g.do(func() (*gorgonia.Node, error) { return gorgonia.HadamardProd(a, b) })
}

// scale is c a.
func (g *graph) scale(c float64, a *gorgonia.Node) *gorgonia.Node {
	if c == 1 {
		return a
	}
	return g.do(func() (*gorgonia.Node, error) { return gorgonia.Mul(a, g.number(c)) })
}

// activity is φ(x) and φ'(x).
func (g *graph) activity(gain Gain, x *gorgonia.Node) (phi, slope *gorgonia.Node) {
	one := func() *gorgonia.Node { return g.number(1) }
	switch gain.Name {
	case Tanh.Name:
		phi = g.do(func() (*gorgonia.Node, error) { return gorgonia.Tanh(x) })
		slope = g.do(func() (*gorgonia.Node, error) { return gorgonia.Sub(one(), g.mul(phi, phi)) })
	case Erf.Name:
		phi = g.do(func() (*gorgonia.Node, error) { return kernels.Erf(x) })
		slope = g.do(func() (*gorgonia.Node, error) { return gorgonia.Exp(g.scale(-1, g.mul(x, x))) })
		slope = g.scale(2/math.Sqrt(math.Pi), slope)
	case Linear.Name:
		phi = g.do(func() (*gorgonia.Node, error) { return gorgonia.Add(x, g.number(0)) })
		slope = g.do(func() (*gorgonia.Node, error) { return gorgonia.Add(g.scale(0, x), one()) })
	case ReLU.Name:
		phi = g.do(func() (*gorgonia.Node, error) { return gorgonia.Rectify(x) })
		slope = g.do(func() (*gorgonia.Node, error) { return gorgonia.Gt(x, g.number(0), true) })
	case Clip.Name:
		// (|x+1| - |x-1|)/2 is x between -1 and 1 and ±1 beyond.
		phi = g.scale(.5, g.do(func() (*gorgonia.Node, error) {
			return gorgonia.Sub(g.abs(g.add(x, one())), g.abs(g.add(x, g.number(-1))))
		}))
		slope = g.do(func() (*gorgonia.Node, error) { return gorgonia.Lt(g.abs(x), one(), true) })
	default:
		g.ok(nil, fmt.Errorf("no graph for phi %q", gain.Name))
	}
	return phi, slope
}

func (g *graph) abs(x *gorgonia.Node) *gorgonia.Node {
	return g.do(func() (*gorgonia.Node, error) { return gorgonia.Abs(x) })
}

// mean is the average of a vector as a scalar.
func (g *graph) mean(x *gorgonia.Node) *gorgonia.Node {
	return g.do(func() (*gorgonia.Node, error) { return gorgonia.Mean(x) })
}

// begin draws x(0).
func beginStage(law Initial, m int) (engine.Stage, error) {
	g := newGraph()
	x := g.rows32("x", m)
	switch law {
	case Uniform:
		return g.stage("begin", 1, map[string]*gorgonia.Node{"x": g.ok(kernels.UniformLike(x, 0))})
	case Normal:
		return g.stage("begin", 1, map[string]*gorgonia.Node{"x": g.ok(kernels.NormalLike(x, 0))})
	}
	return g.stage("begin", 1, map[string]*gorgonia.Node{"x": g.scale(0, g.ok(kernels.UniformLike(x, 0)))})
}
