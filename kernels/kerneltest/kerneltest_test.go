package kerneltest

import (
	"context"
	"errors"
	"fmt"
	"os"
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

// TestSteadyState steps every case without allocating.
func TestSteadyState(t *testing.T) {
	for _, l := range level.Available() {
		for _, c := range Cases {
			undo := level.Use(l)
			p, _, err := program(c, Bound{Workers: 1})
			undo()
			if err != nil {
				t.Fatal(err)
			}
			ctx := context.Background()
			if n := testing.AllocsPerRun(3, func() { err = errors.Join(err, p.Step(ctx, 1)) }); n != 0 || err != nil {
				t.Errorf("%v %s: %v allocations a step, %v", l, c.Name, n, err)
			}
		}
	}
}

// TestBackends runs all backends that this machine has.
func TestBackends(t *testing.T) {
	for _, d := range engine.Drivers() {
		t.Run(d.Name, func(t *testing.T) {
			if err := d.Available(); err != nil {
				if d.Name == "cuda" && os.Getenv("CAVITY_REQUIRE_CUDA") != "" {
					t.Fatalf("left out: %v", err)
				}
				t.Skipf("left out: %v", err)
			}
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
