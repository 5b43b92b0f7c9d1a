package kernels

import (
	"encoding/binary"
	"fmt"
	"math"

	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/cuda"
	code "cavity/kernels/cuda"
	"cavity/kernels/internal/multispin"
)

// latticeSites is the most that a thread of the counting kernels in cuda/lattice.cu may add up.
const latticeSites = 36

// latticeStruct is struct Lattice of the device code.
func latticeStruct(l Lattice) ([]byte, error) {
	if n := l.Sites() * l.Words; n > math.MaxInt32 {
		return nil, fmt.Errorf("lattice: %d words of spins, at most 2^31 on a CUDA device", n)
	}
	b := make([]byte, 28)
	for k := range 3 {
		n := 1
		if k < l.Dims() {
			n = l.Size[k]
		}
		binary.LittleEndian.PutUint32(b[4*k:], uint32(n))
	}
	binary.LittleEndian.PutUint32(b[12:], uint32(l.Words))
	binary.LittleEndian.PutUint32(b[16:], uint32(l.CouplingWords))
	binary.LittleEndian.PutUint32(b[20:], flag(l.Strips))
	binary.LittleEndian.PutUint32(b[24:], uint32(l.First))
	return b, nil
}

func flag(b bool) uint32 {
	if b {
		return 1
	}
	return 0
}

// CUDA is a warp a word and class, or with Shared a thread.
func (k *latticeThresholds) CUDA(_ cuda.Device, out engine.Buffer, in []engine.Buffer) ([]cuda.Launch, error) {
	l, classes := k.lattice, k.rule.Classes(k.lattice.Dims())
	if l.Shared {
		return []cuda.Launch{cuda.Threads(code.Lattice, "lattice_thresholds", out.Len(), out, in[0], in[1],
			uint32(in[1].Len()), uint32(in[0].Len()/classes), uint32(classes), uint32(l.Words))}, nil
	}
	return []cuda.Launch{cuda.Threads(code.Lattice, "lattice_planes", 32*l.Words*classes, out, in[0], in[1],
		uint32(in[1].Len()), uint32(in[0].Len()/classes), uint32(classes), uint32(l.Words), flag(l.Strips))}, nil
}

// CUDA is a thread a word of spins, one colour after the other.
func (k *latticeSweep) CUDA(_ cuda.Device, out engine.Buffer, in []engine.Buffer) ([]cuda.Launch, error) {
	l := k.lattice
	lattice, err := latticeStruct(l)
	if err != nil {
		return nil, err
	}
	name := fmt.Sprintf("lattice_metropolis%d", l.Dims())
	if k.rule == multispin.HeatBath {
		name = fmt.Sprintf("lattice_heatbath%d", l.Dims())
	}
	if l.Shared {
		name += "_shared"
	}
	var ls []cuda.Launch
	for colour := range uint32(2) {
		ls = append(ls, cuda.Threads(code.Lattice, name, l.Sites()/2*l.Words, out, latticeCouplings(l, in), in[len(in)-1], lattice, colour, cuda.Stream(k.stream)))
	}
	return ls, nil
}

// latticeCouplings are the couplings among the inputs, or the spins where there are none: the kernels do not read them then.
func latticeCouplings(l Lattice, in []engine.Buffer) engine.Buffer {
	if l.CouplingWords == 0 {
		return in[0]
	}
	return in[1]
}

// CUDA counts unsatisfied bonds in bit planes.
func (k *latticeEnergy) CUDA(d cuda.Device, out engine.Buffer, in []engine.Buffer) ([]cuda.Launch, error) {
	l := k.lattice
	lattice, err := latticeStruct(l)
	if err != nil {
		return nil, err
	}
	return latticeCount(d, l, l.Sites()/2, out, 2, -float64(l.Dims()*l.Spins()), 1, fmt.Sprintf("lattice_unsatisfied%d", l.Dims()), in[0], latticeCouplings(l, in), lattice)
}

