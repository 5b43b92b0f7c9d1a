package cpu

import (
	"fmt"
	"unsafe"

	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/cpu/vec"
)

// tileBytes is the size of a tile's temporary: all temporaries of a loop must stay in the first-level cache.
const tileBytes = 4096

// loopShare is the number of instructions, on an element each, below which waking another worker costs more than it saves.
const loopShare = 32768

// looper runs a fused loop tile by tile: every instruction over a whole tile, then the next tile.
type looper struct {
	n, cols, tile int
	size          uintptr
	wide          bool // rows are longer than a tile: tiles never cross rows
	code          []tileInstr
	rows          []rowFill
	cells         []colFill
	temps         [][]unsafe.Pointer // by worker, then temporary
	chunk         int                // elements of a task
	keep          []engine.Buffer    // memory that only raw pointers refer to
}

// tileInstr is one primitive with its operands' addresses: dst first.
type tileInstr struct {
	f  vec.Func
	at [4]address
}

// address finds an operand's elements for a tile.
type address struct {
	base unsafe.Pointer
	mode mode
	temp int
}

type mode uint8

const (
	nothing mode = iota
	moving       // base + e
	fixed        // base
	inRow        // base + e mod cols
	inCol        // base + e div cols
	inTemp       // the worker's temporary
)

// rowFill is a row vector repeated over a tile, filled once a run; colFill a column vector spread over a tile.
type rowFill struct {
	src, dst unsafe.Pointer
	n, reps  int
}

type colFill struct {
	src  unsafe.Pointer
	temp int
}

func (b *Backend) loop(l *engine.Loop) (engine.Launch, error) {
	dt, ok := loopDtype(l)
	if !ok {
		return nil, fmt.Errorf("cpu: a loop over %v; float32 or float64", l.Code[0].Dst.Buf.Dtype)
	}
	lp := &looper{n: l.N, cols: max(l.Cols, 1), size: dt.Size()}
	most := tileBytes / int(lp.size)
	lp.tile = min(most, l.N)
	if usesRows(l) {
		if lp.wide = lp.cols > most; !lp.wide {
			lp.tile = min(most/lp.cols*lp.cols, l.N)
		}
	}
	temps := l.Temps
	for _, in := range l.Code {
		ti, err := lp.instr(in, dt, &temps)
		if err != nil {
			return nil, fmt.Errorf("cpu: %s: %w", l.Label(), err)
		}
		lp.code = append(lp.code, ti)
	}
	lp.temps = make([][]unsafe.Pointer, b.pool.N())
	for w := range lp.temps {
		for t := 0; t < temps; t++ {
			lp.temps[w] = append(lp.temps[w], lp.scratch(dt, lp.tile))
		}
	}
	tasks := lp.divide(b.pool.N(), l)
	f := lp.task
	return func(*engine.Clock) error {
		for _, r := range lp.rows {
			fillRow(r, lp.size)
		}
		b.pool.Do(tasks, f)
		return nil
	}, nil
}

// divide sets what a task is and returns how many there are: as many for every worker, if there is enough to do.
func (lp *looper) divide(workers int, l *engine.Loop) (tasks int) {
	parts := max(1, lp.n*len(l.Code)/loopShare)
	if workers == 1 {
		parts = 1
	} else if parts > workers {
		parts = min(4, parts/workers) * workers
	}
	unit := lp.tile
	if lp.wide {
		unit = lp.cols
	}
	lp.chunk = max(1, (lp.n+parts*unit-1)/(parts*unit)) * unit
	return (lp.n + lp.chunk - 1) / lp.chunk
}

func loopDtype(l *engine.Loop) (vec.Dtype, bool) {
	for _, in := range l.Code {
		for _, o := range append([]engine.Operand{in.Dst}, in.Src[:in.NSrc]...) {
			switch {
			case o.Kind == engine.Temp:
			case o.Buf.Dtype == tensor.Float32:
				return vec.Float32, true
			case o.Buf.Dtype == tensor.Float64:
				return vec.Float64, true
			default:
				return 0, false
			}
		}
	}
	return 0, false
}

func usesRows(l *engine.Loop) bool {
	for _, in := range l.Code {
		for _, o := range in.Src[:in.NSrc] {
			if o.Kind == engine.Row || o.Kind == engine.Col {
				return true
			}
		}
	}
	return false
}

// scratch is memory that lives as long as the looper.
func (lp *looper) scratch(dt vec.Dtype, n int) unsafe.Pointer {
	td := tensor.Float32
	if dt == vec.Float64 {
		td = tensor.Float64
	}
	b := engine.NewHostBuffer(td, max(n, 1))
	lp.keep = append(lp.keep, b)
	return b.Host()
}

