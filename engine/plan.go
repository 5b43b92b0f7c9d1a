package engine

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// A Plan is what a model hands to the engine: its stages in order, and the seed of all its random numbers.
type Plan struct {
	Stages []Stage
	Seed   uint64
	Split  *Split   // how several devices share the plan; nil: they cannot
	Moment []string // slots that measurements read, see [Moment]

	first map[*gorgonia.Node]uint64 // of a part: see lowering
}

// A Stage is one gorgonia graph, run Repeat times in each step of the Program.
//
// The graph's inputs are slots: named arrays that survive from step to step and are shared by name among the stages.
// Next says which node's value replaces which slot when the graph has run. A slot that only appears as an input is
// never changed by the stage; a slot that only appears in Next is an output (an energy, a loss).
//
// CD-k is three stages: positive, gibbs (k-1 times), update. Parallel tempering is two: sweep (n times), exchange.
type Stage struct {
	Name   string
	Graph  *gorgonia.ExprGraph
	Next   map[string]*gorgonia.Node
	Repeat int // 0 skips the stage; [Program.SetRepeat] may change it between steps
}

// Input is the node by which a graph reads the slot of a name: a scalar without a shape. Make it once a graph and name,
// because gorgonia merges inputs that are alike.
func Input(g *gorgonia.ExprGraph, name string, dt tensor.Dtype, shape ...int) *gorgonia.Node {
	if len(shape) == 0 {
		return gorgonia.NewScalar(g, dt, gorgonia.WithName(name))
	}
	return gorgonia.NewTensor(g, dt, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(name))
}
