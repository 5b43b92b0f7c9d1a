package kernels

import (
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/cuda"
	code "cavity/kernels/cuda"
)

// Sites of a block and tiles of the device code in cuda/dense.cu; three tiles fit into a multiprocessor's shared memory.
const (
	denseBlock    = 128
	denseTile     = 4 * denseBlock * (denseBlock + 1)
	denseFlips    = 4 + denseBlock // words
	denseResident = 3
	denseWarps    = 8
	denseColumns  = 128
	denseQuad     = 4
)

// systemsBefore is the number of the first system, of a part of a larger run.
var systemsBefore = cuda.Word(func(c *engine.Clock) uint32 { return c.First })

// CUDA turns the spins of 128 sites at a time in all replicas, then adds their rows to the fields: two launches a block of sites.
func (k *denseSweep) CUDA(d cuda.Device, out engine.Buffer, in []engine.Buffer) ([]cuda.Launch, error) {
	b := k.batch
	n, ld, replicas := uint32(b.Sites), uint32(b.Stride()), uint32(b.Replicas)
	flips, err := d.Alloc(tensor.Uint32, denseFlips*b.Systems*b.Replicas)
	if err != nil {
		return nil, err
	}
	refresh := denseFieldsCUDA(k.batch.Systems, b.Sites, b.Stride(), b.Replicas, out, in)
	refresh.When = func(c *engine.Clock) bool { return c.Pass%RefreshEvery == 0 }
	launches := []cuda.Launch{refresh}
	// as many groups of replicas as run at the same time: every one fetches the tiles again
	tiles := cuda.Blocks(b.Stride(), denseBlock)
	groups := min(max(denseResident*d.Multiprocessors()/(tiles*b.Systems), 1), cuda.Blocks(b.Replicas, denseWarps))
	for site := 0; site < b.Sites; site += denseBlock {
		launches = append(launches, cuda.Launch{
			Source: code.Dense, Entry: "dense_decide", Shared: denseTile, Block: [3]int{32 * denseWarps}, Grid: [3]int{cuda.Blocks(b.Replicas, denseWarps), b.Systems},
			Args: []any{out, in[1], in[3], in[4], flips, n, ld, replicas, uint32(in[3].Len()), uint32(k.rule), uint32(site), systemsBefore, cuda.Stream(k.stream)},
		}, cuda.Launch{
			Source: code.Dense, Entry: "dense_spread", Shared: denseTile, Block: [3]int{32 * denseWarps}, Grid: [3]int{tiles, groups, b.Systems},
			Args: []any{out, in[1], flips, n, ld, replicas, uint32(site)},
		})
	}
	return launches, nil
}

func denseFieldsCUDA(systems, n, ld, replicas int, out engine.Buffer, in []engine.Buffer) cuda.Launch {
	return cuda.Launch{
		Source: code.Dense, Entry: "dense_fields", Block: [3]int{denseColumns},
		Grid: [3]int{cuda.Blocks(ld, denseColumns), cuda.Blocks(replicas, denseQuad), systems},
		Args: []any{out, in[1], in[2], uint32(n), uint32(ld), uint32(replicas)},
	}
}

// CUDA is a thread a column and four replicas.
func (k *denseFields) CUDA(_ cuda.Device, out engine.Buffer, in []engine.Buffer) ([]cuda.Launch, error) {
	b := k.batch
	return []cuda.Launch{denseFieldsCUDA(b.Systems, b.Sites, b.Stride(), b.Replicas, out, in)}, nil
}

// CUDA is eight threads a replica, one a lane of the sum.
func (k *denseEnergy) CUDA(_ cuda.Device, out engine.Buffer, in []engine.Buffer) ([]cuda.Launch, error) {
	n := out.Len()
	return []cuda.Launch{cuda.Threads(code.Dense, "dense_energy", 8*n, out, in[0], in[1], uint32(k.stride), uint32(k.replicas), uint32(n))}, nil
}

// CUDA is a warp a replica.
func (k *denseMagnetisation) CUDA(_ cuda.Device, out engine.Buffer, in []engine.Buffer) ([]cuda.Launch, error) {
	n := out.Len()
	return []cuda.Launch{cuda.Threads(code.Dense, "dense_magnetisation", 32*n, out, in[0], uint32(k.sites), uint32(k.stride), uint32(k.replicas), uint32(n))}, nil
}

// CUDA is a warp an overlap.
func (k *denseOverlaps) CUDA(_ cuda.Device, out engine.Buffer, in []engine.Buffer) ([]cuda.Launch, error) {
	n := out.Len()
	return []cuda.Launch{cuda.Threads(code.Dense, "dense_overlaps", 32*n, out, in[0], ladderWalkers(in[1]), uint32(k.sites), uint32(k.stride), uint32(k.copies), uint32(k.temperatures), uint32(n))}, nil
}

// ladderWalkers is a ladder's row of walkers.
func ladderWalkers(ladder engine.Buffer) engine.Buffer {
	n := ladder.Len() / LadderRows
	return ladder.View(LadderWalker*n, n)
}
