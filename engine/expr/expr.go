// Package expr writes a stage's gorgonia graph the way its formula reads, without an error check on every line: a Graph
// keeps the first error, whatever is asked of it afterwards is nil, and Stage reports the error with the stage's name.
//
//	g := expr.New(tensor.Float32)
//	v, w, c := g.Slot("v", 128, 784), g.Slot("W", 784, 500), g.Slot("c", 500)
//	h := g.Apply(gorgonia.Sigmoid, g.AddRow(g.Mul(v, w), c)) // sigmoid(vW + c)
//	stage, err := g.Stage("up", 1, map[string]expr.Node{"h": h})
package expr

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
)

// Node is a node of a gorgonia graph.
type Node = *gorgonia.Node

// Graph builds one stage. Its matrices have rows first; a row is a vector of as many numbers as a matrix has columns.
type Graph struct {
	*gorgonia.ExprGraph
	Dtype tensor.Dtype // of the numbers and of the slots that name no other
	slots map[string]Node
	err   error
}

// New is an empty graph whose numbers are of dt.
func New(dt tensor.Dtype) *Graph {
	return &Graph{ExprGraph: gorgonia.NewGraph(), Dtype: dt, slots: map[string]Node{}}
}

// Err is the first error.
func (g *Graph) Err() error { return g.err }

// Fail keeps an error, unless there was one before.
func (g *Graph) Fail(err error) {
	if g.err == nil {
		g.err = err
	}
}

// Stage is the finished graph: run repeat times a step, next becoming the slots of those names.
func (g *Graph) Stage(name string, repeat int, next map[string]Node) (engine.Stage, error) {
	if g.err != nil {
		return engine.Stage{}, fmt.Errorf("stage %s: %w", name, g.err)
	}
	return engine.Stage{Name: name, Graph: g.ExprGraph, Next: next, Repeat: repeat}, nil
}

// Slot is the input of a name, made at its first mention: a scalar without a shape.
func (g *Graph) Slot(name string, shape ...int) Node { return g.Typed(name, g.Dtype, shape...) }

// Typed is Slot with a dtype of its own.
func (g *Graph) Typed(name string, dt tensor.Dtype, shape ...int) Node {
	n := g.slots[name]
	if n == nil {
		n = engine.Input(g.ExprGraph, name, dt, shape...)
		g.slots[name] = n
	}
	return n
}

// Num is a constant.
func (g *Graph) Num(x float64) Node {
	if g.Dtype == tensor.Float64 {
		return gorgonia.NewConstant(x)
	}
	return gorgonia.NewConstant(float32(x))
}

// Do is what f makes; f is not called after an error, so that no operation sees a nil node.
func (g *Graph) Do(f func() (Node, error)) Node {
	if g.err != nil {
		return nil
	}
	n, err := f()
	g.err = err
	return n
}

// Apply is f(a).
func (g *Graph) Apply(f func(a Node) (Node, error), a Node) Node {
	return g.Do(func() (Node, error) { return f(a) })
}

// Apply2 is f(a, b).
func (g *Graph) Apply2(f func(a, b Node) (Node, error), a, b Node) Node {
	return g.Do(func() (Node, error) { return f(a, b) })
}

// Add is a + b, element by element.
func (g *Graph) Add(a, b Node) Node { return g.Apply2(gorgonia.Add, a, b) }

// Sub is a - b.
func (g *Graph) Sub(a, b Node) Node { return g.Apply2(gorgonia.Sub, a, b) }

// Had is the Hadamard product a∘b, element by element.
func (g *Graph) Had(a, b Node) Node { return g.Apply2(gorgonia.HadamardProd, a, b) }

// Div is a/b, element by element.
func (g *Graph) Div(a, b Node) Node { return g.Apply2(gorgonia.HadamardDiv, a, b) }

// Mul is the product of two matrices, or of a matrix and a vector.
func (g *Graph) Mul(a, b Node) Node { return g.Apply2(gorgonia.Mul, a, b) }

// Scale is s·a.
func (g *Graph) Scale(a Node, s float64) Node {
	if s == 1 {
		return a
	}
	return g.Had(a, g.Num(s))
}

// T is the transpose of a matrix.
func (g *Graph) T(a Node) Node {
	return g.Do(func() (Node, error) { return gorgonia.Transpose(a, 1, 0) })
}

// Sum is the sum along axes, or of everything.
func (g *Graph) Sum(a Node, axes ...int) Node {
	return g.Do(func() (Node, error) { return gorgonia.Sum(a, axes...) })
}

// Mean is the average along axes, or of everything.
func (g *Graph) Mean(a Node, axes ...int) Node {
	return g.Do(func() (Node, error) { return gorgonia.Mean(a, axes...) })
}

// AddRow adds a row to every row of a matrix.
func (g *Graph) AddRow(a, row Node) Node {
	return g.Do(func() (Node, error) { return gorgonia.BroadcastAdd(a, row, nil, []byte{0}) })
}

// HadRow multiplies every row of a matrix by a row, element by element.
func (g *Graph) HadRow(a, row Node) Node {
	return g.Do(func() (Node, error) { return gorgonia.BroadcastHadamardProd(a, row, nil, []byte{0}) })
}

// HadCol multiplies every row of a matrix by its number in col, of shape [rows, 1].
func (g *Graph) HadCol(a, col Node) Node {
	return g.Do(func() (Node, error) { return gorgonia.BroadcastHadamardProd(a, col, nil, []byte{1}) })
}

// Reshape is a with another shape of as many elements.
func (g *Graph) Reshape(a Node, shape ...int) Node {
	return g.Do(func() (Node, error) { return gorgonia.Reshape(a, tensor.Shape(shape)) })
}

// Columns is a matrix's columns from, from+1, …, to-1.
func (g *Graph) Columns(a Node, from, to int) Node {
	return g.Do(func() (Node, error) { return gorgonia.Slice(a, nil, gorgonia.S(from, to)) })
}

// Outer is the matrix of the products a_i b_j of two vectors.
func (g *Graph) Outer(a, b Node) Node {
	if g.err != nil {
		return nil
	}
	return g.Mul(g.Reshape(a, a.Shape()[0], 1), g.Reshape(b, 1, b.Shape()[0]))
}

// Grad is the gradient of a scalar with respect to each parameter, nil after an error.
func (g *Graph) Grad(value Node, parameters ...Node) []Node {
	if g.err != nil {
		return nil
	}
	grads, err := gorgonia.Grad(value, parameters...)
	if g.err = err; err != nil {
		return nil
	}
	return grads
}
