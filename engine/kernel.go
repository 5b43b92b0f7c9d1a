package engine

import "gorgonia.org/gorgonia"

// A Kernel is a gorgonia operation of our own. Host is its definition: plain Go, readable, run by the tape backend and
// held against every faster version. Out and in are host buffers, out never overlaps in unless the kernel is an InPlacer.
type Kernel interface {
	gorgonia.Op
	Host(c Clock, out Buffer, in []Buffer) error
}

// An InPlacer advances a state: when Host or the bound function starts, out already holds input InPlace() — the same
// memory where the compiler could arrange it, a copy elsewhere — and in[InPlace()] is that same memory.
type InPlacer interface {
	Kernel
	InPlace() int
}

// A Binder has a fast CPU version. Bind checks everything and allocates all scratch memory once; what it returns is
// called every step, must not allocate, and must give the same bits for any number of workers. For a kernel with
// discrete output they are the bits of Host.
type Binder interface {
	Kernel
	Bind(w Workers, out Buffer, in []Buffer) (func(c *Clock) error, error)
}

// An Elementwise kernel is one primitive of the backends' loops (such as "erf"), applied element by element to inputs
// of one shape and dtype; the engine fuses it with its neighbours.
type Elementwise interface {
	Kernel
	Elementwise() string
}

// A Sampler is an Elementwise kernel with one more operand, a tensor of uniform numbers of its input's shape:
// the stream from which they come and the primitive (such as "bernoulli") that takes (x, u).
type Sampler interface {
	Kernel
	Sample() (stream uint16, primitive string)
}

// A Source is a kernel without inputs that matter to its value: a tensor of random numbers.
type Source interface {
	Kernel
	Random() (stream uint16, law Law)
}

// A Drawer is a kernel that draws numbers of its own and whose systems (see [Split]) do not meet. They lie along Axis of its value, as
// [outer, systems, inner] in memory. From gives the same kernel for a part of them that begins after `first` elements of each row
// [systems, inner]: it draws the numbers that these systems have in the whole.
type Drawer interface {
	Kernel
	Axis() int
	From(first uint64) Kernel
}

// A Separable kernel may stand in a divided plan (see [Split]) as it is: what it computes for a system rests on that system's part of the
// inputs alone, and it draws no numbers or finds its own by [Clock].First. It is asked for the axis along which its value's systems lie and
// which of the inputs hold systems.
type Separable interface {
	Kernel
	Separable(axis int, in []bool) bool
}

// Law names a distribution of random tensors.
type Law uint8

// Uniform numbers lie in [0, 1); Normal ones have mean 0 and variance 1; Bits are uniform uint32.
const (
	Uniform Law = iota
	Normal
	Bits
)

// Workers is a pool of goroutines: Do runs f for every task below tasks and returns when all are done.
// worker < N() numbers the goroutine that runs the task, for scratch memory. Do does not allocate when f is not a
// fresh closure.
type Workers interface {
	N() int
	Do(tasks int, f func(task, worker int))
}
