//go:build gpu

package cuda

import (
	"math"
	"os"
	"testing"

	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/cuda/ptx"
)

// TestLayers holds a product that takes its loop along to the same steps one by one, bit for bit: every form and tile size, a bias by
// column and a factor by row, a sample of uniform numbers made on the spot, the product itself kept.
func TestLayers(t *testing.T) {
	if path := os.Getenv("CAVITY_LAYER_PTX"); path != "" { // a planted mistake
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		ptx.Layer = string(text)
	}
	b := openDevice(t)
	clock := engine.Clock{Seed: 0x123456789abcdef, Pass: 1<<33 + 5, Stage: 9}
	eachProduct(t, b, func(form int, p engine.Product, x, y, z []float64) {
		dt, rows := p.A.Dtype, p.Batch*p.M
		n := rows * p.N
		bias, factor := put(t, b, convert(z[:p.N], dt), p.N), put(t, b, convert(z[p.N:p.N+rows], dt), rows)
		array := func(b engine.Buffer) engine.Operand { return engine.Operand{Kind: engine.Array, Buf: b} }
		temp := engine.Operand{Kind: engine.Temp}
		run := func(fused bool) (all []engine.Buffer) {
			p := p
			p.C = put(t, b, convert(z, dt), n)
			u, mean, sample, scaled := empty(t, b, dt, n), empty(t, b, dt, n), empty(t, b, dt, n), empty(t, b, dt, n)
			code := []engine.Instr{
				{Op: "add", NSrc: 2, Dst: temp, Src: [3]engine.Operand{array(p.C), {Kind: engine.Row, Buf: bias}}},
				{Op: "sigmoid", NSrc: 1, Dst: array(mean), Src: [3]engine.Operand{temp}},
				{Op: "bernoulli", NSrc: 2, Dst: array(sample), Src: [3]engine.Operand{temp, array(u)}},
				{Op: "mul", NSrc: 2, Dst: array(scaled), Src: [3]engine.Operand{array(p.C), {Kind: engine.Col, Buf: factor}}},
			}
			l, r := &engine.Loop{Name: "l", N: n, Cols: p.N, Temps: 1, Code: code}, &engine.Random{Name: "u", Law: engine.Uniform, Stream: 77, First: uint64(form) * 1003, Out: u}
			if !fused {
				step(t, b, r, clock)
				step(t, b, &p, clock)
				step(t, b, l, clock)
				return []engine.Buffer{p.C, mean, sample, scaled}
			}
			l.Code = append([]engine.Instr{{Op: "mov", NSrc: 1, Dst: array(p.C), Src: [3]engine.Operand{array(p.C)}}}, code...)
			f := &engine.Fused{Name: "f", Product: &p, Random: []*engine.Random{r}, Loop: l}
			if !b.Fuses(f) {
				t.Fatal("the backend does not take the step")
			}
			step(t, b, f, clock)
			return []engine.Buffer{p.C, mean, sample, scaled}
		}
		b.multiprocessors = 1000
		want := run(false)
		ones := 0.0
		for _, s := range floats(t, want[2]) {
			ones += s
		}
		if ones < float64(n)/10 || ones > float64(n)*.9 {
			t.Errorf("%v of %d samples are 1: the test sees little", ones, n)
		}
		for _, multiprocessors := range []int{0, 1000} { // large tiles, small tiles
			b.multiprocessors = multiprocessors
			for k, got := range run(true) {
				w := floats(t, want[k])
				for e, g := range floats(t, got) {
					if math.Float64bits(g) != math.Float64bits(w[e]) {
						t.Fatalf("form %d %v, %d multiprocessors, result %d: element %d is %v, want %v", form, dt, multiprocessors, k, e, g, w[e])
					}
				}
			}
		}
	})
}

// What does not fit into a product's kernel stays a step of its own.
func TestFusesRefuses(t *testing.T) {
	b := openDevice(t)
	c := empty(t, b, tensor.Float32, 4)
	operand := engine.Operand{Kind: engine.Array, Buf: c}
	long := &engine.Loop{N: 4, Cols: 2}
	for range maxLayerCode + 1 {
		long.Code = append(long.Code, engine.Instr{Op: "mov", NSrc: 1, Dst: operand, Src: [3]engine.Operand{operand}})
	}
	many := &engine.Loop{N: 4, Cols: 2}
	for range maxLayerBuffers {
		many.Code = append(many.Code, engine.Instr{Op: "mov", NSrc: 1, Dst: engine.Operand{Kind: engine.Array, Buf: empty(t, b, tensor.Float32, 4)}, Src: [3]engine.Operand{operand}})
	}
	wide := &engine.Loop{N: 4, Cols: 2, Code: []engine.Instr{{Op: "mov", NSrc: 1, Dst: engine.Operand{Kind: engine.Array, Buf: empty(t, b, tensor.Float64, 4)}, Src: [3]engine.Operand{operand}}}}
	for name, l := range map[string]*engine.Loop{"long": long, "many buffers": many, "two types": wide} {
		if b.Fuses(&engine.Fused{Product: &engine.Product{C: c, M: 2, N: 2, K: 1, Batch: 1}, Loop: l}) {
			t.Errorf("%s: taken", name)
		}
	}
	short := &engine.Loop{N: 4, Cols: 2, Code: many.Code[:1]}
	for first, want := range map[uint64]bool{1 << 31: true, 1 << 32: false} {
		f := &engine.Fused{Product: &engine.Product{C: c, M: 2, N: 2, K: 1, Batch: 1}, Loop: short, Random: []*engine.Random{{First: first, Out: c}}}
		if b.Fuses(f) != want {
			t.Errorf("random numbers from %d on: taken is %v", first, !want)
		}
	}
}
