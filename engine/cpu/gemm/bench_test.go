package gemm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

// fastest runs the functions in turn and returns the best time of each: on a shared machine only the best runs say what the code can do.
func fastest(b *testing.B, runs ...func()) []float64 {
	best := make([]float64, len(runs))
	for i := range best {
		best[i] = math.Inf(1)
	}
	for b.Loop() {
		for i, run := range runs {
			start := time.Now()
			run()
			best[i] = min(best[i], time.Since(start).Seconds())
		}
	}
	b.ReportMetric(0, "ns/op")
	return best
}

// BenchmarkSparse compares a listed left operand with the dense product, in GFLOP/s of the dense one.
func BenchmarkSparse(b *testing.B) {
	for _, share := range []float64{.02, .13, .18} {
		for _, s := range []Spec{{M: 128, N: 500, K: 784, Alpha: 1}, {M: 784, N: 500, K: 128, TransA: true, Alpha: 1}} {
			b.Run(fmt.Sprintf("%dx%dx%d/%.2f", s.M, s.N, s.K, share), func(b *testing.B) {
				r := rand.New(rand.NewPCG(1, 2))
				dense, err := New32(s)
				if err != nil {
					b.Fatal(err)
				}
				s.Sparse = true
				list, err := New32(s)
				if err != nil {
					b.Fatal(err)
				}
				x, y, z := mostlyZero(r, lengthA(dense), share), random[float32](r, lengthB(dense)), make([]float32, lengthC(dense))
				best := fastest(b, func() { list.Run(x, y, z) }, func() { dense.Run(x, y, z) })
				flops := 2 * float64(s.M) * float64(s.N) * float64(s.K)
				b.ReportMetric(flops/best[0]/1e9, "GFLOP/s")
				b.ReportMetric(flops/best[1]/1e9, "dense-GFLOP/s")
			})
		}
	}
}

// goroutines is a pool for tests: tasks are dealt out as they are asked for.
type goroutines struct{ n int }

func (g goroutines) N() int { return g.n }

func (g goroutines) Do(tasks int, f func(task, worker int)) {
	var (
		wait sync.WaitGroup
		lock sync.Mutex
		next int
	)
	for w := range g.n {
		wait.Go(func() {
			for {
				lock.Lock()
				t := next
				next++
				lock.Unlock()
				if t >= tasks {
					return
				}
				f(t, w)
			}
		})
	}
	wait.Wait()
}

// BenchmarkBatch multiplies a batch of small matrices; ns/product is what one costs.
func BenchmarkBatch(b *testing.B) {
	for _, n := range []int{2, 4, 8, 16} {
		b.Run(fmt.Sprintf("%dx%d", n, n), func(b *testing.B) {
			const batch = 1000
			p, err := New32(Spec{M: n, N: n, K: n, Alpha: 1, Batch: batch, StrideA: n * n, StrideB: n * n, StrideC: n * n})
			if err != nil {
				b.Fatal(err)
			}
			r := rand.New(rand.NewPCG(1, 2))
			x, y, z := random[float32](r, lengthA(p)), random[float32](r, lengthB(p)), make([]float32, lengthC(p))
			best := fastest(b, func() { p.Run(x, y, z) })
			b.ReportMetric(best[0]*1e9/batch, "ns/product")
		})
	}
}

// BenchmarkTiny is one product of 2×2 matrices, whose plan is there, and without a plan.
func BenchmarkTiny(b *testing.B) {
	s := Spec{M: 2, N: 2, K: 2, Alpha: 1}
	p, err := New32(s)
	if err != nil {
		b.Fatal(err)
	}
	x, y, z := make([]float32, 4), make([]float32, 4), make([]float32, 4)
	b.Run("plan", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			p.Run(x, y, z)
		}
	})
	b.Run("Multiply", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := Multiply(s, x, y, z); err != nil {
				b.Fatal(err)
			}
		}
	})
}
