package kernels

import (
	"encoding/binary"
	"math"

	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/cuda"
	code "cavity/kernels/cuda"
)

// stepModulo is the step's number modulo n, for the kernels of processes.
func stepModulo(n int) cuda.Word {
	return func(c *engine.Clock) uint32 { return uint32(c.Step % uint64(n)) }
}

// CUDA is a thread an element.
func (k *erf) CUDA(_ cuda.Device, out engine.Buffer, in []engine.Buffer) ([]cuda.Launch, error) {
	entry := "erf32"
	if out.Dtype == tensor.Float64 {
		entry = "erf64"
	}
	return []cuda.Launch{cuda.Threads(code.Process, entry, out.Len(), out, in[0], uint32(out.Len()))}, nil
}

// CUDA is a thread a trajectory.
func (k *record) CUDA(_ cuda.Device, out engine.Buffer, in []engine.Buffer) ([]cuda.Launch, error) {
	return []cuda.Launch{cuda.Threads(code.Process, "copy_row", k.m, out, in[1], uint32(k.m), stepModulo(k.n), uint32(0))}, nil
}

// CUDA is a thread a trajectory.
func (k *recall) CUDA(_ cuda.Device, out engine.Buffer, in []engine.Buffer) ([]cuda.Launch, error) {
	return []cuda.Launch{cuda.Threads(code.Process, "copy_row", k.m, out, in[0], uint32(k.m), uint32(0), stepModulo(k.n))}, nil
}

// CUDA is a tile of 16 × 16 a block, with sums in float64.
func (k *correlate) CUDA(_ cuda.Device, out engine.Buffer, in []engine.Buffer) ([]cuda.Launch, error) {
	return []cuda.Launch{{Source: code.Process, Entry: "correlate", Grid: [3]int{cuda.Blocks(k.l, 16), cuda.Blocks(k.n, 16), k.blocks}, Block: [3]int{256},
		Args: []any{out, in[0], in[1], uint32(k.n), uint32(k.l), uint32(k.m), uint32(k.blocks * k.m)}}}, nil
}

// CUDA sums the products with the pivots, a block each, then extends the factor with one warp.
func (k *causalRow) CUDA(d cuda.Device, out engine.Buffer, in []engine.Buffer) ([]cuda.Launch, error) {
	products, err := d.Alloc(tensor.Float64, k.n+1)
	if err != nil {
		return nil, err
	}
	n, m, i := uint32(k.n), uint32(k.m), stepModulo(k.n)
	return []cuda.Launch{
		{Source: code.Process, Entry: "causal_products", Grid: [3]int{k.n + 1}, Block: [3]int{256}, Args: []any{products, out, in[1], n, m, i}},
		{Source: code.Process, Entry: "causal_extend", Block: [3]int{32}, Args: []any{out, products, n, m, k.gain, k.tolerance, i}},
	}, nil
}

// CUDA is a thread a trajectory.
func (k *causalField) CUDA(_ cuda.Device, out engine.Buffer, in []engine.Buffer) ([]cuda.Launch, error) {
	return []cuda.Launch{cuda.Threads(code.Process, "causal_field", k.m, out, in[1], in[2], uint32(k.n), uint32(k.m))}, nil
}

// CUDA factors with one block, column by column.
func (k *fieldFactor) CUDA(d cuda.Device, out engine.Buffer, in []engine.Buffer) ([]cuda.Launch, error) {
	lt, err := d.Alloc(tensor.Float64, k.n*k.n)
	if err != nil {
		return nil, err
	}
	left, err := d.Alloc(tensor.Float64, k.n)
	if err != nil {
		return nil, err
	}
	return []cuda.Launch{{Source: code.Process, Entry: "field_factor", Block: [3]int{512}, Args: []any{out, in[0], lt, left, uint32(k.n), k.gain, k.variance, k.jitter}}}, nil
}

// pastTables are the plan of a Past on the device, in the layout of cuda/process.cu.
type pastTables struct {
	steps, times, slots, from, drops, columns, gone engine.Buffer
}

