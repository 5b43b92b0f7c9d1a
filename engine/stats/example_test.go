package stats_test

import (
	"fmt"
	"math"

	"cavity/engine/rng"
	"cavity/engine/stats"
)

// memory is a chain that forgets a tenth of its past at every step: ρ(t) = .9^t, τ = 9.5, mean 0, variance 1.
func memory(seed uint64, n int) []float64 {
	x := make([]float64, n)
	rng.At(seed, 0, 0, 0).FillNormal64(x, 0)
	for t := 1; t < n; t++ {
		x[t] = .9*x[t-1] + math.Sqrt(1-.81)*x[t]
	}
	return x
}

// The error of the mean of a correlated chain, while it is being measured.
func ExampleBinning() {
	var b stats.Binning
	for _, x := range memory(1, 100000) {
		b.Add(x)
	}
	e, converged := b.Estimate()
	fmt.Println(converged, b.Bad() == 0)
	fmt.Println(math.Abs(e.Value) < 4*e.Err)
	exact := math.Sqrt(2 * 9.5 / 100000)
	fmt.Println(math.Abs(e.Err/exact-1) < .1)
	// Output:
	// true true
	// true
	// true
}

// The integrated autocorrelation time with its error.
func ExampleTau() {
	r, err := stats.Tau(memory(1, 50000), memory(2, 50000))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("within two errors of 9.5:", math.Abs(r.Tau.Sigmas(9.5)) < 2)
	// Output: within two errors of 9.5: true
}

// The Binder cumulant ½(3-⟨m⁴⟩/⟨m²⟩²) of a Gaussian magnetisation is zero.
func ExampleJackknife() {
	blocks, err := stats.NewBlocks(2, 64)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, m := range memory(3, 200000) {
		blocks.Add([]float64{m * m, m * m * m * m})
	}
	binder, err := stats.Jackknife(blocks.Rows(), func(m []float64) float64 { return (3 - m[1]/(m[0]*m[0])) / 2 })
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(math.Abs(binder.Sigmas(0)) < 3, binder.Err < .02)
	// Output: true true
}

// Two short runs of a two-level system give its free energy at any temperature between them.
func ExampleCombine() {
	h, err := stats.Combine(stats.Runs{
		Beta:   []float64{0, math.Log(3)}, // upper level occupied half, and a quarter of the time
		Energy: [][]float64{{0, 1, 0, 1}, {0, 0, 1, 0}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.6f %.6f\n", h.LogZ(math.Ln2), math.Log(1.5/2))
	// Output: -0.287682 -0.287682
}

// Errors are printed in parentheses, in units of the last digit.
func ExampleEstimate() {
	fmt.Println(stats.Estimate{Value: -1.7374, Err: .0021})
	// Output: -1.7374(21)
}
