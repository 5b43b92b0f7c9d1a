//go:build gpu

package cuda

import (
	"fmt"
	"strings"
	"testing"

	"gorgonia.org/cu"
	"gorgonia.org/tensor"

	"cavity/engine"
)

// timed opens a real device; no time is ever taken from the emulator.
func timed(b *testing.B) *backend {
	d := openDevice(b)
	if strings.Contains(d.name, "not a GPU") {
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
		b.Run(fmt.Sprintf("%dx%dx%d", c.m, c.n, c.k), func(b *testing.B) {
			d := timed(b)
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
			run(b, d, l)
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
		})
	}
}

// BenchmarkLoop times Adam's fused loop over 2^24 parameters by its traffic: 28 bytes each, four arrays read and three written.
func BenchmarkLoop(b *testing.B) {
	d := timed(b)
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
	run(b, d, l)
	verdict(b, "GB/s", 28*n*float64(b.N)/b.Elapsed().Seconds()/1e9, 2000)
}

func run(b *testing.B, d *backend, l engine.Launch) {
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
