package enginetest

import (
	"errors"
	"fmt"

	"gorgonia.org/tensor"

	"cavity/engine"
)

// Parts are backends that divide plans by their systems (see [engine.Split]): what several GPUs do, on any backend.
type Parts []engine.Backend

// PlainParts are n times [Plain], whose products add up in one order whatever the number of rows; for one the plan is whole.
func PlainParts(n int) (p Parts) {
	for range n {
		p = append(p, Plain{})
	}
	return p
}

// Devices are the backends.
func (p Parts) Devices() []engine.Backend { return p }

// Name tells how many.
func (p Parts) Name() string { return fmt.Sprintf("%d parts on %s", len(p), p[0].Name()) }

// Alloc and Lower are errors: [engine.Compile] divides a plan among the backends.
func (p Parts) Alloc(tensor.Dtype, int) (engine.Buffer, error) {
	return engine.Buffer{}, errors.New("parts have no memory in common")
}

// Lower is an error like Alloc.
func (p Parts) Lower(engine.Step) (engine.Launch, error) {
	return nil, errors.New("parts have no steps in common")
}

// Close closes all.
func (p Parts) Close() error {
	var errs []error
	for _, b := range p {
		errs = append(errs, b.Close())
	}
	return errors.Join(errs...)
}
