//go:build gpu

package cuda

import (
	"encoding/binary"
	"fmt"
	"math"

	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/cuda/ptx"
)

// lower turns a step into launches.
func lower(d Device, s engine.Step) ([]Launch, error) {
	switch s := s.(type) {
	case *engine.Product:
		return product(d, s)
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

// A sum over k of splitAxis terms or more is cut into pieces where the tiles of a product are fewer than splitTiles, twice as many as
// an H100 has multiprocessors. That changes the roundings, so it depends on the shape alone and never on the device.
const (
	splitTiles = 264
	splitAxis  = 1024
)

// pieces is in how many pieces the sum over k is made, and the length of all but the last.
func pieces(p *engine.Product) (n, length int) {
	tiles := Blocks(p.M, 64) * Blocks(p.N, 128) * p.Batch
	if p.K < splitAxis || tiles == 0 || 2*tiles > splitTiles {
		return 1, p.K
	}
	n = min(splitTiles/tiles, p.K/(splitAxis/2))
	length = Blocks(p.K, 16*n) * 16 // in whole slabs of every tile
	return Blocks(p.K, length), length
}

// product is one launch of tiles, or a launch that leaves pieces of every sum and one that adds them up.
func product(d Device, p *engine.Product) ([]Launch, error) {
	n, _ := pieces(p)
	if n == 1 {
		return one(tiles(d, p))
	}
	bits, err := width(p.C)
	if err != nil {
		return nil, err
	}
	if p.Batch > 65535 || p.M*p.N > maxElements {
		return nil, fmt.Errorf("%d products of %d × %d elements", p.Batch, p.M, p.N)
	}
	parts := *p
	parts.Alpha, parts.Beta = 1, 0
	if parts.C, err = d.Alloc(p.C.Dtype, p.Batch*n*p.M*p.N); err != nil {
		return nil, err
	}
	l, err := tiles(d, &parts)
	if err != nil {
		return nil, err
	}
	sum := Threads(ptx.Gemm, fmt.Sprintf("gemm_sum%d", bits), p.M*p.N, p.C, parts.C, uint32(p.M*p.N), uint32(n), alpha(p), uint32(p.Beta))
	sum.Grid[1] = p.Batch
	return []Launch{l, sum}, nil
}

// tiles chooses the tile: large ones reuse more, small ones make more blocks, with which a small product fills the device. All give the
// same bits.
func tiles(d Device, p *engine.Product) (Launch, error) {
	bits, err := width(p.C)
	if err != nil {
		return Launch{}, err
	}
	rowA, colA, rowB, colB := uint32(p.LDA), uint32(1), uint32(p.LDB), uint32(1)
	linesA, linesB := p.M, p.K // as they lie in memory
	if p.TransA {
		rowA, colA, linesA = colA, rowA, p.K
	}
	if p.TransB {
		rowB, colB, linesB = colB, rowB, p.N
	}
	if linesA*p.LDA > math.MaxUint32 || linesB*p.LDB > math.MaxUint32 {
		return Launch{}, fmt.Errorf("a product of matrices of %d × %d and %d × %d elements, at most 2^32 each", linesA, p.LDA, linesB, p.LDB)
	}
	n, length := pieces(p)
	size, columns, threads := "small", 64, 256
	if bits == 32 && Blocks(p.M, 64)*Blocks(p.N, 128)*p.Batch*n >= d.Multiprocessors() {
		size, columns, threads = "large", 128, 128
	}
	l := Launch{Source: ptx.Gemm, Entry: fmt.Sprintf("gemm%d_%s", bits, size), Block: [3]int{threads}, Grid: [3]int{Blocks(p.N, columns), Blocks(p.M, 64), p.Batch * n}}
	if bits == 32 && inFours(p) {
		l.Entry += "_vectors"
	}
	l.Args = []any{p.C, p.A, p.B, uint32(p.M), uint32(p.N), uint32(p.K), rowA, colA, rowB, colB, int64(p.StrideA), int64(p.StrideB), alpha(p), uint32(p.Beta), uint32(n), uint32(length)}
	return l, nil
}

func alpha(p *engine.Product) any {
	if p.C.Dtype == tensor.Float32 {
		return float32(p.Alpha)
	}
	return p.Alpha
}

// inFours says whether four neighbours of every operand lie together in 16 aligned bytes, at every row and in every matrix of the batch.
func inFours(p *engine.Product) bool {
	alongA, alongB := p.K, p.N
	if p.TransA {
		alongA = p.M
	}
	if p.TransB {
		alongB = p.K
	}
	for _, n := range []int{p.N, alongA, alongB, p.LDA, p.LDB, p.A.Off / 4, p.B.Off / 4, p.C.Off / 4} {
		if n%4 != 0 {
			return false
		}
	}
	return p.Batch == 1 || p.StrideA%4 == 0 && p.StrideB%4 == 0
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
