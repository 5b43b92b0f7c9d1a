//go:build gpu

package cuda

import (
	"flag"
	"testing"

	"gorgonia.org/cu"
	"gorgonia.org/tensor"

	"cavity/engine"
)

// small is what sizes are divided by in TestBenchmarksRun, which finds in ended what came to its end.
var (
	small = 1
	ended = map[string]bool{}
)

// timed opens a real device; no time is ever taken from the emulator.
func timed(b *testing.B, name string) *backend {
	d := openAs(b, name)
	if _, emulated := d.Emulates(); emulated && small == 1 {
		b.Skip("an emulation has no speed")
	}
	return d
}

// TestBenchmarksRun runs each benchmark once in small under the emulator, so that none meets its first device on somebody's GPU. Nothing
// that it measures is told.
func TestBenchmarksRun(t *testing.T) {
	if _, emulated := openDevice(t).Emulates(); !emulated {
		t.Skip("benchmarks of a GPU are run as such")
	}
	small = 16
	length := flag.Lookup("test.benchtime").Value
	before := length.String()
	if err := length.Set("1x"); err != nil {
		t.Fatal(err)
	}
	defer func() { small = 1; length.Set(before) }()
	for _, run := range []func(*testing.B){BenchmarkProducts, BenchmarkLoop, BenchmarkLayer} {
		testing.Benchmark(run)
	}
	for _, name := range []string{"CD-1/own", "CD-1/cublas", "up/own", "down/own", "gradient/own", "square/own", "square/cublas", "loop", "one kernel", "steps"} {
		if !ended[name] {
			t.Errorf("the benchmark %s does not run", name)
		}
	}
}

// BenchmarkProducts times the products of CD-1 on 784×500 units with batches of 4096, upwards, downwards and for the gradient, one by one
// and in turns, and a square one, and reports the share of the device's float32 peak: 256 operations a clock and multiprocessor. The
// target is half of it, over the three in turns. What limits it stands in targets.txt.
func BenchmarkProducts(b *testing.B) {
	up, down := shape{4096, 500, 784, false, false}, shape{4096, 784, 500, false, true}
	gradient := shape{784, 500, 4096, true, false}
	for _, c := range []struct {
		name     string
		products []shape
		target   float64 // 0: none
	}{
		{"CD-1", []shape{up, down, gradient}, .5}, {"up", []shape{up}, 0}, {"down", []shape{down}, 0}, {"gradient", []shape{gradient}, 0}, {"square", []shape{{4096, 4096, 4096, false, false}}, 0},
	} {
		for _, whose := range []string{"own", "cublas"} {
			b.Run(c.name+"/"+whose, func(b *testing.B) {
				d := timed(b, map[string]string{"own": "cuda:own", "cublas": "cuda"}[whose])
				if whose == "cublas" && d.products.lib == nil {
					b.Skip("cuBLAS is not installed")
				}
				var all []engine.Launch
				flops := 0.
				for _, s := range c.products {
					all = append(all, s.launch(b, d))
					flops += 2 * float64(s.m) * float64(s.n) * float64(s.k)
				}
				repeat(b, d, inTurns(all))
				flops *= float64(b.N) / b.Elapsed().Seconds()
				b.ReportMetric(flops/1e12, "TFLOP/s")
				share := flops / peak(b, d)
				b.ReportMetric(share, "of-peak")
				ended[c.name+"/"+whose] = true
				if c.target > 0 && whose == "own" {
					verdict(b, "share of the float32 peak", share, c.target)
				}
			})
		}
	}
}

// A shape is one of a product C = op(A)·op(B), [m, n] of [m, k] and [k, n].
type shape struct {
	m, n, k        int
	transA, transB bool
}

func (s shape) launch(b *testing.B, d *backend) engine.Launch {
	s.m, s.n, s.k = s.m/small, s.n/small, s.k/small
	p := &engine.Product{Name: "p", Batch: 1, M: s.m, N: s.n, K: s.k, TransA: s.transA, TransB: s.transB, LDA: s.k, LDB: s.n, Alpha: 1}
	if s.transA {
		p.LDA = s.m
	}
	if s.transB {
		p.LDB = s.k
	}
	p.A, p.B, p.C = numbers(b, d, s.m*s.k), numbers(b, d, s.k*s.n), empty(b, d, tensor.Float32, s.m*s.n)
	l, err := d.Lower(p)
	if err != nil {
		b.Fatal(err)
	}
	return l
}

// numbers are normal random numbers: a device that multiplies zeros needs less power, and runs at a higher clock.
func numbers(b *testing.B, d *backend, n int) engine.Buffer {
	x := empty(b, d, tensor.Float32, n)
	step(b, d, &engine.Random{Name: "numbers", Law: engine.Normal, Out: x}, engine.Clock{Seed: 1})
	return x
}

// peak is in float32 operations a second.
func peak(b *testing.B, d *backend) float64 {
	dev, err := cu.GetDevice(d.index)
	if err != nil {
		b.Fatal(err)
	}
	kilohertz, err := dev.Attribute(cu.ClockRate)
	if err != nil {
		b.Fatal(err)
	}
	return 256 * float64(d.multiprocessors) * float64(kilohertz) * 1e3
}

func inTurns(all []engine.Launch) engine.Launch {
	return func(c *engine.Clock) error {
		for _, l := range all {
			if err := l(c); err != nil {
				return err
			}
		}
		return nil
	}
}

// BenchmarkLoop times Adam's fused loop over 2^24 parameters by its traffic: 28 bytes each, four arrays read and three written.
func BenchmarkLoop(b *testing.B) {
	d := timed(b, "cuda:own")
	n := 1 << 24 / small
	array := func() engine.Operand { return engine.Operand{Kind: engine.Array, Buf: numbers(b, d, n)} }
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
	ended["loop"] = true
	verdict(b, "GB/s", 28*float64(n)*float64(b.N)/b.Elapsed().Seconds()/1e9, 2000)
}

// BenchmarkLayer times the upward pass of CD-1 on 784×500 units with batches of 4096, bias, activation and sample: in one kernel, and as
// uniform numbers, product and loop. The second moves 16 bytes an element more (numbers and product, written and read): 33 MB for 2
// million elements, some 13 µs at 2.5 TB/s beside the 48 µs of arithmetic; the one kernel draws four times the counters, about 60 integer
// operations an element beside 784 fused multiplications.
func BenchmarkLayer(b *testing.B) {
	m, n, k := 4096/small, 500/small, 784/small
	for _, fused := range []bool{true, false} {
		name := map[bool]string{true: "one kernel", false: "steps"}[fused]
		b.Run(name, func(b *testing.B) {
			d := timed(b, "cuda:own")
			p := &engine.Product{Name: "p", Batch: 1, M: m, N: n, K: k, LDA: k, LDB: n, Alpha: 1}
			p.A, p.B, p.C = numbers(b, d, m*k), numbers(b, d, k*n), empty(b, d, tensor.Float32, m*n)
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
			repeat(b, d, inTurns(all))
			ended[name] = true
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
	b.Logf("%s %.4g: target of %.4g %s", what, got, target, word)
}
