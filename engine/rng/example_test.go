package rng_test

import (
	"fmt"

	"cavity/engine/rng"
)

// Two workers fill a tensor in halves and get what one would.
func Example() {
	const seed, pass, stage, stream = 42, 1000, 1, 7
	s := rng.At(seed, pass, stage, stream)

	whole := make([]float32, 1000)
	s.FillFloat32(whole, 0)

	halves := make([]float32, 1000)
	s.FillFloat32(halves[333:], 333)
	s.FillFloat32(halves[:333], 0)

	same := true
	for i := range whole {
		same = same && whole[i] == halves[i] && whole[i] == s.Float32(uint64(i))
	}
	fmt.Println(same)
	// Output: true
}

// A heat-bath spin is up with the probability of its threshold.
func ExampleStream_Bernoulli() {
	up, err := rng.Threshold(.75)
	if err != nil {
		fmt.Println(err)
		return
	}
	s := rng.At(1, 0, 0, 0)
	n := 0
	for e := range uint64(1000) {
		if s.Bernoulli(e, up) {
			n++
		}
	}
	fmt.Println(n > 700 && n < 800)
	// Output: true
}
