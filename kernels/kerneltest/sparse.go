package kerneltest

import (
	"gorgonia.org/gorgonia"

	"cavity/engine/rng"
	"cavity/kernels"
)

func init() {
	Cases = append(Cases,
		sparseCase("sparse, small", 1, 6, 7, 1, 3),
		sparseCase("sparse, graphs of their own", 3, 40, 90, 2, 9),
		sparseCase("sparse, several groups", 1, 150, 600, 3, 24),
		clusterCase("clusters, small", 1, 6, 7, 2, 3),
		clusterCase("clusters, graphs of their own", 2, 70, 120, 4, 11),
	)
}

// RandomGraph joins random pairs of n sites by the given number of edges, another set in each system.
func RandomGraph(systems, n, edges int) (*kernels.Graph, error) {
	s, e := rng.At(31, 0, rng.SetupStage, 1), uint64(0)
	lists := make([][]kernels.Edge, systems)
	for q := range lists {
		seen := map[kernels.Edge]bool{}
		for len(lists[q]) < edges {
			i, j := s.Below(e, uint32(n)), s.Below(e+1, uint32(n))
			e += 2
			edge := kernels.Edge{I: int32(min(i, j)), J: int32(max(i, j))}
			if i != j && !seen[edge] {
				seen[edge] = true
				lists[q] = append(lists[q], edge)
			}
		}
	}
	return kernels.NewGraph(n, lists...)
}

// SparseProblem makes Gaussian couplings on a graph, small random external fields and random spins.
func SparseProblem(g *kernels.Graph, systems, edges, replicas int) (state, weights, external []float32, err error) {
	n, lanes := g.Sites(), kernels.LaneStride(replicas)
	state = make([]float32, systems*n*lanes)
	weights = make([]float32, systems*g.Entries())
	external = make([]float32, systems*n)
	s := rng.At(37, 0, rng.SetupStage, 1)
	s.FillNormal32(external, 0)
	for i := range external {
		external[i] *= .2
	}
	j := make([]float32, edges)
	for q := range systems {
		s.FillNormal32(j, uint64(q+1)<<32)
		if err := g.Spread(q, j, weights[q*g.Entries():(q+1)*g.Entries()]); err != nil {
			return nil, nil, nil, err
		}
		for i := range n {
			for r := range replicas {
				state[(q*n+i)*lanes+r] = float32(1 - 2*int32(s.Uint32(1<<50+uint64((q*n+i)*lanes+r))&1))
			}
		}
	}
	return state, weights, external, nil
}

func sparseCase(name string, systems, n, edges, copies, temperatures int) Case {
	return Case{Name: name, Steps: 4, Build: func(b *Builder) map[string]*gorgonia.Node {
		replicas := copies * temperatures
		g, err := RandomGraph(systems, n, edges)
		if err != nil {
			return b.fail(err)
		}
		x, j, field, err := SparseProblem(g, systems, edges, replicas)
		if err != nil {
			return b.fail(err)
		}
		state := b.In("state", x, systems, n, kernels.LaneStride(replicas))
		weights := b.In("weights", j, systems, g.Entries())
		external := b.In("external", field, systems, n)
		beta := b.In("beta", NewDenseProblem(1, 1, 1, temperatures, .5, 3).Beta, temperatures)
		ladder := b.In("ladder", kernels.NewLadder(systems, copies, temperatures), kernels.LadderRows, systems, copies, temperatures)
		index := b.Ok(gorgonia.Reshape(b.Ok(gorgonia.Slice(ladder, gorgonia.S(kernels.LadderAt))), []int{systems, replicas}))
		swept := b.Ok(kernels.SparseSweep(g, kernels.Metropolis, 1, state, weights, external, beta, index))
		bathed := b.Ok(kernels.SparseSweep(g, kernels.HeatBath, 2, swept, weights, external, beta, index))
		energy := b.Ok(kernels.SparseEnergy(g, replicas, bathed, weights, external))
		moved := b.Ok(kernels.Exchange(3, ladder, energy, beta))
		next := map[string]*gorgonia.Node{
			"state": bathed, "energy": energy, "ladder": moved,
			"m": b.Ok(kernels.LaneMagnetisation(n, replicas, bathed)),
		}
		if copies > 1 {
			next["q"] = b.Ok(kernels.LaneOverlaps(n, bathed, moved))
			next["links"] = b.Ok(kernels.LinkOverlaps(g, bathed, moved))
		}
		return next
	}}
}

func clusterCase(name string, systems, n, edges, copies, temperatures int) Case {
	return Case{Name: name, Steps: 3, Build: func(b *Builder) map[string]*gorgonia.Node {
		replicas := copies * temperatures
		g, err := RandomGraph(systems, n, edges)
		if err != nil {
			return b.fail(err)
		}
		x, j, field, err := SparseProblem(g, systems, edges, replicas)
		if err != nil {
			return b.fail(err)
		}
		state := b.In("state", x, systems, n, kernels.LaneStride(replicas))
		weights := b.In("weights", j, systems, g.Entries())
		external := b.In("external", field, systems, n)
		beta := b.In("beta", NewDenseProblem(1, 1, 1, temperatures, .5, 3).Beta, temperatures)
		ladder := b.In("ladder", kernels.NewLadder(systems, copies, temperatures), kernels.LadderRows, systems, copies, temperatures)
		index := b.Ok(gorgonia.Reshape(b.Ok(gorgonia.Slice(ladder, gorgonia.S(kernels.LadderAt))), []int{systems, replicas}))
		turned := b.Ok(kernels.SwendsenWang(g, 1, state, weights, external, beta, index))
		one := b.Ok(kernels.Wolff(g, 2, turned, weights, external, beta, index))
		moved := b.Ok(kernels.LaneResample(b.Ok(kernels.Houdayer(g, 3, one, ladder)), index))
		return map[string]*gorgonia.Node{"state": moved, "before": b.Ok(kernels.SparseEnergy(g, replicas, one, weights, external))}
	}}
}
