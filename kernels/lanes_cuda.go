package kernels

import (
	"encoding/binary"
	"fmt"
	"math"

	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/cuda"
	code "cavity/kernels/cuda"
	"cavity/kernels/internal/lowrank"
	"cavity/kernels/internal/signs"
)

// Replicas of a block of the Hopfield kernels, and the most shared memory of a block, in cuda/lanes.cu.
const (
	hopfieldGroup = 16
	sharedMemory  = 160 << 10
)

// words is a struct of uint32 as an argument.
func words(x ...int) []byte {
	b := make([]byte, 4*len(x))
	for i, v := range x {
		binary.LittleEndian.PutUint32(b[4*i:], uint32(v))
	}
	return b
}

// hopfieldStruct is struct Hopfield of the device code.
func hopfieldStruct(m lowrank.Model) []byte {
	return words(m.Sites, m.Patterns, PatternStride(m.Patterns), m.Replicas, LaneStride(m.Replicas))
}

// CUDA is four threads a replica, with the overlaps in shared memory.
func (k *hopfieldSampler) CUDA(_ cuda.Device, out engine.Buffer, in []engine.Buffer) ([]cuda.Launch, error) {
	m := k.model
	stride := PatternStride(m.Patterns)
	entry, rows, scale, rule := "hopfield_sweep", stride, 1/float32(m.Sites), uint32(k.rule)
	switch k.move {
	case hopfieldAtOnce:
		entry, rows, rule = "hopfield_block", 2*stride, 2
	case hopfieldBlocks:
		entry, rows, scale = "hopfield_block", 2*stride, float32(1/math.Sqrt(float64(m.Sites)))
	}
	shared := 4 * hopfieldGroup * rows
	if shared > sharedMemory {
		return nil, fmt.Errorf("hopfield: %d patterns need %d bytes of shared memory, at most %d: use couplings", m.Patterns, shared, sharedMemory)
	}
	count := cuda.Threads(code.Lanes, "hopfield_overlaps", m.Systems*stride*m.Replicas, out, in[1], hopfieldStruct(m), uint32(m.Systems))
	count.When = func(c *engine.Clock) bool { return c.Pass%RefreshEvery == 0 }
	return []cuda.Launch{count, {
		Source: code.Lanes, Entry: entry, Shared: shared, Block: [3]int{4 * hopfieldGroup}, Grid: [3]int{cuda.Blocks(m.Replicas, hopfieldGroup), m.Systems},
		Args: []any{out, in[1], in[2], in[3], in[4], hopfieldStruct(m), uint32(in[3].Len()), rule, scale, systemsBefore, cuda.Stream(k.stream)},
	}}, nil
}

// CUDA is a thread a replica.
func (k *hopfieldEnergy) CUDA(_ cuda.Device, out engine.Buffer, in []engine.Buffer) ([]cuda.Launch, error) {
	return []cuda.Launch{cuda.Threads(code.Lanes, "hopfield_energy", out.Len(), out, in[0], in[1], hopfieldStruct(k.model), uint32(k.model.Systems))}, nil
}

// CUDA is a thread a replica.
func (k *laneMagnetisation) CUDA(_ cuda.Device, out engine.Buffer, in []engine.Buffer) ([]cuda.Launch, error) {
	s, n := in[0].Shape, out.Len()
	return []cuda.Launch{cuda.Threads(code.Lanes, "lane_magnetisation", n, out, in[0], uint32(k.sites), uint32(s[1]), uint32(s[2]), uint32(k.replicas), uint32(n))}, nil
}

// CUDA is a thread an overlap.
func (k *laneOverlaps) CUDA(_ cuda.Device, out engine.Buffer, in []engine.Buffer) ([]cuda.Launch, error) {
	s, n := in[0].Shape, out.Len()
	return []cuda.Launch{cuda.Threads(code.Lanes, "lane_overlaps", n, out, in[0], ladderWalkers(in[1]), uint32(k.sites), uint32(s[1]), uint32(s[2]), uint32(k.copies), uint32(k.temperatures), uint32(n))}, nil
}

