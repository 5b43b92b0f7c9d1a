package kernels

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/kernels/internal/multispin"
)

// latticeEnergy is the energy of every replica.
type latticeEnergy struct {
	op
	lattice Lattice
}

// LatticeEnergy is H = -Σ J_ij s_i s_j of every replica, float64 [systems, replicas] and exactly an integer. Spins and
// couplings are as in LatticeSweep; systems·replicas must not exceed the lattice's systems.
func LatticeEnergy(l Lattice, systems, replicas int, spins, couplings *gorgonia.Node) (*gorgonia.Node, error) {
	in, err := latticeInputs("lattice energy", l, spins, couplings)
	if err == nil {
		err = latticeHolds("lattice energy", l, systems, replicas)
	}
	if err != nil {
		return nil, err
	}
	o := newOp(fmt.Sprintf("LatticeEnergy{%v}", latticeForm(l)), tensor.Float64, tensor.Shape{systems, replicas}, in...)
	return gorgonia.ApplyOp(&latticeEnergy{o, l}, in...)
}

// latticeHolds checks that replicas of systems fit a lattice.
func latticeHolds(kernel string, l Lattice, systems, replicas int) error {
	if systems < 1 || replicas < 1 || systems > l.Systems() || replicas > l.Systems()/systems {
		return fmt.Errorf("%s: %d systems of %d replicas: %d words hold 1 to %d in all", kernel, systems, replicas, l.Words, l.Systems())
	}
	return nil
}

// Host is the definition.
func (k *latticeEnergy) Host(_ engine.Clock, out engine.Buffer, in []engine.Buffer) error {
	all := make([]int32, k.lattice.Systems())
	if err := k.lattice.PlainEnergies(all, engine.Slice[uint64](in[0]), latticeWords(k.lattice, in)); err != nil {
		return err
	}
	for i, dst := 0, engine.Slice[float64](out); i < len(dst); i++ {
		dst[i] = float64(all[i])
	}
	return nil
}

// Bind counts in bit planes.
func (k *latticeEnergy) Bind(w engine.Workers, out engine.Buffer, in []engine.Buffer) (func(*engine.Clock) error, error) {
	m, err := multispin.NewEnergyMeter(k.lattice, engine.Slice[uint64](in[0]), latticeWords(k.lattice, in), w)
	if err != nil {
		return nil, err
	}
	dst := engine.Slice[float64](out)
	return func(*engine.Clock) error { return m.Floats(dst) }, nil
}

// latticeMagnetisation is the mean spin of every replica.
type latticeMagnetisation struct {
	op
	lattice Lattice
}

// LatticeMagnetisation is m = (1/N) Σ s_i of every replica, float64 [systems, replicas].
func LatticeMagnetisation(l Lattice, systems, replicas int, spins *gorgonia.Node) (*gorgonia.Node, error) {
	l.CouplingWords = 0
	in, err := latticeInputs("lattice magnetisation", l, spins, nil)
	if err == nil {
		err = latticeHolds("lattice magnetisation", l, systems, replicas)
	}
	if err != nil {
		return nil, err
	}
	o := newOp(fmt.Sprintf("LatticeMagnetisation{%v}", latticeForm(l)), tensor.Float64, tensor.Shape{systems, replicas}, in...)
	return gorgonia.ApplyOp(&latticeMagnetisation{o, l}, in...)
}

// Host is the definition: one spin after another.
func (k *latticeMagnetisation) Host(_ engine.Clock, out engine.Buffer, in []engine.Buffer) error {
	spins := engine.Slice[uint64](in[0])
	for r, dst := 0, engine.Slice[float64](out); r < len(dst); r++ {
		sum := 0
		for i := range k.lattice.Spins() {
			sum += k.lattice.Spin(spins, r, i)
		}
		dst[r] = float64(sum) / float64(k.lattice.Spins())
	}
	return nil
}

// Bind counts the bits of each replica.
func (k *latticeMagnetisation) Bind(w engine.Workers, out engine.Buffer, in []engine.Buffer) (func(*engine.Clock) error, error) {
	columns, err := multispin.NewColumns(k.lattice, engine.Slice[uint64](in[0]), w)
	if err != nil {
		return nil, err
	}
	dst, n := engine.Slice[float64](out), float64(k.lattice.Spins())
	return func(*engine.Clock) error {
		columns.TakeSpins()
		for r := range dst {
			dst[r] = float64(columns.Magnetisation(r)) / n
		}
		return nil
	}, nil
}
