package cpu

import (
	"fmt"
	"testing"

	"cavity/engine"
	"cavity/engine/cpu/level"
	"cavity/engine/enginetest"
)

func TestConformance(t *testing.T) {
	for _, workers := range []int{1, 2, 3} {
		t.Run(fmt.Sprint(level.Of(), workers), func(t *testing.T) {
			b := New(engine.Options{Workers: workers})
			defer b.Close()
			enginetest.Run(t, b, enginetest.Plain{})
		})
	}
}

func TestPool(t *testing.T) {
	p := NewPool(3)
	defer p.Close()
	for round := 0; round < 2000; round++ {
		n := round % 17
		hits := make([]int32, n)
		p.Do(n, func(task, worker int) {
			if worker < 0 || worker >= 3 {
				t.Errorf("worker %d", worker)
			}
			hits[task]++
		})
		for i, h := range hits {
			if h != 1 {
				t.Fatalf("round %d: task %d ran %d times", round, i, h)
			}
		}
	}
}

func TestPoolRaisesATasksPanic(t *testing.T) {
	p := NewPool(2)
	defer p.Close()
	defer func() {
		if r := recover(); r != "broken" {
			t.Fatalf("recovered %v", r)
		}
		n := 0
		p.Do(1, func(int, int) { n++ })
		if n != 1 {
			t.Fatal("the pool does not work after a panic")
		}
	}()
	p.Do(100, func(task, _ int) {
		if task == 60 {
			panic("broken")
		}
	})
}
