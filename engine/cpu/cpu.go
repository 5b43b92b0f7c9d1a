// Package cpu is the backend that needs nothing installed: it lowers the engine's steps to the products of package gemm,
// the elementwise primitives of package vec and the kernels' fast versions, and spreads them over a pool of workers.
//
// A Program's bits do not depend on the number of workers: elements may be divided in any way, for none depends on another
// of its step, and sums are never divided among workers.
package cpu

import (
	"fmt"
	"runtime"

	_ "go4.org/unsafe/assume-no-moving-gc" // gorgonia's older pin of it panics on this Go version
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/cpu/gemm"
	"cavity/engine/cpu/level"
)

func init() {
	engine.Register(engine.Driver{
		Name:      "cpu",
		Available: func() error { return nil },
		Open: func(arg string, o engine.Options) (engine.Backend, error) {
			if arg != "" {
				return nil, fmt.Errorf("cpu: no device %q; write plain cpu", arg)
			}
			return New(o), nil
		},
		Describe: func() (string, map[string]string) {
			return "Go and assembly", map[string]string{"level": level.Of().String(), "cores": fmt.Sprint(runtime.NumCPU())}
		},
	})
}

// Backend is the CPU with a pool of workers.
type Backend struct {
	Library Library // multiplies in place of package gemm; nil: none

	pool  *Pool
	space *gemm.Workspace // shared by all products: they run one after the other
}

// A Library prepares dense products with code from elsewhere; see package openblas.
type Library interface {
	Name() string
	Product32(s gemm.Spec) (Runner[float32], error)
	Product64(s gemm.Spec) (Runner[float64], error)
}

// A Runner is a product ready to run.
type Runner[T gemm.Float] interface{ Run(a, b, c []T) }

// New opens the CPU with the given number of workers, all cores for 0.
func New(o engine.Options) *Backend {
	n := o.Workers
	if n == 0 {
		n = runtime.GOMAXPROCS(0)
	}
	return &Backend{pool: NewPool(n), space: new(gemm.Workspace)}
}

// Name is "cpu", or that of the library that multiplies.
func (b *Backend) Name() string {
	if b.Library != nil {
		return b.Library.Name()
	}
	return "cpu"
}

// Workers is the pool.
func (b *Backend) Workers() engine.Workers { return b.pool }

// Close stops the workers.
func (b *Backend) Close() error {
	b.pool.Close()
	return nil
}

// Alloc makes zeroed memory aligned to a cache line.
func (b *Backend) Alloc(dt tensor.Dtype, n int) (engine.Buffer, error) {
	return engine.NewHostBuffer(dt, n), nil
}

// Free is what the machine can give without swapping: see [engine.FreeMemory].
func (b *Backend) Free() int64 { return engine.FreeMemory() }

// Lower prepares a step.
func (b *Backend) Lower(s engine.Step) (engine.Launch, error) {
	switch s := s.(type) {
	case *engine.Product:
		return b.product(s)
	case *engine.Loop:
		return b.loop(s)
	case *engine.Reduce:
		return b.reduce(s)
	case *engine.Softmax:
		return b.softmax(s)
	case *engine.SoftmaxGrad:
		return b.softmaxGrad(s)
	case *engine.Random:
		return b.random(s)
	case *engine.Move:
		return b.move(s)
	case *engine.Call:
		return b.call(s)
	}
	return nil, fmt.Errorf("cpu: no code for %T", s)
}

// call binds a kernel's fast version, or runs its definition where it has none.
func (b *Backend) call(s *engine.Call) (engine.Launch, error) {
	if k, ok := s.Kernel.(engine.Binder); ok {
		return k.Bind(b.pool, s.Out, s.In)
	}
	return func(c *engine.Clock) error { return s.Kernel.Host(*c, s.Out, s.In) }, nil
}