// CUDA is a block a pair of copies at a temperature, with the sums in shared memory.
func (k *laneSlices) CUDA(_ cuda.Device, out engine.Buffer, in []engine.Buffer) ([]cuda.Launch, error) {
	s, width, sites := in[0].Shape, k.dims*k.side, 1
	for range k.dims {
		sites *= k.side
	}
	if 4*width > sharedMemory {
		return nil, fmt.Errorf("slice overlaps: %d slices need %d bytes of shared memory, at most %d", width, 4*width, sharedMemory)
	}
	return []cuda.Launch{{Source: code.Lanes, Entry: "lane_slices", Grid: [3]int{out.Len() / width}, Block: [3]int{256}, Shared: 4 * width,
		Args: []any{out, in[0], ladderWalkers(in[1]), uint32(k.side), uint32(k.dims), uint32(sites), uint32(s[1]), uint32(s[2]), uint32(k.copies), uint32(k.temperatures)}}}, nil
}

// bitsStruct is struct Bits of the device code.
func bitsStruct(m signs.Model, temperatures int) []byte {
	return words(m.Sites, BitWords(m.Sites), m.Replicas, LaneStride(m.Replicas), temperatures)
}

// CUDA is a warp a replica, which counts the field of every site from a row of the couplings.
func (k *bitSweep) CUDA(d cuda.Device, out engine.Buffer, in []engine.Buffer) ([]cuda.Launch, error) {
	m := k.model
	scratch, err := d.Alloc(tensor.Uint64, m.Systems*m.Replicas*BitWords(m.Sites))
	if err != nil {
		return nil, err
	}
	run := func(count uint32) cuda.Launch {
		return cuda.Launch{Source: code.Lanes, Entry: "bits_sweep", Block: [3]int{128}, Grid: [3]int{cuda.Blocks(m.Replicas, 4), m.Systems},
			Args: []any{out, in[1], in[2], in[3], in[4], scratch, bitsStruct(m, in[3].Len()), uint32(k.rule), m.Strength, count, systemsBefore, cuda.Stream(k.stream)}}
	}
	pairs := run(1)
	pairs.When = func(c *engine.Clock) bool { return c.Pass%RefreshEvery == 0 }
	return []cuda.Launch{pairs, run(0)}, nil
}

// CUDA is the count of the sweep, at temperatures that it does not use.
func (k *bitPairs) CUDA(d cuda.Device, out engine.Buffer, in []engine.Buffer) ([]cuda.Launch, error) {
	m := k.model
	beta, err := d.Upload([]float64{1})
	if err != nil {
		return nil, err
	}
	index, err := d.Alloc(tensor.Int32, m.Systems*m.Replicas)
	if err != nil {
		return nil, err
	}
	ls, err := (&bitSweep{model: m}).CUDA(d, out, []engine.Buffer{in[0], in[1], in[2], beta, index})
	if err != nil {
		return nil, err
	}
	ls[0].When = nil
	return ls[:1], nil
}

// CUDA is a thread an overlap.
func (k *hopfieldOverlaps) CUDA(_ cuda.Device, out engine.Buffer, in []engine.Buffer) ([]cuda.Launch, error) {
	m := k.model
	return []cuda.Launch{cuda.Threads(code.Lanes, "hopfield_overlaps", m.Systems*PatternStride(m.Patterns)*m.Replicas, out, in[1], hopfieldStruct(m), uint32(m.Systems))}, nil
}

// CUDA is a thread a replica.
func (k *bitEnergy) CUDA(_ cuda.Device, out engine.Buffer, in []engine.Buffer) ([]cuda.Launch, error) {
	n := out.Len()
	return []cuda.Launch{cuda.Threads(code.Lanes, "bits_energy", n, out, in[0], in[1], bitsStruct(k.model, 0), float64(k.model.Strength), uint32(n))}, nil
}

// CUDA is a thread a replica.
func (k *bitMagnetisation) CUDA(_ cuda.Device, out engine.Buffer, in []engine.Buffer) ([]cuda.Launch, error) {
	n := out.Len()
	m := signs.Model{Sites: k.sites, Replicas: k.replicas}
	return []cuda.Launch{cuda.Threads(code.Lanes, "bits_magnetisation", n, out, in[0], bitsStruct(m, 0), uint32(n))}, nil
}

// CUDA is a thread an overlap.
func (k *bitOverlaps) CUDA(_ cuda.Device, out engine.Buffer, in []engine.Buffer) ([]cuda.Launch, error) {
	n := out.Len()
	m := signs.Model{Sites: k.sites, Replicas: k.copies * k.temperatures}
	return []cuda.Launch{cuda.Threads(code.Lanes, "bits_overlaps", n, out, in[0], ladderWalkers(in[1]), bitsStruct(m, k.temperatures), uint32(k.copies), uint32(n))}, nil
}
