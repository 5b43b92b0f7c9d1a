package kernels_test

import (
	"context"
	"math"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/kernels"
	"cavity/kernels/kerneltest"
)

// TestHoudayerKeepsEnergy moves clusters between copies with integer couplings and fields: the sum of the energies of each
// pair must not change, while spins and single energies do.
func TestHoudayerKeepsEnergy(t *testing.T) {
	const n, edges, copies, temperatures = 60, 80, 4, 6
	graph, err := kerneltest.RandomGraph(1, n, edges)
	if err != nil {
		t.Fatal(err)
	}
	spins, weights, field, err := kerneltest.SparseProblem(graph, 1, edges, copies*temperatures)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range [][]float32{weights, field} {
		for i := range x {
			x[i] = float32(math.Round(float64(4 * x[i])))
		}
	}
	ladder := shuffled(1, copies, temperatures)
	b, g := &inputs{t, map[string]any{}}, gorgonia.NewGraph()
	state := b.in(g, "state", tensor.Float32, spins, 1, n, kernels.LaneStride(copies*temperatures))
	j := b.in(g, "weights", tensor.Float32, weights, 1, graph.Entries())
	h := b.in(g, "external", tensor.Float32, field, 1, n)
	walkers := b.in(g, "ladder", tensor.Int32, ladder, kernels.LadderRows, 1, copies, temperatures)
	moved := b.ok(kernels.Houdayer(graph, 1, state, walkers))
	energy := func(x *gorgonia.Node) *gorgonia.Node {
		return b.ok(kernels.ByTemperature(walkers, b.ok(kernels.SparseEnergy(graph, copies*temperatures, x, j, h))))
	}
	stage := engine.Stage{Name: "move", Graph: g, Repeat: 1, Next: map[string]*gorgonia.Node{"state": moved, "before": energy(state), "after": energy(moved)}}
	p, err := engine.Compile(engine.Plan{Stages: []engine.Stage{stage}}, kerneltest.Bound{Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	for name, x := range b.data {
		if err := p.Write(name, x); err != nil {
			t.Fatal(err)
		}
	}
	changed := 0
	for pass := range 20 {
		if err := p.Step(context.Background(), 1); err != nil {
			t.Fatal(err)
		}
		var e [2][copies * temperatures]float64
		for i, name := range []string{"before", "after"} {
			if err := p.Read(name, e[i][:]); err != nil {
				t.Fatal(err)
			}
		}
		for a := pass % 2; a+1 < copies; a += 2 {
			for k := range temperatures {
				x, y := a*temperatures+k, (a+1)*temperatures+k
				if e[0][x]+e[0][y] != e[1][x]+e[1][y] {
					t.Fatalf("pass %d, copies %d and %d at temperature %d: energies %v and %v became %v and %v", pass, a, a+1, k, e[0][x], e[0][y], e[1][x], e[1][y])
				}
				if e[0][x] != e[1][x] {
					changed++
				}
			}
		}
	}
	if changed < 100 {
		t.Errorf("only %d of 180 moves changed an energy", changed)
	}
}
