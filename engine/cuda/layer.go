//go:build gpu

package cuda

import (
	"fmt"
	"math"
	"regexp"
	"strings"

	"cavity/engine"
	"cavity/engine/cuda/ptx"
)

// Limits of a loop that a product takes along: its values and addresses need registers beside those of the product's tile.
const (
	maxLayerCode    = 24
	maxLayerBuffers = 12
)

// fuses says whether a loop can run inside of its product's kernel, which must have whole sums.
func fuses(f *engine.Fused) bool {
	bits, err := width(f.Product.C)
	if n, _ := pieces(f.Product); err != nil || n > 1 || f.Loop.N > maxElements || len(f.Loop.Code) > maxLayerCode {
		return false
	}
	for _, r := range f.Random {
		if r.First > math.MaxUint32-maxElements { // an element's number is a 32-bit word
			return false
		}
	}
	buffers := map[place]bool{}
	for _, in := range f.Loop.Code {
		if p, ok := ptx.Find(in.Op, bits); !ok || p.Arity != in.NSrc {
			return false
		}
		for _, o := range append([]engine.Operand{in.Dst}, in.Src[:in.NSrc]...) {
			if o.Kind == engine.Temp {
				continue
			}
			if o.Buf.Dtype != f.Product.C.Dtype {
				return false
			}
			buffers[place{o.Buf.Mem, o.Buf.Off, engine.Array}] = true
		}
	}
	return len(buffers) <= maxLayerBuffers
}

// mark is the instruction of ptx/layer.cuh that a loop replaces: the element's value, number, row and column.
var mark = regexp.MustCompile(`mov\.b\d\d (%\w+), %\w+; // LOOP %\w+ (%\w+) (%\w+) (%\w+)\n`)

// layer is a product whose kernel carries a loop's code.
func layer(d Device, f *engine.Fused) (Launch, error) {
	l, err := tiles(d, f.Product)
	if err != nil {
		return l, err
	}
	name := strings.Replace(l.Entry, "gemm", "layer", 1)
	text, err := entryText(ptx.Layer, name)
	if err != nil {
		return l, err
	}
	at := mark.FindStringSubmatch(text)
	if at == nil {
		return l, fmt.Errorf("%s has no place for a loop", name)
	}
	w := newWriter()
	w.element, w.row, w.col = at[2], at[3], at[4]
	if err := w.dtype(f.Loop); err != nil {
		return l, err
	}
	c := f.Product.C
	w.value[place{c.Mem, c.Off, engine.Array}] = at[1]
	for k, r := range f.Random {
		w.value[place{r.Out.Mem, r.Out.Off, engine.Array}] = w.uniform(k, r.First)
	}
	for _, in := range f.Loop.Code {
		if err := w.instr(in); err != nil {
			return l, err
		}
	}
	text = strings.Replace(text, at[0], w.block(len(f.Random)), 1)
	text = strings.Replace(text, "\n)\n", w.parameters(len(f.Random))+"\n)\n", 1)
	l.Source, l.Entry = text, name
	for _, b := range w.buffers {
		l.Args = append(l.Args, b)
	}
	for _, r := range f.Random {
		l.Args = append(l.Args, Stream(r.Stream))
	}
	return l, nil
}

// entryText is a module with one entry point of another's.
func entryText(module, name string) (string, error) {
	head, _, _ := strings.Cut(module, ".visible .entry")
	_, rest, ok := strings.Cut(module, ".visible .entry "+name+"(")
	end := strings.Index(rest, "\n}\n")
	if !ok || end < 0 {
		return "", fmt.Errorf("the module has no kernel %s", name)
	}
	return head + ".visible .entry " + name + "(" + rest[:end+3], nil
}

// parameters are the loop's own, after those of the product: buffers, then four words for each stream.
func (w *writer) parameters(streams int) string {
	var b strings.Builder
	for i := range w.buffers {
		fmt.Fprintf(&b, ",\n.param .u64 loop_buffer%d", i)
	}
	for k := range streams {
		for i := range 4 {
			fmt.Fprintf(&b, ",\n.param .u32 loop_stream%d_%d", k, i)
		}
	}
	return b.String()
}

