package gemm

import "sync"

var (
	once32 = sync.Pool{New: func() any { return emptyPlan[float32]() }}
	once64 = sync.Pool{New: func() any { return emptyPlan[float64]() }}
)

// emptyPlan cannot fail: the zero Spec is a product without elements.
func emptyPlan[T Float]() *Plan[T] {
	p, err := New[T](Spec{})
	if err != nil {
		panic(err)
	}
	return p
}

// Multiply computes one product that no plan was made for, with memory of earlier such products in place of a Workspace. It reports what New reports, and panics
// as Run does. It may be called by many goroutines.
func Multiply[T Float](s Spec, a, b, c []T) error {
	pool := &once32
	if _, ok := any(T(0)).(float64); ok {
		pool = &once64
	}
	s.Workspace = nil // the pool's plans have their own
	p := pool.Get().(*Plan[T])
	defer pool.Put(p)
	if err := p.prepare(s); err != nil {
		return err
	}
	p.Run(a, b, c)
	return nil
}
