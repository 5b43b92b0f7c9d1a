package openblas

import (
	"fmt"
	"runtime"

	"cavity/engine"
	"cavity/engine/cpu"
	"cavity/engine/cpu/gemm"
)

func init() {
	engine.Register(engine.Driver{
		Name:      "openblas",
		Available: func() error { _, err := Open(); return err },
		Open:      openBackend,
		Describe: func() (string, map[string]string) {
			lib, err := Open()
			if err != nil {
				return "", nil
			}
			return "OpenBLAS", map[string]string{"core": lib.Core, "library": lib.Path, "config": lib.Config}
		},
	})
}

// openBackend is the CPU backend with this library's products, on as many threads as there are workers.
func openBackend(arg string, o engine.Options) (engine.Backend, error) {
	if arg != "" {
		return nil, fmt.Errorf("openblas: no device %q; write plain openblas", arg)
	}
	lib, err := Open()
	if err != nil {
		return nil, err
	}
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if err := lib.SetThreads(o.Workers); err != nil {
		return nil, err
	}
	b := cpu.New(o)
	b.Library = products{lib}
	return b, nil
}

type products struct{ lib *Library }

func (products) Name() string { return "openblas" }

func (p products) Product32(s gemm.Spec) (cpu.Runner[float32], error) { return p.lib.New32(s) }

func (p products) Product64(s gemm.Spec) (cpu.Runner[float64], error) { return p.lib.New64(s) }
