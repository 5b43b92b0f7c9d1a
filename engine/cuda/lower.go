//go:build gpu

package cuda

import (
	"encoding/binary"
	"fmt"

	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/cuda/ptx"
)

// lower turns a step into launches.
func lower(d Device, s engine.Step) ([]Launch, error) {
	switch s := s.(type) {
	case *engine.Product:
		return one(product(d, s))
	case *engine.Loop:
		return one(loop(s))
	case *engine.Fused:
		return one(layer(d, s))
	case *engine.Reduce:
		return reduce(d, s)
	case *engine.Softmax:
		return one(rows("softmax", s.Rows, s.Cols, s.Log, s.Out, s.In))
	case *engine.SoftmaxGrad:
		return one(rows("softmax_gradient", s.Rows, s.Cols, s.Log, s.Out, s.Y, s.G))
	case *engine.Random:
		return one(random(s))
	case *engine.Move:
		return move(s)
	case *engine.Call:
		k, ok := s.Kernel.(Kernel)
		if !ok {
			return nil, fmt.Errorf("the kernel %v has no CUDA version", s.Kernel)
		}
		return k.CUDA(d, s.Out, s.In)
	}
	return nil, fmt.Errorf("no code for %T", s)
}

func one(l Launch, err error) ([]Launch, error) { return []Launch{l}, err }

// width is 32 or 64 for the float types.
func width(b engine.Buffer) (int, error) {
	switch b.Dtype {
	case tensor.Float32:
		return 32, nil
	case tensor.Float64:
		return 64, nil
	}
	return 0, fmt.Errorf("%v where float32 or float64 is needed", b.Dtype)
}

// product chooses the tile that fills the device: large tiles reuse more, small ones make more blocks. All give the same bits.
func product(d Device, p *engine.Product) (Launch, error) {
	bits, err := width(p.C)
	if err != nil {
		return Launch{}, err
	}
	rowA, colA, rowB, colB := int64(p.LDA), int64(1), int64(p.LDB), int64(1)
	if p.TransA {
		rowA, colA = colA, rowA
	}
	if p.TransB {
		rowB, colB = colB, rowB
	}
	tile, threads := 64, 256
	if bits == 32 && Blocks(p.M, 128)*Blocks(p.N, 128)*p.Batch >= 2*d.Multiprocessors() {
		tile = 128
	}
	l := Launch{Source: ptx.Gemm, Entry: fmt.Sprintf("gemm%d_%d", bits, tile), Block: [3]int{threads}, Grid: [3]int{Blocks(p.N, tile), Blocks(p.M, tile), p.Batch}}
	var alpha any = p.Alpha
	if bits == 32 {
		alpha = float32(p.Alpha)
	}
	l.Args = []any{p.C, p.A, p.B, uint32(p.M), uint32(p.N), uint32(p.K), rowA, colA, rowB, colB, int64(p.StrideA), int64(p.StrideB), alpha, uint32(p.Beta)}
	return l, nil
}

// reduceChunk is the length of the axis that one block, or one thread of a column, adds up alone.
const reduceChunk = 4096

// reduce cuts long axes into chunks and adds the chunks up in a second launch.
func reduce(d Device, r *engine.Reduce) ([]Launch, error) {
	bits, err := width(r.In)
	if err != nil {
		return nil, err
	}
	if r.Axis == 0 || r.Outer*r.Inner == 0 || r.Outer*r.Axis*r.Inner > maxElements {
		return nil, fmt.Errorf("a reduction of [%d, %d, %d]", r.Outer, r.Axis, r.Inner)
	}
	name := fmt.Sprintf("sum%d", bits)
	if r.Max {
		name = fmt.Sprintf("max%d", bits)
	}
	chunk := reduceChunk
	if r.Inner > 1 && r.Outer*r.Inner < 1<<14 { // too few columns to fill a device: shorter pieces of them
		chunk = 128
	}
	chunk = max(chunk, Blocks(r.Axis, 4096))
	pieces := Blocks(r.Axis, chunk)
	if pieces == 1 {
		return []Launch{reduction(name, r.Out, r.In, r.Outer, r.Axis, r.Inner, r.Axis)}, nil
	}
	part, err := d.Alloc(r.In.Dtype, pieces*r.Outer*r.Inner)
	if err != nil {
		return nil, err
	}
	return []Launch{
		reduction(name, part, r.In, r.Outer, r.Axis, r.Inner, chunk),
		reduction(name, r.Out, part, 1, pieces, r.Outer*r.Inner, pieces),
	}, nil
}

