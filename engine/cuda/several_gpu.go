//go:build gpu

package cuda

import (
	"errors"
	"fmt"
	"strings"

	"gorgonia.org/tensor"

	"cavity/engine"
)

// several are devices that share a plan by its independent systems.
type several struct {
	devices []*backend
}

func openSeveral(c choice, o engine.Options) (engine.Backend, error) {
	s := &several{}
	for _, index := range c.devices {
		one := c
		one.devices = []int{index}
		b, err := openOne(one, o)
		if err != nil {
			return nil, errors.Join(err, s.Close())
		}
		s.devices = append(s.devices, b)
	}
	return s, nil
}

// Name is "cuda:0,1".
func (s *several) Name() string {
	var names []string
	for _, b := range s.devices {
		names = append(names, fmt.Sprint(b.index))
	}
	return "cuda:" + strings.Join(names, ",")
}

// Devices are the backends that share the work.
func (s *several) Devices() (all []engine.Backend) {
	for _, b := range s.devices {
		all = append(all, b)
	}
	return all
}

// Facts are the devices and whose products they use.
func (s *several) Facts() map[string]string {
	facts := map[string]string{"name": s.Name()}
	for _, b := range s.devices {
		f := b.Facts()
		facts[b.Name()] = f["device"] + ", products: " + f["products"]
	}
	return facts
}

// Emulates tells whether the devices are emulated.
func (s *several) Emulates() (device string, emulated bool) { return s.devices[0].Emulates() }

// Sync waits for all devices.
func (s *several) Sync() error {
	var errs []error
	for _, b := range s.devices {
		errs = append(errs, b.Sync())
	}
	return errors.Join(errs...)
}

// Close closes all devices.
func (s *several) Close() error {
	var errs []error
	for _, b := range s.devices {
		errs = append(errs, b.Close())
	}
	return errors.Join(errs...)
}

var errDivided = errors.New("several devices have no memory in common: name one")

// Alloc and Lower are refused: Compile divides a plan among the devices.
func (s *several) Alloc(tensor.Dtype, int) (engine.Buffer, error) {
	return engine.Buffer{}, fmt.Errorf("%s: %w", s.Name(), errDivided)
}

// Lower is refused like Alloc.
func (s *several) Lower(engine.Step) (engine.Launch, error) {
	return nil, fmt.Errorf("%s: %w", s.Name(), errDivided)
}
