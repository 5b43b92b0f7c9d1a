package engine_test

import (
	"context"
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	_ "cavity/engine/cpu"
)

// A first graph: a slot that halves itself at every step.
func Example() {
	backend, err := engine.Open("cpu", engine.Options{Workers: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer backend.Close()

	g := gorgonia.NewGraph()
	x := gorgonia.NewVector(g, tensor.Float32, gorgonia.WithName("x"), gorgonia.WithShape(3))
	half, err := gorgonia.HadamardProd(x, gorgonia.NewConstant(float32(0.5)))
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := engine.Compile(engine.Plan{Stages: []engine.Stage{
		{Name: "halve", Graph: g, Next: map[string]*gorgonia.Node{"x": half}, Repeat: 1},
	}}, backend)
	if err != nil {
		fmt.Println(err)
		return
	}

	v := []float32{1024, 2048, 3}
	if err := p.Write("x", v); err != nil {
		fmt.Println(err)
		return
	}
	if err := p.Step(context.Background(), 10); err != nil {
		fmt.Println(err)
		return
	}
	if err := p.Read("x", v); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(v)
	// Output:
	// [1 2 0.0029296875]
}
