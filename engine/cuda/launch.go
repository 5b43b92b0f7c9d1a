package cuda

import (
	"fmt"

	"gorgonia.org/tensor"

	"cavity/engine"
)

// A Launch is one kernel on its way to the device: its code, its shape, its arguments.
type Launch struct {
	Source string // PTX text of a module; equal texts are loaded once
	Entry  string
	Grid   [3]int // 0 counts as 1
	Block  [3]int
	Shared int // bytes of dynamic shared memory
	// Args are an [engine.Buffer] (the address of its first element), a number (uint32, int32, uint64, int64, float32, float64),
	// a [Stream], a [Word], or a []byte: a struct passed by value.
	Args []any
	When func(c *engine.Clock) bool // nil: always
}

// A Stream as an argument is four uint32: the key and the upper half of the counter of the clock's stream of that number.
type Stream uint16

// A Word as an argument is a uint32 that depends on the clock.
type Word func(c *engine.Clock) uint32

// A Kernel is an operation of package kernels with a version for the device. CUDA checks everything, allocates all scratch memory
// once, and gives the launches of one run. It must give the bits of Host where the kernel's output is discrete.
type Kernel interface {
	engine.Kernel
	CUDA(d Device, out engine.Buffer, in []engine.Buffer) ([]Launch, error)
}

// Device is what a kernel may ask of the device that it is prepared for.
type Device interface {
	Alloc(dt tensor.Dtype, n int) (engine.Buffer, error) // zeroed
	Upload(data any) (engine.Buffer, error)              // a slice of numbers, as constant data
	Multiprocessors() int
}

// Blocks is the number of blocks of the given size that n threads fill.
func Blocks(n, block int) int { return (n + block - 1) / block }

// Threads is a launch of n threads in blocks of 256.
func Threads(source, entry string, n int, args ...any) Launch {
	return Launch{Source: source, Entry: entry, Grid: [3]int{Blocks(n, 256)}, Block: [3]int{256}, Args: args}
}

// InBlocksOf changes the size of the blocks of a launch made by [Threads].
func (l Launch) InBlocksOf(n int) Launch {
	l.Grid[0], l.Block[0] = Blocks(l.Grid[0]*l.Block[0], n), n
	return l
}

// Check finds launches that no device can run.
func (l Launch) Check() error {
	for i, limit := range [3]int{1<<31 - 1, 65535, 65535} {
		if l.Grid[i] < 0 || l.Grid[i] > limit {
			return fmt.Errorf("%s: %d blocks along axis %d, at most %d", l.Entry, l.Grid[i], i, limit)
		}
	}
	if n := max(l.Block[0], 1) * max(l.Block[1], 1) * max(l.Block[2], 1); n > 1024 {
		return fmt.Errorf("%s: %d threads a block, at most 1024", l.Entry, n)
	}
	return nil
}
