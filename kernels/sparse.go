package kernels

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/kernels/internal/sparse"
)

// SparseBytes is the memory in bytes that a sweep of systems × replicas copies of n spins with the given number of edges needs.
func SparseBytes(systems, n, edges, replicas int) int64 {
	return int64(systems) * (4*int64(n)*int64(LaneStride(replicas)) + 4*int64(n) + 16*int64(edges))
}

// sparseSweep visits every spin of a graph once, colour by colour.
type sparseSweep struct {
	op
	model  sparse.Model
	rule   Rule
	stream uint16
}

// SparseSweep is one sweep, in the graph's order, of H = -Σ_{edges} J_ij s_i s_j - Σ_i b_i s_i in all systems and replicas.
//
//	state     float32 [systems, n, LaneStride(replicas)]  spins ±1
//	weights   float32 [systems, graph.Entries()]          J, as Graph.Spread writes it
//	external  float32 [systems, n]                        b
//	beta      float64 [temperatures]                      1/T, not negative
//	index     int32   [systems, replicas]                 which temperature a replica has
//
// The value is the new state. Fields are summed at every visit, b_i first, neighbours in order; with integer weights they are
// exact. The site at position k of the order takes element Site(k) + 64·⌈replicas/64⌉·q + r of the stream for replica r of
// system q. Sites of one colour are independent: the trajectory does not depend on the number of workers.
func SparseSweep(g *Graph, rule Rule, stream uint16, state, weights, external, beta, index *gorgonia.Node) (*gorgonia.Node, error) {
	const name = "sparse sweep"
	if err := first(
		operand(name, "index", index, tensor.Int32, anySize, anySize),
		operand(name, "beta", beta, tensor.Float64, anySize),
	); err != nil {
		return nil, err
	}
	m, err := g.model(name, index.Shape()[0], index.Shape()[1], state, weights, external)
	if err != nil {
		return nil, err
	}
	form := fmt.Sprintf("SparseSweep{graph %016x, rule %d, stream %d}", g.sum, rule, stream)
	k := &sparseSweep{newOp(form, tensor.Float32, state.Shape(), state, weights, external, beta, index), m, rule, stream}
	return gorgonia.ApplyOp(k, state, weights, external, beta, index)
}

// model checks the operands that all sparse kernels share.
func (g *Graph) model(kernel string, systems, replicas int, state, weights, external *gorgonia.Node) (sparse.Model, error) {
	m := sparse.Model{Systems: systems, Sites: g.sites, Replicas: replicas, Entries: g.entries, Colours: g.colours, Graphs: g.topologies}
	if n := len(g.topologies); n != 1 && n != systems {
		return m, fmt.Errorf("%s: a graph of %d systems for %d", kernel, n, systems)
	}
	return m, first(
		operand(kernel, "state", state, tensor.Float32, systems, g.sites, LaneStride(replicas)),
		operand(kernel, "weights", weights, tensor.Float32, systems, g.entries),
		operand(kernel, "external", external, tensor.Float32, systems, g.sites),
	)
}

// InPlace is the state.
func (k *sparseSweep) InPlace() int { return 0 }

func sparseArrays(state engine.Buffer, in []engine.Buffer, halfT []float32) sparse.Arrays {
	return sparse.Arrays{
		State: engine.Slice[float32](state), Weights: engine.Slice[float32](in[1]),
		External: engine.Slice[float32](in[2]), HalfT: halfT,
	}
}

// Host is the definition.
func (k *sparseSweep) Host(c engine.Clock, out engine.Buffer, in []engine.Buffer) error {
	a := sparseArrays(out, in, make([]float32, in[4].Len()))
	if err := halfTemperatures(a.HalfT, engine.Slice[float64](in[3]), engine.Slice[int32](in[4])); err != nil {
		return err
	}
	sparse.Sweep(k.model, k.rule, c.Stream(k.stream), &a)
	return nil
}

// Bind is the vectorised sweep of package sparse.
func (k *sparseSweep) Bind(w engine.Workers, out engine.Buffer, in []engine.Buffer) (func(*engine.Clock) error, error) {
	s := sparse.NewSweeper(k.model, k.rule, w)
	beta, index := engine.Slice[float64](in[3]), engine.Slice[int32](in[4])
	halfT := make([]float32, len(index))
	s.Set(sparseArrays(out, in, halfT))
	return func(c *engine.Clock) error {
		if err := halfTemperatures(halfT, beta, index); err != nil {
			return err
		}
		s.Sweep(c.Stream(k.stream))
		return nil
	}, nil
}

// sparseEnergy is the energy of every replica.
type sparseEnergy struct {
	op
	model sparse.Model
}

// SparseEnergy is H of every replica, float64 [systems, replicas]; operands as for SparseSweep. Each site's sum over its
// neighbours is in float32, the sums over sites in float64.
func SparseEnergy(g *Graph, replicas int, state, weights, external *gorgonia.Node) (*gorgonia.Node, error) {
	const name = "sparse energy"
	if err := operand(name, "state", state, tensor.Float32, anySize, anySize, anySize); err != nil {
		return nil, err
	}
	m, err := g.model(name, state.Shape()[0], replicas, state, weights, external)
	if err != nil {
		return nil, err
	}
	form := fmt.Sprintf("SparseEnergy{graph %016x, %d}", g.sum, replicas)
	o := newOp(form, tensor.Float64, tensor.Shape{m.Systems, replicas}, state, weights, external)
	return gorgonia.ApplyOp(&sparseEnergy{o, m}, state, weights, external)
}

// Host is the definition.
func (k *sparseEnergy) Host(_ engine.Clock, out engine.Buffer, in []engine.Buffer) error {
	a := sparseArrays(in[0], in, nil)
	for i := range engine.Slice[float64](out) {
		engine.Slice[float64](out)[i] = sparse.Energy(k.model, &a, i/k.model.Replicas, i%k.model.Replicas)
	}
	return nil
}

// Bind is the vectorised sum of package sparse.
func (k *sparseEnergy) Bind(w engine.Workers, out engine.Buffer, in []engine.Buffer) (func(*engine.Clock) error, error) {
	s := sparse.NewSweeper(k.model, Metropolis, w)
	s.Set(sparseArrays(in[0], in, nil))
	energies := engine.Slice[float64](out)
	return func(*engine.Clock) error { s.Energies(energies); return nil }, nil
}