// instr resolves one instruction; operands that no primitive takes as scalars are spread over a tile.
func (lp *looper) instr(in engine.Instr, dt vec.Dtype, temps *int) (ti tileInstr, err error) {
	ti.at[0] = lp.address(in.Dst, dt, temps)
	pattern := make([]byte, in.NSrc)
	vectors := 0
	for i, o := range in.Src[:in.NSrc] {
		a := lp.address(o, dt, temps)
		pattern[i] = 'v'
		if lp.n > 1 && (a.mode == fixed && o.Kind == engine.Scalar || a.mode == inCol) {
			pattern[i] = 's'
		} else {
			vectors++
		}
		ti.at[1+i] = a
	}
	f, ok := vec.Find(in.Op, string(pattern), dt)
	if vectors == 0 || !ok {
		for i, o := range in.Src[:in.NSrc] {
			if pattern[i] == 's' {
				ti.at[1+i] = lp.spread(ti.at[1+i], o, dt, temps)
				pattern[i] = 'v'
			}
		}
		if f, ok = vec.Find(in.Op, string(pattern), dt); !ok {
			return ti, fmt.Errorf("no primitive %q of %d operands in %v", in.Op, in.NSrc, dt)
		}
	}
	ti.f = f
	return ti, nil
}

// spread turns a scalar into a vector over a tile.
func (lp *looper) spread(a address, o engine.Operand, dt vec.Dtype, temps *int) address {
	if a.mode == inCol {
		return lp.column(a.base, temps)
	}
	dst := lp.scratch(dt, lp.tile)
	lp.rows = append(lp.rows, rowFill{src: o.Buf.Host(), dst: dst, n: 1, reps: lp.tile})
	return address{base: dst, mode: fixed}
}

func (lp *looper) column(src unsafe.Pointer, temps *int) address {
	for _, c := range lp.cells {
		if c.src == src {
			return address{mode: inTemp, temp: c.temp}
		}
	}
	lp.cells = append(lp.cells, colFill{src: src, temp: *temps})
	*temps++
	return address{mode: inTemp, temp: *temps - 1}
}

func (lp *looper) address(o engine.Operand, dt vec.Dtype, temps *int) address {
	base := o.Buf.Host()
	switch o.Kind {
	case engine.Temp:
		return address{mode: inTemp, temp: o.Temp}
	case engine.Array:
		return address{base: base, mode: moving}
	case engine.Scalar:
		return address{base: base, mode: fixed}
	case engine.Row:
		if lp.wide {
			return address{base: base, mode: inRow}
		}
		for _, r := range lp.rows {
			if r.src == base && r.n == lp.cols {
				return address{base: r.dst, mode: fixed}
			}
		}
		dst := lp.scratch(dt, lp.tile)
		lp.rows = append(lp.rows, rowFill{src: base, dst: dst, n: lp.cols, reps: lp.tile / lp.cols})
		return address{base: dst, mode: fixed}
	case engine.Col:
		if lp.wide {
			return address{base: base, mode: inCol}
		}
		return lp.column(base, temps)
	}
	return address{}
}

// task runs the tiles of one chunk.
func (lp *looper) task(t, worker int) {
	lo := t * lp.chunk
	hi := min(lo+lp.chunk, lp.n)
	for e := lo; e < hi; {
		n := min(lp.tile, hi-e)
		if lp.wide {
			n = min(n, lp.cols-e%lp.cols)
		}
		lp.run(e, n, worker)
		e += n
	}
}

func (lp *looper) run(e, n, worker int) {
	temps := lp.temps[worker]
	for _, c := range lp.cells {
		lp.fillCol(c, e, n, temps[c.temp])
	}
	for i := range lp.code {
		in := &lp.code[i]
		in.f(n, lp.ptr(&in.at[0], e, temps), lp.ptr(&in.at[1], e, temps), lp.ptr(&in.at[2], e, temps), lp.ptr(&in.at[3], e, temps))
	}
}

func (lp *looper) ptr(a *address, e int, temps []unsafe.Pointer) unsafe.Pointer {
	switch a.mode {
	case moving:
		return unsafe.Add(a.base, uintptr(e)*lp.size)
	case fixed:
		return a.base
	case inTemp:
		return temps[a.temp]
	case inRow:
		return unsafe.Add(a.base, uintptr(e%lp.cols)*lp.size)
	case inCol:
		return unsafe.Add(a.base, uintptr(e/lp.cols)*lp.size)
	}
	return nil
}

func fillRow(r rowFill, size uintptr) {
	n := r.n * int(size)
	src := unsafe.Slice((*byte)(r.src), n)
	dst := unsafe.Slice((*byte)(r.dst), n*r.reps)
	done := copy(dst, src)
	for done < len(dst) {
		done += copy(dst[done:], dst[:done])
	}
}

// fillCol spreads the column's elements over the rows of the tile that begins at element e.
func (lp *looper) fillCol(c colFill, e, n int, dst unsafe.Pointer) {
	if lp.size == 4 {
		spreadCol(unsafe.Slice((*float32)(dst), n), unsafe.Slice((*float32)(c.src), lp.n/lp.cols), e, lp.cols)
	} else {
		spreadCol(unsafe.Slice((*float64)(dst), n), unsafe.Slice((*float64)(c.src), lp.n/lp.cols), e, lp.cols)
	}
}

func spreadCol[T any](dst, src []T, e, cols int) {
	for i := 0; i < len(dst); {
		row := (e + i) / cols
		end := min(len(dst), (row+1)*cols-e)
		x := src[row]
		for ; i < end; i++ {
			dst[i] = x
		}
	}
}
