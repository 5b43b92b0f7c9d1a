package cpu

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/rng"
)

// TestDivision: loops and thin products that are large enough to be divided give the same bytes for any number of workers, rows of a tile among them.
func TestDivision(t *testing.T) {
	for _, shape := range [][2]int{{100, 1000}, {1000, 30}, {30, 1001}, {7, 20000}, {513, 129}} {
		t.Run(fmt.Sprint(shape), func(t *testing.T) {
			var want []byte
			for _, workers := range []int{1, 2, 3, 5} {
				got := divided(t, shape[0], shape[1], workers)
				if want == nil {
					want = got
				}
				if !bytes.Equal(got, want) {
					t.Errorf("%d workers give other bytes than one", workers)
				}
			}
		})
	}
}

// divided is the state of a program after three steps of y = tanh(x + r) x, x' = (y w) wᵀ - x y.
func divided(t *testing.T, rows, cols, workers int) []byte {
	const modes = 30
	b := New(engine.Options{Workers: workers})
	defer b.Close()
	g := gorgonia.NewGraph()
	x, row, w := engine.Input(g, "x", tensor.Float32, rows, cols), engine.Input(g, "r", tensor.Float32, 1, cols), engine.Input(g, "w", tensor.Float32, cols, modes)
	must := gorgonia.Must
	y := must(gorgonia.HadamardProd(must(gorgonia.Tanh(must(gorgonia.BroadcastAdd(x, row, nil, []byte{0})))), x))
	back := must(gorgonia.Mul(must(gorgonia.Mul(y, w)), must(gorgonia.Transpose(w, 1, 0))))
	next := must(gorgonia.Sub(back, must(gorgonia.HadamardProd(x, y))))
	p, err := engine.Compile(engine.Plan{Stages: []engine.Stage{{Name: "step", Graph: g, Next: map[string]*gorgonia.Node{"x": next}, Repeat: 1}}}, b)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range []struct {
		name string
		n    int
	}{{"x", rows * cols}, {"r", cols}, {"w", cols * modes}} {
		v := make([]float32, s.n)
		rng.At(1, uint64(i), rng.SetupStage, 0).FillNormal32(v, 0)
		for k := range v {
			v[k] *= .03
		}
		if err := p.Write(s.name, v); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Step(context.Background(), 3); err != nil {
		t.Fatal(err)
	}
	var state bytes.Buffer
	if err := p.Save(&state); err != nil {
		t.Fatal(err)
	}
	return state.Bytes()
}
