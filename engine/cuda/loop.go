//go:build gpu

package cuda

import (
	"fmt"
	"strings"

	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/cuda/ptx"
)

// maxElements bounds a loop: a thread's number is a 32-bit word.
const maxElements = 1<<31 - 1<<10

// loop writes an elementwise loop as a kernel of its own, a thread an element.
func loop(l *engine.Loop) (Launch, error) {
	w := newWriter()
	if err := w.dtype(l); err != nil {
		return Launch{}, err
	}
	if l.N > maxElements {
		return Launch{}, fmt.Errorf("a loop over %d elements, at most %d", l.N, maxElements)
	}
	for _, in := range l.Code {
		if err := w.instr(in); err != nil {
			return Launch{}, err
		}
	}
	args := make([]any, 0, len(w.buffers)+2)
	for _, b := range w.buffers {
		args = append(args, b)
	}
	return Threads(w.module(), "loop", l.N, append(args, uint32(l.N), uint32(max(l.Cols, 1)))...), nil
}

// A place is a buffer and how a loop walks it.
type place struct {
	mem  engine.Memory
	off  int
	kind engine.OperandKind
}

// A writer turns a loop into PTX. Every value is a register of its own; the driver's compiler assigns real ones.
type writer struct {
	bits              int
	element, row, col string // registers that hold this thread's
	code              strings.Builder
	buffers           []engine.Buffer
	pointer           map[place]int    // parameter of a buffer; the kind is Array
	value             map[place]string // register that holds what memory holds now
	temps             map[int]string
	values            int
	used              map[engine.OperandKind]bool
}

func newWriter() *writer {
	return &writer{element: "%e", row: "%row", col: "%col", pointer: map[place]int{}, value: map[place]string{}, temps: map[int]string{}, used: map[engine.OperandKind]bool{}}
}

func (w *writer) dtype(l *engine.Loop) error {
	for _, in := range l.Code {
		for _, o := range append([]engine.Operand{in.Dst}, in.Src[:in.NSrc]...) {
			if o.Kind == engine.Temp {
				continue
			}
			bits := map[tensor.Dtype]int{tensor.Float32: 32, tensor.Float64: 64}[o.Buf.Dtype]
			if bits == 0 || w.bits != 0 && bits != w.bits {
				return fmt.Errorf("a loop over %v: all of float32 or all of float64", o.Buf.Dtype)
			}
			w.bits = bits
		}
	}
	return nil
}

func (w *writer) op(format string, args ...any) { fmt.Fprintf(&w.code, format+";\n", args...) }

func (w *writer) register() string {
	w.values++
	return fmt.Sprintf("%%v%d", w.values-1)
}

// address leaves the address of this thread's element in %a.
func (w *writer) address(o engine.Operand) string {
	w.used[o.Kind] = true
	p := place{o.Buf.Mem, o.Buf.Off, engine.Array}
	k, ok := w.pointer[p]
	if !ok {
		k = len(w.buffers)
		w.pointer[p] = k
		w.buffers = append(w.buffers, o.Buf)
	}
	index := map[engine.OperandKind]string{engine.Array: w.element, engine.Row: w.col, engine.Col: w.row}[o.Kind]
	if index == "" {
		return fmt.Sprintf("%%ptr%d", k)
	}
	w.op("mul.wide.u32 %%a, %s, %d", index, w.bits/8)
	w.op("add.s64 %%a, %%ptr%d, %%a", k)
	return "%a"
}

func (w *writer) source(o engine.Operand) string {
	if o.Kind == engine.Temp {
		return w.temps[o.Temp]
	}
	p := place{o.Buf.Mem, o.Buf.Off, o.Kind}
	if v, ok := w.value[p]; ok {
		return v
	}
	v := w.register()
	w.op("ld.global.b%d %s, [%s]", w.bits, v, w.address(o))
	w.value[p] = v
	return v
}

func (w *writer) instr(in engine.Instr) error {
	prim, ok := ptx.Find(in.Op, w.bits)
	if !ok {
		return fmt.Errorf("there is no CUDA code for the elementwise function %q", in.Op)
	}
	if prim.Arity != in.NSrc {
		return fmt.Errorf("%s takes %d operands, not %d", in.Op, prim.Arity, in.NSrc)
	}
	names := []string{"$0", w.register()}
	for i, o := range in.Src[:in.NSrc] {
		v := w.source(o)
		if v == "" {
			return fmt.Errorf("%s reads temporary %d before it is set", in.Op, o.Temp)
		}
		names = append(names, fmt.Sprintf("$%d", i+1), v)
	}
	dst := names[1]
	w.code.WriteString(strings.NewReplacer(names...).Replace(prim.Text) + "\n")
	if in.Dst.Kind == engine.Temp {
		w.temps[in.Dst.Temp] = dst
		return nil
	}
	if in.Dst.Kind != engine.Array {
		return fmt.Errorf("%s writes an operand that is not an array", in.Op)
	}
	w.op("st.global.b%d [%s], %s", w.bits, w.address(in.Dst), dst)
	w.value[place{in.Dst.Buf.Mem, in.Dst.Buf.Off, engine.Array}] = dst
	return nil
}

// module is the finished text.
func (w *writer) module() string {
	var m strings.Builder
	m.WriteString(".version 7.0\n.target sm_80\n.address_size 64\n\n.visible .entry loop(")
	for i := range w.buffers {
		fmt.Fprintf(&m, ".param .u64 p%d, ", i)
	}
	m.WriteString(".param .u32 n, .param .u32 cols)\n.maxntid 256, 1, 1\n{\n.reg .pred %beyond;\n.reg .b32 %e, %n, %cols, %row, %col, %block, %first;\n")
	fmt.Fprintf(&m, ".reg .b64 %%a, %%ptr<%d>;\n.reg .b%d %%v<%d>;\n", len(w.buffers), w.bits, w.values)
	m.WriteString("mov.u32 %e, %tid.x;\nmov.u32 %block, %ctaid.x;\nmov.u32 %first, %ntid.x;\nmad.lo.s32 %e, %block, %first, %e;\n")
	m.WriteString("ld.param.u32 %n, [n];\nsetp.ge.u32 %beyond, %e, %n;\n@%beyond bra END;\n")
	if w.used[engine.Row] || w.used[engine.Col] {
		m.WriteString("ld.param.u32 %cols, [cols];\ndiv.u32 %row, %e, %cols;\nmul.lo.s32 %col, %row, %cols;\nsub.s32 %col, %e, %col;\n")
	}
	for i := range w.buffers {
		fmt.Fprintf(&m, "ld.param.u64 %%ptr%d, [p%d];\n", i, i)
	}
	m.WriteString(w.code.String())
	m.WriteString("END:\nret;\n}\n")
	return m.String()
}
