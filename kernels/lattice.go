package kernels

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/kernels/internal/multispin"
)

// Lattice is the geometry of a batch of ±1 systems with ±1 couplings on a square or cubic lattice, 64 of them a word, and
// how words hold them: spins are uint64 [sites, Words], couplings uint64 [dims, sites, CouplingWords]. A set bit is -1.
//
// Bit r of word w is system 64·w+r of the lattice kernel; of q systems with replicas each, it is replica (64w+r) mod replicas
// of system (64w+r)/replicas, and bits left over are idle. See the fields for a single large system in 64 strips a word.
type Lattice = multispin.Lattice

// LatticePlanes is the number of bit planes of the thresholds of lattice kernels: 32 bits, most significant first, and one
// plane for thresholds of probability 1.
const LatticePlanes = multispin.Planes

func latticeRule(r Rule) multispin.Rule {
	if r == HeatBath {
		return multispin.HeatBath
	}
	return multispin.Metropolis
}

// LatticeTable gives the acceptance thresholds round(p·2³²) of each inverse temperature in turn, a tensor
// uint64 [temperatures, classes]. The classes are n = 1 … dims for Metropolis, where a flip that costs 4n has p = exp(-4βn), and
// n = 0 … dims for HeatBath, p = 1/(1+exp(4βn)). It is made once, on the host, so that all backends accept alike.
func LatticeTable(rule Rule, dims int, betas []float64) ([]uint64, error) {
	return latticeRule(rule).Table(dims, betas)
}

// LatticeClasses is the number of thresholds of one temperature.
func LatticeClasses(rule Rule, dims int) int { return latticeRule(rule).Classes(dims) }

// latticeForm names a lattice in an operation's printed form.
func latticeForm(l Lattice) string {
	form := fmt.Sprintf("%v, words %d, couplings %d, strips %v, shared %v", l.Size, l.Words, l.CouplingWords, l.Strips, l.Shared)
	if l.First > 0 {
		form += fmt.Sprintf(", after %d", l.First)
	}
	return form
}

// latticeThresholds spreads thresholds over bit planes.
type latticeThresholds struct {
	op
	lattice Lattice
	rule    multispin.Rule
}

// LatticeThresholds gives every system of a lattice the thresholds of its temperature, as bit planes
// uint64 [LatticePlanes, classes, Words] for LatticeSweep.
//
//	table  uint64 [temperatures, classes]  from LatticeTable
//	index  int32  [systems, replicas]      which temperature a replica has, as in DenseSweep
//
// Tempering exchanges entries of index and thereby columns of the planes; spins stay where they are. For a lattice with Shared,
// index has one entry for each word and the value is the thresholds themselves, uint64 [classes, Words].
func LatticeThresholds(l Lattice, rule Rule, table, index *gorgonia.Node) (*gorgonia.Node, error) {
	if err := l.Check(); err != nil {
		return nil, err
	}
	k := &latticeThresholds{lattice: l, rule: latticeRule(rule)}
	classes := k.rule.Classes(l.Dims())
	if err := first(
		operand("lattice thresholds", "table", table, tensor.Uint64, anySize, classes),
		operand("lattice thresholds", "index", index, tensor.Int32, anySize, anySize),
	); err != nil {
		return nil, err
	}
	n, most := index.Shape().TotalSize(), l.Systems()
	if l.Shared {
		most = l.Words
	}
	if n > most {
		return nil, fmt.Errorf("lattice thresholds: index of %d entries: %d words take at most %d", n, l.Words, most)
	}
	form := fmt.Sprintf("LatticeThresholds{%v, %v}", k.rule, latticeForm(l))
	k.op = newOp(form, tensor.Uint64, latticeThresholdShape(l, k.rule), table, index)
	return gorgonia.ApplyOp(k, table, index)
}

func latticeThresholdShape(l Lattice, r multispin.Rule) tensor.Shape {
	if l.Shared {
		return tensor.Shape{r.Classes(l.Dims()), l.Words}
	}
	return tensor.Shape{LatticePlanes, r.Classes(l.Dims()), l.Words}
}

// Host sets one word after another.
func (k *latticeThresholds) Host(_ engine.Clock, out engine.Buffer, in []engine.Buffer) error {
	t, err := k.setter(out, in)
	if err != nil {
		return err
	}
	return t.Set(alone{})
}

func (k *latticeThresholds) setter(out engine.Buffer, in []engine.Buffer) (*multispin.ThresholdSetter, error) {
	return multispin.NewThresholdSetter(k.lattice, k.rule, engine.Slice[uint64](out), engine.Slice[uint64](in[0]), engine.Slice[int32](in[1]))
}