// block is the loop's code with its registers in a scope of their own.
func (w *writer) block(streams int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "{\n.reg .b64 %%a, %%ptr<%d>;\n.reg .b%d %%v<%d>;\n", len(w.buffers)+1, w.bits, w.values+1)
	if streams > 0 {
		b.WriteString(".reg .b32 %key0, %key1, %c0, %c1, %c2, %c3, %h0, %h1, %l0, %l1, %number;\n.reg .b64 %wide, %wide1;\n.reg .pred %which;\n")
	}
	for i := range w.buffers {
		fmt.Fprintf(&b, "ld.param.u64 %%ptr%d, [loop_buffer%d];\n", i, i)
	}
	b.WriteString(w.code.String())
	b.WriteString("}\n")
	return b.String()
}

// uniform leaves the element's uniform number of stream k in a register, counted from first: the bits of rng.Stream.Float32 and Float64.
func (w *writer) uniform(k int, first uint64) string {
	u, element := w.register(), w.element
	if first > 0 {
		element = "%number"
		w.op("add.u32 %s, %s, %d", element, w.element, first)
	}
	for i, r := range []string{"%key0", "%key1", "%c2", "%c3"} {
		w.op("ld.param.u32 %s, [loop_stream%d_%d]", r, k, i)
	}
	// the counter of the element: 16 or 8 neighbours each have one
	neighbours, group := 15, 6
	if w.bits == 64 {
		neighbours, group = 7, 4
	}
	w.op("shr.u32 %%c0, %s, %d", element, group)
	w.op("and.b32 %%c1, %s, %d", element, neighbours)
	w.op("mad.lo.u32 %%c0, %%c0, %d, %%c1", neighbours+1)
	w.op("mov.u32 %%c1, 0")
	for range 7 {
		w.op("mul.hi.u32 %%h0, %%c0, 0xD2511F53")
		w.op("mul.lo.u32 %%l0, %%c0, 0xD2511F53")
		w.op("mul.hi.u32 %%h1, %%c2, 0xCD9E8D57")
		w.op("mul.lo.u32 %%l1, %%c2, 0xCD9E8D57")
		w.op("xor.b32 %%c0, %%h1, %%c1")
		w.op("xor.b32 %%c0, %%c0, %%key0")
		w.op("xor.b32 %%c2, %%h0, %%c3")
		w.op("xor.b32 %%c2, %%c2, %%key1")
		w.op("mov.u32 %%c1, %%l1")
		w.op("mov.u32 %%c3, %%l0")
		w.op("add.u32 %%key0, %%key0, 0x9E3779B9")
		w.op("add.u32 %%key1, %%key1, 0xBB67AE85")
	}
	choose := func(bit int, odd, even string) {
		w.op("and.b32 %%h0, %s, %d", element, 1<<bit)
		w.op("setp.ne.u32 %%which, %%h0, 0")
		w.op("selp.b32 %s, %s, %s, %%which", even, odd, even)
	}
	if w.bits == 32 { // word (e/16)%4
		choose(4, "%c1", "%c0")
		choose(4, "%c3", "%c2")
		choose(5, "%c2", "%c0")
		w.op("shr.u32 %%c0, %%c0, 8")
		w.op("cvt.rn.f32.u32 %s, %%c0", u)
		w.op("mul.rn.f32 %s, %s, 0f33800000", u, u) // 2^-24
		return u
	}
	choose(3, "%c2", "%c0") // words 2h and 2h+1, h = (e/8)%2
	choose(3, "%c3", "%c1")
	w.op("cvt.u64.u32 %%wide, %%c0")
	w.op("cvt.u64.u32 %%wide1, %%c1")
	w.op("shl.b64 %%wide1, %%wide1, 32")
	w.op("or.b64 %%wide, %%wide, %%wide1")
	w.op("shr.u64 %%wide, %%wide, 11")
	w.op("cvt.rn.f64.u64 %s, %%wide", u)
	w.op("mul.rn.f64 %s, %s, 0d3CA0000000000000", u, u) // 2^-53
	return u
}
