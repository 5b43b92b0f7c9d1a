package kernels

import (
	"testing"
)

// Every round is a permutation; rounds differ; first elements are uniform: χ² over 16 cells of 4,096 rounds below 45 (false
// alarm 8e-5).
func TestShuffledIsAPermutation(t *testing.T) {
	for _, n := range []uint64{1, 2, 3, 17, 64, 1000} {
		for round := range uint64(3) {
			seen := make([]bool, n)
			for i := range n {
				j := Shuffled(7, round, 1, 2, i, n)
				if j >= n || seen[j] {
					t.Fatalf("n=%d round %d: %d comes twice or is out of range", n, round, j)
				}
				seen[j] = true
			}
		}
	}
	var cells [16]float64
	for round := range uint64(4096) {
		cells[Shuffled(3, round, 0, 0, 5, 16)]++
	}
	chi := 0.0
	for _, c := range cells {
		chi += (c - 256) * (c - 256) / 256
	}
	if chi > 45 {
		t.Errorf("element 5 of 16 goes to %v: χ² = %.1f", cells, chi)
	}
}