// CUDA counts spins in bit planes.
func (k *latticeMagnetisation) CUDA(d cuda.Device, out engine.Buffer, in []engine.Buffer) ([]cuda.Launch, error) {
	l := k.lattice
	n := float64(l.Spins())
	return latticeCount(d, l, l.Sites(), out, -2, n, n, "lattice_down", in[0], uint32(l.Sites()), uint32(l.Words), flag(l.Strips))
}

// latticeCount counts with the named kernel over the given number of sites and writes (a·count + b)/c. The sums are integers, so a
// thread may take many sites, which saves the additions across a warp, or few, where there would be too few warps to hide the memory's
// latency: 8 a multiprocessor are wanted, of four sites a thread or more.
func latticeCount(d cuda.Device, l Lattice, sites int, out engine.Buffer, a, b, c float64, entry string, args ...any) ([]cuda.Launch, error) {
	if l.Words > 65535 {
		return nil, fmt.Errorf("lattice: %d words a site, at most 65535 on a CUDA device", l.Words)
	}
	counts, err := d.Alloc(tensor.Int32, l.Systems())
	if err != nil {
		return nil, err
	}
	each := min(max(sites*l.Words/(32*8*max(d.Multiprocessors(), 1)), 4), latticeSites)
	return []cuda.Launch{
		{Source: code.Lattice, Entry: entry, Block: [3]int{256}, Grid: [3]int{cuda.Blocks(sites, 256*each), l.Words}, Args: append(append([]any{counts}, args...), uint32(each))},
		cuda.Threads(code.Lattice, "lattice_affine", l.Systems(), out, counts, a, b, c, uint32(out.Len()), uint32(l.Systems())),
	}, nil
}

// CUDA is a warp an overlap, or a block for its slices.
func (k *latticeOverlaps) CUDA(_ cuda.Device, out engine.Buffer, in []engine.Buffer) ([]cuda.Launch, error) {
	lattice, err := latticeStruct(k.lattice)
	if err != nil {
		return nil, err
	}
	walkers, n := ladderWalkers(in[1]), out.Len()
	dims, copies, temperatures := uint32(k.lattice.Dims()), uint32(k.copies), uint32(k.temperatures)
	if k.kind == ofSlices {
		return []cuda.Launch{{Source: code.Lattice, Entry: "lattice_slices", Grid: [3]int{n / k.width}, Block: [3]int{256}, Shared: 4 * k.width,
			Args: []any{out, in[0], walkers, lattice, dims, copies, temperatures, uint32(k.width)}}}, nil
	}
	return []cuda.Launch{cuda.Threads(code.Lattice, "lattice_overlaps", 32*n, out, in[0], walkers, lattice, flag(k.kind == ofLinks), dims, copies, temperatures, k.norm(), uint32(n))}, nil
}

// CUDA is a block a pair, which finds a cluster, and then turns it.
func (k *latticeHoudayer) CUDA(d cuda.Device, out engine.Buffer, in []engine.Buffer) ([]cuda.Launch, error) {
	lattice, err := latticeStruct(k.lattice)
	if err != nil {
		return nil, err
	}
	all, spins := k.tasks(), k.lattice.Spins()
	found, err := d.Alloc(tensor.Int32, all)
	if err != nil {
		return nil, err
	}
	left, err := d.Alloc(tensor.Uint32, all*((spins+31)/32))
	if err != nil {
		return nil, err
	}
	queue, err := d.Alloc(tensor.Int32, all*spins)
	if err != nil {
		return nil, err
	}
	odd := cuda.Word(func(c *engine.Clock) uint32 {
		if k.copies > 2 {
			return uint32(c.Pass & 1)
		}
		return 0
	})
	walkers, copies, temperatures := ladderWalkers(in[1]), uint32(k.copies), uint32(k.temperatures)
	return []cuda.Launch{
		{Source: code.Lattice, Entry: "lattice_cluster", Grid: [3]int{all}, Block: [3]int{128},
			Args: []any{out, walkers, lattice, found, left, queue, uint32(k.lattice.Dims()), copies, temperatures, odd, cuda.Stream(k.stream)}},
		{Source: code.Lattice, Entry: "lattice_exchange", Grid: [3]int{all}, Block: [3]int{128}, Args: []any{out, walkers, lattice, found, queue, copies, temperatures, odd}},
	}, nil
}
