package kernels

import (
	"fmt"

	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/cuda"
	code "cavity/kernels/cuda"
)

// bitsOf is the width of a buffer's float type.
func bitsOf(b engine.Buffer) int { return 8 * int(b.Dtype.Size()) }

// CUDA is a thread a group.
func (k *categorical) CUDA(_ cuda.Device, out engine.Buffer, in []engine.Buffer) ([]cuda.Launch, error) {
	groups := out.Len() / k.states
	return []cuda.Launch{cuda.Threads(code.Sampling, fmt.Sprintf("categorical%d", bitsOf(out)), groups, out, in[0], uint32(k.states), uint32(groups), k.first, cuda.Stream(k.stream))}, nil
}

// CUDA is a thread a row.
func (k *oneHot) CUDA(_ cuda.Device, out engine.Buffer, _ []engine.Buffer) ([]cuda.Launch, error) {
	return []cuda.Launch{cuda.Threads(code.Sampling, fmt.Sprintf("one_hot%d", bitsOf(out)), out.Shape[0], out, uint32(out.Shape[0]), uint32(out.Shape[1]), k.first, cuda.Stream(k.stream))}, nil
}

// CUDA looks at every element, then notes the step.
func (k *watch) CUDA(d cuda.Device, out engine.Buffer, in []engine.Buffer) ([]cuda.Launch, error) {
	found, err := d.Alloc(tensor.Int32, 1)
	if err != nil {
		return nil, err
	}
	n := in[1].Len()
	var limit any = k.limit
	if bitsOf(in[1]) == 32 {
		limit = float32(k.limit)
	}
	return []cuda.Launch{
		cuda.Threads(code.Sampling, fmt.Sprintf("watch_look%d", bitsOf(in[1])), n, found, in[1], limit, uint32(n)),
		{Source: code.Sampling, Entry: "watch_note", Args: []any{out, found,
			cuda.Word(func(c *engine.Clock) uint32 { return uint32(c.Step) }), cuda.Word(func(c *engine.Clock) uint32 { return uint32(c.Step >> 32) })}},
	}, nil
}

// CUDA is a thread an element.
func (k *rectified) CUDA(_ cuda.Device, out engine.Buffer, in []engine.Buffer) ([]cuda.Launch, error) {
	l := cuda.Threads(code.Sampling, fmt.Sprintf("rectified%d", bitsOf(out)), out.Len(), out, in[0], uint32(k.what), uint32(out.Len()), k.first, cuda.Stream(k.stream))
	return []cuda.Launch{l.InBlocksOf(128)}, nil
}

// CUDA is a thread an element.
func (k *lookup) CUDA(_ cuda.Device, out engine.Buffer, in []engine.Buffer) ([]cuda.Launch, error) {
	return []cuda.Launch{cuda.Threads(code.Sampling, "lookup", out.Len(), out, in[0], in[1], uint32(in[0].Len()), uint32(out.Len()))}, nil
}

// CUDA is a thread an element.
func (k *widen) CUDA(_ cuda.Device, out engine.Buffer, in []engine.Buffer) ([]cuda.Launch, error) {
	return []cuda.Launch{cuda.Threads(code.Sampling, "widen", out.Len(), out, in[0], uint32(out.Len()))}, nil
}

// CUDA is a thread an element.
func (k *resample) CUDA(_ cuda.Device, out engine.Buffer, in []engine.Buffer) ([]cuda.Launch, error) {
	if !k.lanes {
		l := cuda.Threads(code.Sampling, "resample_rows", k.stride, out, in[0], in[1], uint32(k.replicas), uint32(k.stride))
		l.Grid[1] = out.Len() / k.stride
		return []cuda.Launch{l}, nil
	}
	return []cuda.Launch{cuda.Threads(code.Sampling, fmt.Sprintf("resample_lanes%d", bitsOf(out)), out.Len(), out, in[0], in[1], uint32(k.replicas), uint32(k.rows), uint32(k.stride), uint32(out.Len()))}, nil
}

// CUDA is a thread a word with strips, else a warp.
func (k *latticeResample) CUDA(_ cuda.Device, out engine.Buffer, in []engine.Buffer) ([]cuda.Launch, error) {
	l := cuda.Threads(code.Sampling, "resample_words", out.Len(), out, in[0], in[1], uint32(k.replicas), uint32(in[1].Len()), uint32(k.lattice.Words), uint32(out.Len()))
	if !k.lattice.Strips {
		l.Entry, l.Grid[0] = "resample_bits", cuda.Blocks(out.Len(), 8)
	}
	return []cuda.Launch{l}, nil
}
