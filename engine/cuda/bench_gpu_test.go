//go:build gpu

package cuda

import (
	"fmt"
	"testing"

	"gorgonia.org/cu"
	"gorgonia.org/tensor"

	"cavity/engine"
)

// timed opens a real device; no time is ever taken from the emulator.
func timed(b *testing.B, name string) *backend {
	d := openAs(b, name)
	if _, emulated := d.Emulates(); emulated {
		b.Skip("an emulation has no speed")
	}
	return d
}

// BenchmarkProducts times the products of CD-1 on 784×500 units with batches of 4096 and a square one, and reports the share of
// the device's float32 peak: 256 operations a clock and multiprocessor. The target for CD-1 is half of it.
//
// What limits it: a thread's 8×8 tile takes 64 fused operations for 16 floats of shared memory, 4 bytes and cycle of 32 lanes wide,
// so at most about 4/5 of the peak; the operands of 4096×784×500, 24 MB, cost 8 µs of memory against 48 µs of arithmetic at 67 TFLOP/s.
func BenchmarkProducts(b *testing.B) {
	for _, c := range []struct {
		m, n, k        int
		transA, transB bool
		target         float64
	}{
		{4096, 500, 784, false, false, .5}, {4096, 784, 500, false, true, .5}, {784, 500, 4096, true, false, .5}, {4096, 4096, 4096, false, false, .6},
	} {
		run := func(b *testing.B, name string) {
			d := timed(b, name)
			if name == "cuda" && d.products.lib == nil {
				b.Skip("cuBLAS is not installed")
			}
			p := &engine.Product{Name: "p", Batch: 1, M: c.m, N: c.n, K: c.k, TransA: c.transA, TransB: c.transB, LDA: c.k, LDB: c.n, Alpha: 1}
			if c.transA {
				p.LDA = c.m
			}
			if c.transB {
				p.LDB = c.k
			}
			p.A, p.B, p.C = empty(b, d, tensor.Float32, c.m*c.k), empty(b, d, tensor.Float32, c.k*c.n), empty(b, d, tensor.Float32, c.m*c.n)
			l, err := d.Lower(p)
			if err != nil {
				b.Fatal(err)
			}
			repeat(b, d, l)
			flops := 2 * float64(c.m) * float64(c.n) * float64(c.k) * float64(b.N) / b.Elapsed().Seconds()
			dev, err := cu.GetDevice(d.index)
			if err != nil {
				b.Fatal(err)
			}
			kilohertz, err := dev.Attribute(cu.ClockRate)
			if err != nil {
				b.Fatal(err)
			}
			share := flops / (256 * float64(d.multiprocessors) * float64(kilohertz) * 1e3)
			b.ReportMetric(flops/1e12, "TFLOP/s")
			verdict(b, "share of the float32 peak", share, c.target)
		}
		shape := fmt.Sprintf("%dx%dx%d/", c.m, c.n, c.k)
		b.Run(shape+"own", func(b *testing.B) { run(b, "cuda:own") })
		b.Run(shape+"cublas", func(b *testing.B) { run(b, "cuda") })
	}
}

