package kernels

import (
	"fmt"

	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/cuda"
	"cavity/engine/rng"
	code "cavity/kernels/cuda"
)

// CUDA is a block a row.
func (k *minibatch) CUDA(d cuda.Device, out engine.Buffer, in []engine.Buffer) ([]cuda.Launch, error) {
	bits := 32
	if out.Dtype == tensor.Float64 {
		bits = 64
	}
	half := uint32(1)
	for 1<<(2*half) < k.rows {
		half++
	}
	batches := uint64(k.rows / k.batch)
	first := cuda.Word(func(c *engine.Clock) uint32 { return uint32(c.Pass % batches * uint64(k.batch)) })
	// the permutation belongs to the epoch
	order := func(word func(rng.Stream) uint32) cuda.Word {
		return func(c *engine.Clock) uint32 { return word(rng.At(c.Seed, c.Pass/batches, c.Stage, k.stream)) }
	}
	key := []any{
		order(func(s rng.Stream) uint32 { return s.K0 }), order(func(s rng.Stream) uint32 { return s.K1 }),
		order(func(s rng.Stream) uint32 { return s.C2 }), order(func(s rng.Stream) uint32 { return s.C3 }),
	}
	l := cuda.Launch{Source: code.Minibatch, Grid: [3]int{k.batch}, Block: [3]int{128}}
	if k.labels {
		l.Entry = fmt.Sprintf("minibatch_labels%d", bits)
		l.Args = append([]any{out, in[0], uint32(k.rows), uint32(k.width), half, first}, key...)
		return []cuda.Launch{l}, nil
	}
	table, err := d.Upload(k.table[:])
	if err != nil {
		return nil, err
	}
	limit, err := d.Upload(k.limit[:])
	if err != nil {
		return nil, err
	}
	l.Entry = fmt.Sprintf("minibatch%d", bits)
	l.Args = append([]any{out, in[0], table, limit, uint32(k.rows), uint32(k.width), half, uint32(k.pixels), first}, key...)
	l.Args = append(l.Args, cuda.Stream(k.stream|PixelStream))
	return []cuda.Launch{l}, nil
}
