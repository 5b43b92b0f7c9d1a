package gemm_test

import (
	"fmt"

	"cavity/engine/cpu/gemm"
)

// A plan is made once for a shape; running it allocates nothing.
func ExampleNew32() {
	plan, err := gemm.New32(gemm.Spec{M: 2, N: 2, K: 3, Alpha: 1, TransB: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	a := []float32{
		1, 2, 3,
		4, 5, 6,
	}
	b := []float32{ // the rows of Bᵀ
		1, 0, 1,
		0, 1, 0,
	}
	c := make([]float32, 4)
	plan.Run(a, b, c)
	fmt.Println(c)
	// Output: [4 2 10 5]
}

// Rows of a product can be consumed as they are made: the largest element of every row, without storing the product.
func ExamplePlan_Rows() {
	const m, n, k = 4, 3, 2
	plan, err := gemm.New32(gemm.Spec{M: m, N: n, K: k, Alpha: 1, Stream: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	a := []float32{1, 0, 0, 1, 1, 1, 2, -1}
	b := []float32{1, 2, 3, 6, 5, 4}
	row := make([]float32, n)
	plan.Start(a, b)
	for i := range m {
		plan.Rows(0, a, row, i, i+1)
		fmt.Println(max(row[0], row[1], row[2]))
	}
	// Output:
	// 3
	// 6
	// 7
	// 2
}