// BenchmarkLoop times Adam's fused loop over 2^24 parameters by its traffic: 28 bytes each, four arrays read and three written.
func BenchmarkLoop(b *testing.B) {
	d := timed(b, "cuda:own")
	const n = 1 << 24
	array := func() engine.Operand {
		return engine.Operand{Kind: engine.Array, Buf: empty(b, d, tensor.Float32, n)}
	}
	g, m, v, p, s := array(), array(), array(), array(), engine.Operand{Kind: engine.Scalar, Buf: empty(b, d, tensor.Float32, 1)}
	t := func(k int) engine.Operand { return engine.Operand{Kind: engine.Temp, Temp: k} }
	code := []engine.Instr{
		{Op: "mul", NSrc: 2, Dst: t(0), Src: [3]engine.Operand{g, s}}, {Op: "fma", NSrc: 3, Dst: m, Src: [3]engine.Operand{m, s, t(0)}},
		{Op: "square", NSrc: 1, Dst: t(0), Src: [3]engine.Operand{g}}, {Op: "fma", NSrc: 3, Dst: v, Src: [3]engine.Operand{v, s, t(0)}},
		{Op: "sqrt", NSrc: 1, Dst: t(0), Src: [3]engine.Operand{v}}, {Op: "div", NSrc: 2, Dst: t(0), Src: [3]engine.Operand{m, t(0)}},
		{Op: "fnma", NSrc: 3, Dst: p, Src: [3]engine.Operand{t(0), s, p}},
	}
	l, err := d.Lower(&engine.Loop{Name: "adam", N: n, Cols: n, Code: code, Temps: 1})
	if err != nil {
		b.Fatal(err)
	}
	repeat(b, d, l)
	verdict(b, "GB/s", 28*n*float64(b.N)/b.Elapsed().Seconds()/1e9, 2000)
}

// BenchmarkLayer times the upward pass of CD-1 on 784×500 units with batches of 4096, bias, activation and sample: in one kernel, and as
// uniform numbers, product and loop. The second moves 16 bytes an element more (numbers and product, written and read): 33 MB for 2
// million elements, some 13 µs at 2.5 TB/s beside the 48 µs of arithmetic; the one kernel draws four times the counters, about 60 integer
// operations an element beside 784 fused multiplications.
func BenchmarkLayer(b *testing.B) {
	const m, n, k = 4096, 500, 784
	for _, fused := range []bool{true, false} {
		b.Run(map[bool]string{true: "one kernel", false: "steps"}[fused], func(b *testing.B) {
			d := timed(b, "cuda:own")
			p := &engine.Product{Name: "p", Batch: 1, M: m, N: n, K: k, LDA: k, LDB: n, Alpha: 1}
			p.A, p.B, p.C = empty(b, d, tensor.Float32, m*k), empty(b, d, tensor.Float32, k*n), empty(b, d, tensor.Float32, m*n)
			u, h, bias := empty(b, d, tensor.Float32, m*n), empty(b, d, tensor.Float32, m*n), empty(b, d, tensor.Float32, n)
			array := func(x engine.Buffer) engine.Operand { return engine.Operand{Kind: engine.Array, Buf: x} }
			temp := engine.Operand{Kind: engine.Temp}
			loop := &engine.Loop{Name: "l", N: m * n, Cols: n, Temps: 1, Code: []engine.Instr{
				{Op: "add", NSrc: 2, Dst: temp, Src: [3]engine.Operand{array(p.C), {Kind: engine.Row, Buf: bias}}},
				{Op: "bernoulli", NSrc: 2, Dst: array(h), Src: [3]engine.Operand{temp, array(u)}},
			}}
			random := &engine.Random{Name: "u", Law: engine.Uniform, Stream: 1, Out: u}
			steps := []engine.Step{random, p, loop}
			if fused {
				steps = []engine.Step{&engine.Fused{Name: "f", Product: p, Random: []*engine.Random{random}, Loop: loop}}
			}
			var all []engine.Launch
			for _, s := range steps {
				l, err := d.Lower(s)
				if err != nil {
					b.Fatal(err)
				}
				all = append(all, l)
			}
			repeat(b, d, func(c *engine.Clock) error {
				for _, l := range all {
					if err := l(c); err != nil {
						return err
					}
				}
				return nil
			})
		})
	}
}

func repeat(b *testing.B, d *backend, l engine.Launch) {
	c := &engine.Clock{}
	once := func() {
		if err := l(c); err != nil {
			b.Fatal(err)
		}
	}
	once()
	if err := d.Sync(); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	for range b.N {
		once()
	}
	if err := d.Sync(); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
}

// verdict prints a target as met or missed.
func verdict(b *testing.B, what string, got, target float64) {
	word := "met"
	if got < target {
		word = "missed"
	}
	b.Logf("%s %.3g: target of %.3g %s", what, got, target, word)
}
