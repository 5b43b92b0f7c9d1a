package boltzmann

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/expr"
	"cavity/kernels"
)

type node = expr.Node

// size is the shape of a machine and of its chains, on which graphs and slots depend.
type size struct{ visible, hidden, chains int }

func (z size) n() int      { return z.visible + z.hidden }
func (z size) stride() int { return kernels.DenseStride(z.n()) }

// graph builds one stage. Streams of random numbers are unique in a stage.
type graph struct {
	*expr.Graph
	size
}

const (
	drawStream  = 1
	sweepStream = 2
	firstStream = 3
	unitStream  = 16 // of hidden spin 0, and the next ones for the others
)

func newGraph(z size) *graph { return &graph{expr.New(tensor.Float32), z} }

// parameters are the slots of the machine.
type parameters struct{ a, w, b, bv, bh node }

func (g *graph) parameters() parameters {
	nv, nh := g.visible, g.hidden
	return parameters{g.Slot("A", nv, nv), g.Slot("W", nv, nh), g.Slot("B", nh, nh), g.Slot("b", nv), g.Slot("c", nh)}
}

// The chains of a free machine are spins and local fields as the dense kernels hold them, [1, 2, chains, stride].
func (g *graph) state() node     { return g.Slot("state", 1, 2, g.chains, g.stride()) }
func (g *graph) couplings() node { return g.Slot("couplings", 1, g.n(), g.stride()) }
func (g *graph) external() node  { return g.Slot("external", 1, g.stride()) }

// couple lays the parameters out for the dense kernels, [n, stride] with zeros from column n on, and so the fields.
func (g *graph) couple() map[string]node {
	p, pad := g.parameters(), g.stride()-g.n()
	upper, lower, fields := []node{p.a, p.w}, []node{g.T(p.w), p.b}, []node{p.bv, p.bh}
	if pad > 0 {
		upper, lower = append(upper, g.Slot("zeros v", g.visible, pad)), append(lower, g.Slot("zeros h", g.hidden, pad))
		fields = append(fields, g.Slot("zeros", pad))
	}
	join := func(axis int, parts ...node) node {
		return g.Do(func() (node, error) { return gorgonia.Concat(axis, parts...) })
	}
	j := join(0, join(1, upper...), join(1, lower...))
	return map[string]node{"couplings": g.Reshape(j, 1, g.n(), g.stride()), "external": g.Reshape(join(0, fields...), 1, g.stride())}
}

// fields computes the local fields of all chains afresh.
func (g *graph) fields(state, couplings, external node) node {
	return g.Do(func() (node, error) { return kernels.DenseFields(state, couplings, external) })
}

// sweep is one heat bath of every spin of every chain.
func (g *graph) sweep(state, couplings, external node) node {
	one, index := g.Typed("one", tensor.Float64, 1), g.Typed("index", tensor.Int32, 1, g.chains)
	return g.Do(func() (node, error) {
		return kernels.DenseSweep(kernels.HeatBath, sweepStream, state, couplings, external, one, index)
	})
}

// spins are those of all chains, [chains, stride].
func (g *graph) spins(state node) node {
	rows := g.Reshape(state, 2*g.chains, g.stride())
	return g.Do(func() (node, error) { return gorgonia.Slice(rows, gorgonia.S(0, g.chains)) })
}

// write puts a machine and the constants into the slots that a Program has.
func (z size) write(p *engine.Program, m *Machine) error {
	slots := p.Slots()
	for name, x := range map[string]any{"A": m.A, "W": m.W, "B": m.B, "b": m.Bv, "c": m.Bh, "one": []float64{1}} {
		if _, used := slots[name]; !used {
			continue
		}
		if err := p.Write(name, x); err != nil {
			return err
		}
	}
	return nil
}
