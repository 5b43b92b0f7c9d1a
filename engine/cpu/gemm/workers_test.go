package gemm_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"cavity/engine/cpu"
	"cavity/engine/cpu/gemm"
)

// BenchmarkWorkers compares two workers of the CPU backend's pool with one, in turn, by the best run of each.
func BenchmarkWorkers(b *testing.B) {
	two, one := cpu.NewPool(2), cpu.NewPool(1)
	defer two.Close()
	for _, s := range []gemm.Spec{{M: 128, N: 500, K: 784}, {M: 128, N: 784, K: 500, TransB: true}, {M: 784, N: 500, K: 128, TransA: true}, {M: 1024, N: 1024, K: 1024}} {
		b.Run(fmt.Sprintf("%dx%dx%d", s.M, s.N, s.K), func(b *testing.B) {
			s.Alpha, s.Workers = 1, 2
			p, err := gemm.New32(s)
			if err != nil {
				b.Fatal(err)
			}
			x, y, z := make([]float32, s.M*s.K), make([]float32, s.K*s.N), make([]float32, s.M*s.N)
			r := rand.New(rand.NewPCG(1, 2))
			for _, v := range [][]float32{x, y} {
				for i := range v {
					v[i] = float32(r.NormFloat64())
				}
			}
			best := [2]float64{math.Inf(1), math.Inf(1)}
			for b.Loop() {
				for i, pool := range []*cpu.Pool{one, two} {
					for range 4 { // as in a program, where the next product finds the workers awake
						start := time.Now()
						p.RunOn(pool, x, y, z)
						best[i] = min(best[i], time.Since(start).Seconds())
					}
				}
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(2*float64(s.M)*float64(s.N)*float64(s.K)/best[1]/1e9, "GFLOP/s")
			b.ReportMetric(best[0]/best[1], "speedup")
		})
	}
}
