package expr_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/cpu"
	"cavity/engine/expr"
)

// The logistic map x ← 4x(1 - x), in one expression.
func Example() {
	g := expr.New(tensor.Float64)
	x := g.Slot("x", 2)
	stage, err := g.Stage("map", 1, map[string]expr.Node{"x": g.Scale(g.Had(x, g.Sub(g.Num(1), x)), 4)})
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := engine.Compile(engine.Plan{Stages: []engine.Stage{stage}}, cpu.New(engine.Options{}))
	if err != nil {
		fmt.Println(err)
		return
	}
	values := []float64{.25, .5}
	if err := p.Write("x", values); err != nil {
		fmt.Println(err)
	}
	if err := p.Step(context.Background(), 1); err != nil {
		fmt.Println(err)
	}
	if err := p.Read("x", values); err != nil {
		fmt.Println(err)
	}
	fmt.Println(values)
	// Output: [0.75 1]
}

func TestFirstErrorIsKept(t *testing.T) {
	g := expr.New(tensor.Float32)
	a, b := g.Slot("a", 2, 3), g.Slot("b", 2, 3)
	bad := g.Mul(a, b) // 2×3 times 2×3
	first := g.Err()
	if bad != nil || first == nil {
		t.Fatal("a product of matrices that do not fit is no error")
	}
	after := g.Outer(g.Sum(bad, 1), g.AddRow(bad, g.T(bad)))
	if after != nil || g.Err() != first {
		t.Errorf("after an error: node %v, error %v", after, g.Err())
	}
	g.Fail(fmt.Errorf("another"))
	if g.Grad(g.Sum(a), a) != nil || g.Err() != first {
		t.Errorf("a later error replaced the first: %v", g.Err())
	}
	if _, err := g.Stage("product", 1, nil); err == nil || !strings.Contains(err.Error(), "stage product") {
		t.Errorf("error %v does not name the stage", err)
	}
}

func TestSlotIsMadeOnce(t *testing.T) {
	g := expr.New(tensor.Float64)
	if first, again := g.Slot("x", 3), g.Slot("x", 3); first != again {
		t.Error("two inputs of one name")
	}
	if n := g.Slot("one"); !n.Shape().IsScalar() || n.Dtype() != tensor.Float64 {
		t.Errorf("a slot without a shape is %v of %v", n.Shape(), n.Dtype())
	}
	if n := g.Typed("bytes", tensor.Uint8, 4); n.Dtype() != tensor.Uint8 {
		t.Errorf("typed slot of %v", n.Dtype())
	}
	if x := g.Slot("x", 3); g.Scale(x, 1) != x {
		t.Error("a factor of one costs a node")
	}
}