func newPastTables(d cuda.Device, p *Past) (t pastTables, err error) {
	var steps, times, slots, from, columns, gone []int32
	for i := range p.steps {
		s := &p.steps[i]
		firstDrop := 0
		if len(s.drops) > 0 {
			firstDrop = s.drops[0]
		}
		steps = append(steps, int32(len(times)), int32(len(s.kept)), int32(s.slot), int32(firstDrop), int32(len(s.drops)))
		gone = append(gone, int32(s.gone))
		for a := range s.kept {
			times, slots, from = append(times, int32(s.kept[a])), append(slots, int32(s.slots[a])), append(from, int32(s.from[a]))
		}
	}
	var drops []byte
	for i := range p.drops {
		q := &p.drops[i]
		drops = appendInts(drops, q.time, q.slot, len(q.near), len(q.columns), len(columns))
		drops = appendEight(drops, q.near)
		drops = appendEight(drops, q.nearSlots)
		drops = appendInts(drops, 0) // up to the alignment of the weights
		for a := range 8 {
			w := 0.
			if a < len(q.weights) {
				w = q.weights[a]
			}
			drops = binary.LittleEndian.AppendUint64(drops, math.Float64bits(w))
		}
		for _, c := range q.columns {
			columns = append(columns, int32(c))
		}
	}
	for _, x := range []struct {
		to   *engine.Buffer
		data []int32
	}{{&t.steps, steps}, {&t.times, times}, {&t.slots, slots}, {&t.from, from}, {&t.columns, columns}, {&t.gone, gone}} {
		if *x.to, err = d.Upload(append(x.data, 0)); err != nil { // never empty
			return t, err
		}
	}
	t.drops, err = d.Upload(append(drops, 0))
	return t, err
}

func appendInts(b []byte, x ...int) []byte {
	for _, v := range x {
		b = binary.LittleEndian.AppendUint32(b, uint32(int32(v)))
	}
	return b
}

func appendEight(b []byte, x []int) []byte {
	b = appendInts(b, x...)
	return append(b, make([]byte, 4*(8-len(x)))...)
}

// CUDA averages at the kept times, a block each, then fills in the others.
func (k *responseRow) CUDA(d cuda.Device, out engine.Buffer, in []engine.Buffer) ([]cuda.Launch, error) {
	t, err := newPastTables(d, k.past)
	if err != nil {
		return nil, err
	}
	n := k.past.N
	places := make([]int32, n*n)
	for j := range places {
		places[j] = -1
	}
	for i := range k.past.steps {
		for a, s := range k.past.steps[i].kept {
			places[i*n+s] = int32(k.past.steps[i].slots[a])
		}
	}
	slots, err := d.Upload(places)
	if err != nil {
		return nil, err
	}
	return []cuda.Launch{
		{Source: code.Process, Entry: "response_row", Grid: [3]int{n}, Block: [3]int{256}, Args: []any{out, in[1], in[2], slots, uint32(n), uint32(k.past.Slots), uint32(k.m), stepModulo(n)}},
		{Source: code.Process, Entry: "response_fill", Args: []any{out, t.drops, t.gone, uint32(n), stepModulo(n)}},
	}, nil
}

// CUDA is a thread a trajectory.
func (k *responseStep) CUDA(d cuda.Device, out engine.Buffer, in []engine.Buffer) ([]cuda.Launch, error) {
	t, err := newPastTables(d, k.past)
	if err != nil {
		return nil, err
	}
	return []cuda.Launch{cuda.Threads(code.Process, "response_step", k.m, out, in[1], in[2], in[3], t.steps, t.times, t.slots, t.from, t.drops, t.columns,
		uint32(k.past.N), uint32(k.past.Slots), uint32(k.m), k.leak, k.gain, stepModulo(k.past.N)).InBlocksOf(128)}, nil
}

// CUDA is a thread a pair of couplings.
func (k *elliptic) CUDA(_ cuda.Device, out engine.Buffer, _ []engine.Buffer) ([]cuda.Launch, error) {
	symmetric, antisymmetric := k.parts()
	l := cuda.Threads(code.Process, "elliptic", k.n*k.n, out, uint32(k.n), symmetric, antisymmetric, k.first, cuda.Stream(k.stream))
	l.Grid[1] = k.batch
	return []cuda.Launch{l}, nil
}
