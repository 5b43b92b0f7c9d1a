//go:build !gpu

package cuda

import (
	"errors"

	"cavity/engine"
)

var errNone = errors.New("this program was built without CUDA (build it with make cuda)")

func init() {
	engine.Register(engine.Driver{
		Name:      "cuda",
		Available: func() error { return errNone },
		Open:      func(string, engine.Options) (engine.Backend, error) { return nil, errNone },
		Describe:  func() (string, map[string]string) { return "built without CUDA", nil },
	})
}
