package kernels_test

import (
	"context"
	"math"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/rng"
	"cavity/kernels"
	"cavity/kernels/kerneltest"
)

// evaluate runs one graph once on the fast versions and reads its outputs, all float64.
func evaluate(t *testing.T, build func(b *inputs, g *gorgonia.ExprGraph) map[string]*gorgonia.Node) map[string][]float64 {
	t.Helper()
	b, g := &inputs{t, map[string]any{}}, gorgonia.NewGraph()
	next := build(b, g)
	p, err := engine.Compile(engine.Plan{Seed: 1, Stages: []engine.Stage{{Name: "observe", Graph: g, Next: next, Repeat: 1}}}, kerneltest.Bound{Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	for name, x := range b.data {
		if err := p.Write(name, x); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Step(context.Background(), 1); err != nil {
		t.Fatal(err)
	}
	out := map[string][]float64{}
	for name, n := range next {
		out[name] = make([]float64, n.Shape().TotalSize())
		if err := p.Read(name, out[name]); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// shuffled is a ladder whose walkers are anywhere.
func shuffled(systems, copies, temperatures int) []int32 {
	l := kernels.NewLadder(systems, copies, temperatures)
	n := systems * copies * temperatures
	for first := 0; first < n; first += temperatures {
		walkers := l[kernels.LadderWalker*n+first:][:temperatures]
		rng.At(uint64(first), 0, rng.SetupStage, 9).Permutation(walkers)
		for k, w := range walkers {
			l[kernels.LadderAt*n+first+int(w)] = int32(k)
		}
	}
	return l
}

const (
	obsSystems, obsCopies, obsTemperatures = 2, 3, 5
	obsReplicas                            = obsCopies * obsTemperatures
)

// spinsOf is what every form of state in these tests holds.
func spinsOf(system, replica, site int) float64 {
	return float64(1 - 2*int(rng.At(77, 0, 0, 0).Uint32(uint64((system*obsReplicas+replica)*1000+site))&1))
}

// overlapsOf are the overlaps of f(system, replica, item) over items, for a ladder, in the order of the kernels.
func overlapsOf(ladder []int32, items int, f func(system, replica, item int) float64) []float64 {
	var q []float64
	n := obsSystems * obsReplicas
	for s := range obsSystems {
		walker := func(c, k int) int {
			return c*obsTemperatures + int(ladder[kernels.LadderWalker*n+(s*obsCopies+c)*obsTemperatures+k])
		}
		for b := 1; b < obsCopies; b++ {
			for a := range b {
				for k := range obsTemperatures {
					sum := 0.0
					for i := range items {
						sum += f(s, walker(a, k), i) * f(s, walker(b, k), i)
					}
					q = append(q, sum/float64(items))
				}
			}
		}
	}
	return q
}

func closeTo(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i := range want {
		if !(math.Abs(got[i]-want[i]) < 1e-5) {
			t.Fatalf("%s %d is %v, want %v", what, i, got[i], want[i])
		}
	}
}

// magnetisationsOf are the mean spins.
func magnetisationsOf(n int) (m []float64) {
	for s := range obsSystems {
		for r := range obsReplicas {
			sum := 0.0
			for i := range n {
				sum += spinsOf(s, r, i)
			}
			m = append(m, sum/float64(n))
		}
	}
	return m
}

// energiesOf are the energies of H given as a function of the spins.
func energiesOf(n int, h func(system int, s []float64) float64) (e []float64) {
	s := make([]float64, n)
	for q := range obsSystems {
		for r := range obsReplicas {
			for i := range s {
				s[i] = spinsOf(q, r, i)
			}
			e = append(e, h(q, s))
		}
	}
	return e
}

func TestDenseObservables(t *testing.T) {
	const n = 21
	p := kerneltest.NewDenseProblem(obsSystems, n, obsCopies, obsTemperatures, 1, 2)
	ld := kernels.DenseStride(n)
	for s := range obsSystems {
		for r := range obsReplicas {
			for i := range n {
				p.State[(2*s*obsReplicas+r)*ld+i] = float32(spinsOf(s, r, i))
			}
		}
	}
	ladder := shuffled(obsSystems, obsCopies, obsTemperatures)
	got := evaluate(t, func(b *inputs, g *gorgonia.ExprGraph) map[string]*gorgonia.Node {
		state := b.in(g, "state", tensor.Float32, p.State, obsSystems, 2, obsReplicas, ld)
		couplings := b.in(g, "couplings", tensor.Float32, p.Couplings, obsSystems, n, ld)
		external := b.in(g, "external", tensor.Float32, p.External, obsSystems, ld)
		walkers := b.in(g, "ladder", tensor.Int32, ladder, kernels.LadderRows, obsSystems, obsCopies, obsTemperatures)
		fresh := b.ok(kernels.DenseFields(state, couplings, external))
		energy := b.ok(kernels.DenseEnergy(fresh, external))
		return map[string]*gorgonia.Node{
			"energy": energy, "m": b.ok(kernels.DenseMagnetisation(n, fresh)), "q": b.ok(kernels.DenseOverlaps(n, fresh, walkers)),
			"sorted": b.ok(kernels.ByTemperature(walkers, energy)),
		}
	})
	want := energiesOf(n, func(q int, s []float64) float64 {
		return pairEnergy(p.Couplings[q*n*ld:], p.External[q*ld:], ld)(s)
	})
	closeTo(t, "energy", got["energy"], want)
	closeTo(t, "magnetisation", got["m"], magnetisationsOf(n))
	closeTo(t, "overlap", got["q"], overlapsOf(ladder, n, spinsOf))
	var sorted []float64
	for i, w := range ladder[kernels.LadderWalker*obsSystems*obsReplicas:][:obsSystems*obsReplicas] {
		sorted = append(sorted, want[i/obsTemperatures*obsTemperatures+int(w)])
	}
	closeTo(t, "energy by temperature", got["sorted"], sorted)
}

func TestBitObservables(t *testing.T) {
	const n = 70
	w, lanes := kernels.BitWords(n), kernels.LaneStride(obsReplicas)
	state := make([]uint64, obsSystems*(w+1)*lanes)
	for s := range obsSystems {
		for r := range obsReplicas {
			for i := range n {
				if spinsOf(s, r, i) > 0 {
					state[(s*(w+1)+i/64)*lanes+r] |= 1 << (i % 64)
				}
			}
		}
	}
	ladder := shuffled(obsSystems, obsCopies, obsTemperatures)
	got := evaluate(t, func(b *inputs, g *gorgonia.ExprGraph) map[string]*gorgonia.Node {
		x := b.in(g, "state", tensor.Uint64, state, obsSystems, w+1, lanes)
		walkers := b.in(g, "ladder", tensor.Int32, ladder, kernels.LadderRows, obsSystems, obsCopies, obsTemperatures)
		return map[string]*gorgonia.Node{
			"m": b.ok(kernels.BitMagnetisation(n, obsReplicas, x)), "q": b.ok(kernels.BitOverlaps(n, x, walkers)),
		}
	})
	closeTo(t, "magnetisation", got["m"], magnetisationsOf(n))
	closeTo(t, "overlap", got["q"], overlapsOf(ladder, n, spinsOf))
}

func TestSparseObservables(t *testing.T) {
	const n, edges = 30, 75
	graph, err := kerneltest.RandomGraph(obsSystems, n, edges)
	if err != nil {
		t.Fatal(err)
	}
	state, weights, external, err := kerneltest.SparseProblem(graph, obsSystems, edges, obsReplicas)
	if err != nil {
		t.Fatal(err)
	}
	lanes := kernels.LaneStride(obsReplicas)
	for s := range obsSystems {
		for r := range obsReplicas {
			for i := range n {
				state[(s*n+i)*lanes+r] = float32(spinsOf(s, r, i))
			}
		}
	}
	ladder := shuffled(obsSystems, obsCopies, obsTemperatures)
	got := evaluate(t, func(b *inputs, g *gorgonia.ExprGraph) map[string]*gorgonia.Node {
		x := b.in(g, "state", tensor.Float32, state, obsSystems, n, lanes)
		j := b.in(g, "weights", tensor.Float32, weights, obsSystems, graph.Entries())
		h := b.in(g, "external", tensor.Float32, external, obsSystems, n)
		walkers := b.in(g, "ladder", tensor.Int32, ladder, kernels.LadderRows, obsSystems, obsCopies, obsTemperatures)
		return map[string]*gorgonia.Node{
			"energy": b.ok(kernels.SparseEnergy(graph, obsReplicas, x, j, h)), "m": b.ok(kernels.LaneMagnetisation(n, obsReplicas, x)),
			"q": b.ok(kernels.LaneOverlaps(n, x, walkers)), "links": b.ok(kernels.LinkOverlaps(graph, x, walkers)),
		}
	})
	closeTo(t, "energy", got["energy"], energiesOf(n, func(q int, s []float64) float64 {
		e := 0.0
		offsets, neighbours := graph.Adjacency(q)
		for i := range n {
			e -= float64(external[q*n+i]) * s[i]
			for k := offsets[i]; k < offsets[i+1]; k++ {
				e -= float64(weights[q*graph.Entries()+int(k)]) * s[i] * s[neighbours[k]] / 2
			}
		}
		return e
	}))
	closeTo(t, "magnetisation", got["m"], magnetisationsOf(n))
	closeTo(t, "overlap", got["q"], overlapsOf(ladder, n, spinsOf))
	closeTo(t, "link overlap", got["links"], overlapsOf(ladder, 2*edges, func(q, r, k int) float64 {
		offsets, neighbours := graph.Adjacency(q)
		i := 0
		for int(offsets[i+1]) <= k {
			i++
		}
		return spinsOf(q, r, i) * spinsOf(q, r, int(neighbours[k]))
	}))
}
