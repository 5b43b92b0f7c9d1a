package openblas

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"cavity/engine/cpu/gemm"
)

// shapes are those of training an RBM of 784×500 and a net of 784-100-100-10, and large squares.
var shapes = []gemm.Spec{
	{M: 128, N: 500, K: 784},
	{M: 128, N: 784, K: 500, TransB: true},
	{M: 784, N: 500, K: 128, TransA: true},
	{M: 1024, N: 1024, K: 1024},
	{M: 1024, N: 1024, K: 1024, TransB: true},
	{M: 1024, N: 1024, K: 1024, TransA: true},
	{M: 100, N: 100, K: 784},
	{M: 784, N: 100, K: 100, TransA: true},
	{M: 100, N: 784, K: 100, TransB: true},
	{M: 100, N: 1000, K: 30},
	{M: 100, N: 30, K: 1000, TransB: true},
	{M: 1000, N: 30, K: 100, TransA: true},
	{M: 100, N: 10, K: 100},
	{M: 100, N: 100, K: 10, TransB: true},
	{M: 10, N: 10, K: 10},
	{M: 2, N: 2, K: 2},
	{M: 1, N: 784, K: 500},
	{M: 1, N: 784, K: 500, TransB: true},
	{M: 784, N: 1, K: 500},
	{M: 4, N: 784, K: 500, TransB: true},
}

// BenchmarkRatio runs our product and OpenBLAS's in turn and reports the GFLOP/s of the fastest run of each, and their ratio: of the best runs, since
// on a shared machine only they say what the code can do. Pin it: GOMAXPROCS=1 taskset -c 1 go test -bench Ratio.
func BenchmarkRatio(b *testing.B) {
	l := library(b)
	for _, s := range shapes {
		s.Alpha = 1
		b.Run("32/"+title(s), func(b *testing.B) { ratio(b, s, must(gemm.New32(s)), must(l.New32(s))) })
	}
	for _, s := range shapes[:6] {
		s.Alpha = 1
		b.Run("64/"+title(s), func(b *testing.B) { ratio(b, s, must(gemm.New64(s)), must(l.New64(s))) })
	}
}

func must[P any](p P, err error) P {
	if err != nil {
		panic(err)
	}
	return p
}

func title(s gemm.Spec) string {
	letter := map[bool]string{false: "N", true: "T"}
	return fmt.Sprintf("%dx%dx%d%s%s", s.M, s.N, s.K, letter[s.TransA], letter[s.TransB])
}

func ratio[T gemm.Float](b *testing.B, s gemm.Spec, ours, theirs interface{ Run(a, b, c []T) }) {
	r := rand.New(rand.NewPCG(1, 2))
	operands := make([][]T, 3)
	for i, n := range []int{s.M * s.K, s.K * s.N, s.M * s.N} {
		operands[i] = make([]T, n)
		for j := range operands[i] {
			operands[i][j] = T(r.NormFloat64())
		}
	}
	flops := 2 * float64(s.M) * float64(s.N) * float64(s.K)
	repeat := 1 + int(1e6/flops)
	best := [2]float64{math.Inf(1), math.Inf(1)}
	for b.Loop() {
		for i, p := range []interface{ Run(a, b, c []T) }{ours, theirs} {
			start := time.Now()
			for range repeat {
				p.Run(operands[0], operands[1], operands[2])
			}
			best[i] = min(best[i], time.Since(start).Seconds()/float64(repeat))
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(flops/best[0]/1e9, "GFLOP/s")
	b.ReportMetric(flops/best[1]/1e9, "openblas-GFLOP/s")
	b.ReportMetric(best[1]/best[0], "ratio")
	b.ReportMetric(best[0]*1e9, "best-ns")
}
