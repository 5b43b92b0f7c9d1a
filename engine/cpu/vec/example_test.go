package vec_test

import (
	"fmt"
	"unsafe"

	"cavity/engine/cpu/vec"
)

// One instruction of a fused loop: y = 2x + y over a tile.
func ExampleFind() {
	x, y, two := []float32{1, 2, 3}, []float32{10, 20, 30}, float32(2)
	multiplyAdd, ok := vec.Find("fma", "vsv", vec.Float32)
	if !ok {
		panic("no fma.vsv")
	}
	multiplyAdd(len(y), unsafe.Pointer(&y[0]), unsafe.Pointer(&x[0]), unsafe.Pointer(&two), unsafe.Pointer(&y[0]))
	fmt.Println(y)
	// Output: [12 24 36]
}

// Blocks may be summed by any number of workers: the tree over their sums is the same.
func ExamplePairwise() {
	x := make([]float32, 10000)
	for i := range x {
		x[i] = 0.1
	}
	sums := make([]float64, vec.Blocks(len(x)))
	vec.SumBlocks(sums[:1], x[:vec.BlockLen]) // one worker
	vec.SumBlocks(sums[1:], x[vec.BlockLen:]) // another
	fmt.Println(vec.Pairwise(sums) == vec.Sum(x))
	// Output: true
}

func ExampleRows_Softmax() {
	x := []float64{0, 0, 0, 0, 1000, -1000}
	vec.NewRows[float64]().Softmax(x, x, 2)
	fmt.Println(x)
	// Output: [0.5 0.5 0.5 0.5 1 0]
}