func reduction(name string, out, in engine.Buffer, outer, axis, inner, chunk int) Launch {
	pieces := Blocks(axis, chunk)
	if inner == 1 {
		return Launch{Source: ptx.Reduce, Entry: name + "_row", Grid: [3]int{outer, pieces}, Block: [3]int{128}, Args: []any{out, in, uint32(outer), uint32(axis), uint32(chunk)}}
	}
	l := Threads(ptx.Reduce, name+"_columns", outer*inner, out, in, uint32(outer), uint32(axis), uint32(inner), uint32(chunk))
	l.Grid[1] = pieces
	return l
}

// rows is a warp a row, four warps a block.
func rows(name string, n, cols int, log bool, out engine.Buffer, in ...engine.Buffer) (Launch, error) {
	bits, err := width(out)
	if err != nil {
		return Launch{}, err
	}
	l := Launch{Source: ptx.Softmax, Entry: fmt.Sprintf("%s%d", name, bits), Grid: [3]int{Blocks(n, 4)}, Block: [3]int{128}, Args: []any{out}}
	for _, b := range in {
		l.Args = append(l.Args, b)
	}
	flag := uint32(0)
	if log {
		flag = 1
	}
	l.Args = append(l.Args, uint32(n), uint32(cols), flag)
	return l, nil
}

// random is a thread a counter: 16 counters make 64 numbers of 32 bits, 8 make 16 of 64; a part of a tensor may begin inside of such a group.
func random(r *engine.Random) (Launch, error) {
	n := r.Out.Len()
	if n > 4*maxElements {
		return Launch{}, fmt.Errorf("%d random numbers, at most %d", n, 4*maxElements)
	}
	name := map[engine.Law]string{engine.Uniform: "uniform", engine.Normal: "normal", engine.Bits: "bits"}[r.Law]
	bits, counters := 32, Blocks(n+int(r.First%64), 64)*16
	switch {
	case r.Law == engine.Bits && r.Out.Dtype == tensor.Uint32, name != "bits" && r.Out.Dtype == tensor.Float32:
	case name != "bits" && r.Out.Dtype == tensor.Float64:
		bits, counters = 64, Blocks(n+int(r.First%16), 16)*8
	default:
		return Launch{}, fmt.Errorf("random numbers of dtype %v", r.Out.Dtype)
	}
	return Threads(ptx.Random, fmt.Sprintf("random_%s%d", name, bits), counters, r.Out, uint64(n), r.First, Stream(r.Stream)), nil
}

// move packs the axes of a strided copy for the kernel; at most six remain after merging.
func move(m *engine.Move) ([]Launch, error) {
	var ls []Launch
	if m.Zero {
		bytes := m.Out.Bytes()
		ls = append(ls, Threads(ptx.Move, "zero", max(bytes/4, bytes%4), m.Out, uint32(bytes/4), uint32(bytes%4)))
	}
	n := engine.Volume(m.Shape)
	if n == 0 {
		return ls, nil
	}
	if n > maxElements {
		return nil, fmt.Errorf("a copy of %d elements, at most %d", n, maxElements)
	}
	shape, out, in := merged(m)
	if len(shape) > 6 {
		return nil, fmt.Errorf("a copy along %d axes, at most 6", len(shape))
	}
	size := int(m.In.Dtype.Size())
	if size != 1 && size != 2 && size != 4 && size != 8 {
		return nil, fmt.Errorf("a copy of elements of %d bytes", size)
	}
	layout := make([]byte, 120) // struct Layout of move.cu
	for i := range 6 {
		si, so, n := 0, 0, 1
		if k := i - (6 - len(shape)); k >= 0 {
			si, so, n = in[k], out[k], shape[k]
		}
		binary.LittleEndian.PutUint64(layout[8*i:], uint64(si))
		binary.LittleEndian.PutUint64(layout[48+8*i:], uint64(so))
		binary.LittleEndian.PutUint32(layout[96+4*i:], uint32(n))
	}
	to, from := m.Out, m.In
	to.Off += m.OffOut * size
	from.Off += m.OffIn * size
	return append(ls, Threads(ptx.Move, fmt.Sprintf("move%d", 8*size), n, to, from, layout, uint32(n))), nil
}

// merged drops axes of one element and joins neighbours that both arrays walk as one.
func merged(m *engine.Move) (shape, out, in []int) {
	for d, n := range m.Shape {
		k := len(shape) - 1
		switch {
		case n == 1:
		case k >= 0 && out[k] == n*m.StrideOut[d] && in[k] == n*m.StrideIn[d]:
			shape[k], out[k], in[k] = shape[k]*n, m.StrideOut[d], m.StrideIn[d]
		default:
			shape, out, in = append(shape, n), append(out, m.StrideOut[d]), append(in, m.StrideIn[d])
		}
	}
	return shape, out, in
}
