package kerneltest

import (
	"fmt"
	"testing"

	"cavity/engine"
	_ "cavity/engine/cpu"
	"cavity/engine/cpu/level"
	_ "cavity/engine/tape"
)

// TestBound runs the fast versions at every CPU level and with several numbers of workers.
func TestBound(t *testing.T) {
	for _, l := range level.Available() {
		for _, workers := range []int{1, 2, 5} {
			t.Run(fmt.Sprintf("%v/%d", l, workers), func(t *testing.T) {
				defer level.Use(l)()
				Run(t, Bound{Workers: workers})
			})
		}
	}
}

// TestBackends runs all backends that this machine has.
func TestBackends(t *testing.T) {
	for _, d := range engine.Drivers() {
		if d.Available() != nil {
			continue
		}
		t.Run(d.Name, func(t *testing.T) {
			b, err := engine.Open(d.Name, engine.Options{Workers: 2})
			if err != nil {
				t.Fatal(err)
			}
			Run(t, b)
			if err := b.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}
