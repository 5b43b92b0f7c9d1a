// Package ptx holds the backend's own device code: kernels in CUDA C with the PTX that they compile to, and the elementwise
// primitives that generated loops are made of. `make cuda-ptx` compiles, `make cuda-ptx-check` compares.
package ptx

import (
	_ "embed" // the texts
	"fmt"
	"strings"
	"sync"
)

// The modules.
var (
	//go:embed gemm.ptx
	Gemm string
	//go:embed layer.ptx
	Layer string
	//go:embed move.ptx
	Move string
	//go:embed random.ptx
	Random string
	//go:embed reduce.ptx
	Reduce string
	//go:embed softmax.ptx
	Softmax string
)

//go:embed primitives.txt
var primitives string

// A Primitive is one elementwise operation as a block of PTX with $0 for the result and $1, $2, $3 for the operands.
type Primitive struct {
	Arity int
	Text  string
}

var table = sync.OnceValue(func() map[string]Primitive {
	m := map[string]Primitive{}
	for _, block := range strings.Split(primitives, "\n\n")[1:] {
		head, text, _ := strings.Cut(strings.TrimSpace(block), "\n")
		var name, dtype string
		var p Primitive
		if _, err := fmt.Sscan(head, &name, &dtype, &p.Arity); err != nil {
			panic("ptx: primitives.txt: " + head)
		}
		p.Text = text
		m[name+"."+dtype] = p
	}
	return m
})

// Find looks up a primitive of package engine/cpu/vec for numbers of 32 or 64 bits.
func Find(op string, bits int) (Primitive, bool) {
	p, ok := table()[fmt.Sprintf("%s.f%d", op, bits)]
	return p, ok
}