// Bind splits the words.
func (k *latticeThresholds) Bind(w engine.Workers, out engine.Buffer, in []engine.Buffer) (func(*engine.Clock) error, error) {
	t, err := k.setter(out, in)
	if err != nil {
		return nil, err
	}
	return func(*engine.Clock) error { return t.Set(w) }, nil
}

// latticeSweep attempts one flip of every spin.
type latticeSweep struct {
	op
	lattice Lattice
	rule    multispin.Rule
	stream  uint16
}

// LatticeSweep is one sweep of H = -Σ J_ij s_i s_j in all systems of a lattice: the sites with even x+y+z, then the others.
//
//	spins       uint64 [sites, Words]
//	couplings   uint64 [dims, sites, CouplingWords]         nil when CouplingWords is 0: a ferromagnet
//	thresholds  uint64 [LatticePlanes, classes, Words]      from LatticeThresholds; with Shared [classes, Words]
//
// The value is the new spins. The spin of bit r in word w at site i flips when its own 32-bit number is below the threshold
// of its class; bit 31-p of that number is bit r of plane p at (i, w), planes 2q and 2q+1 being x0·2³²+x1 and x2·2³²+x3 of the
// stream's block with counter c0 = w + q·2²⁴, c1 = i. With Shared, all bits take word (i/2) mod 4 of the block with
// c0 = w + (i mod 2)·2²⁴, c1 = i/8. All backends give the same bits.
func LatticeSweep(l Lattice, rule Rule, stream uint16, spins, couplings, thresholds *gorgonia.Node) (*gorgonia.Node, error) {
	in, err := latticeInputs("lattice sweep", l, spins, couplings)
	if err != nil {
		return nil, err
	}
	k := &latticeSweep{lattice: l, rule: latticeRule(rule), stream: stream}
	if err := operand("lattice sweep", "thresholds", thresholds, tensor.Uint64, latticeThresholdShape(l, k.rule)...); err != nil {
		return nil, err
	}
	in = append(in, thresholds)
	form := fmt.Sprintf("LatticeSweep{%v, %v, stream %d}", k.rule, latticeForm(l), stream)
	k.op = newOp(form, tensor.Uint64, spins.Shape(), in...)
	return gorgonia.ApplyOp(k, in...)
}

// latticeInputs checks the spins and the couplings and lists them.
func latticeInputs(kernel string, l Lattice, spins, couplings *gorgonia.Node) ([]*gorgonia.Node, error) {
	if err := l.Check(); err != nil {
		return nil, err
	}
	if err := operand(kernel, "spins", spins, tensor.Uint64, l.Sites(), l.Words); err != nil {
		return nil, err
	}
	if (couplings == nil) != (l.CouplingWords == 0) {
		return nil, fmt.Errorf("%s: couplings are needed exactly when CouplingWords, now %d, is not 0", kernel, l.CouplingWords)
	}
	if couplings == nil {
		return []*gorgonia.Node{spins}, nil
	}
	return []*gorgonia.Node{spins, couplings}, operand(kernel, "couplings", couplings, tensor.Uint64, l.Dims(), l.Sites(), l.CouplingWords)
}

// latticeWords are the couplings among the inputs of a kernel, if any.
func latticeWords(l Lattice, in []engine.Buffer) []uint64 {
	if l.CouplingWords == 0 {
		return nil
	}
	return engine.Slice[uint64](in[1])
}

// InPlace is the spins.
func (k *latticeSweep) InPlace() int { return 0 }

// Host is the definition.
func (k *latticeSweep) Host(c engine.Clock, out engine.Buffer, in []engine.Buffer) error {
	thresholds := engine.Slice[uint64](in[len(in)-1])
	return k.lattice.PlainSweep(c.Stream(k.stream), k.rule, engine.Slice[uint64](out), latticeWords(k.lattice, in), thresholds)
}

// Bind is the sweep of package multispin.
func (k *latticeSweep) Bind(w engine.Workers, out engine.Buffer, in []engine.Buffer) (func(*engine.Clock) error, error) {
	thresholds := engine.Slice[uint64](in[len(in)-1])
	if k.lattice.First > 0 {
		return nil, fmt.Errorf("lattice sweep: a part of a larger run is for CUDA devices")
	}
	s, err := multispin.NewSweeper(k.lattice, k.rule, engine.Slice[uint64](out), latticeWords(k.lattice, in), thresholds, w)
	if err != nil {
		return nil, err
	}
	return func(c *engine.Clock) error { s.Sweep(c.Stream(k.stream)); return nil }, nil
}
