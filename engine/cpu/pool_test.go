package cpu

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
)

// BenchmarkPool is the cost of sharing out tasks that do nothing.
func BenchmarkPool(b *testing.B) {
	for _, workers := range []int{1, 2} {
		for _, tasks := range []int{2, 8} {
			b.Run(fmt.Sprintf("tasks=%d/workers=%d", tasks, workers), func(b *testing.B) {
				p := NewPool(workers)
				defer p.Close()
				f := func(int, int) {}
				for b.Loop() {
					p.Do(tasks, f)
				}
			})
		}
	}
}

// A worker that is held up at its first task keeps nobody from the others: the task ends when all of them have.
func TestPoolTakesTasksFromABusyWorker(t *testing.T) {
	for _, workers := range []int{2, 3} {
		p := NewPool(workers)
		for range 200 {
			var others atomic.Int32
			p.Do(12, func(task, _ int) {
				if task != 6 {
					others.Add(1)
					return
				}
				for others.Load() < 11 {
					runtime.Gosched()
				}
			})
		}
		p.Close()
	}
}

// Do sleeps, and is woken, when one task takes very long; so is a worker that has waited in vain.
func TestPoolSleeps(t *testing.T) {
	p := NewPool(2)
	defer p.Close()
	for range 20 {
		for !p.lanes[1].asleep.Load() {
			runtime.Gosched()
		}
		var ran atomic.Int32
		p.Do(2, func(task, worker int) {
			ran.Add(1)
			for task == 0 && worker == 0 && ran.Load() < 2 {
				runtime.Gosched() // until the other worker is awake and has the other task
			}
			for worker == 1 && !p.idle.v.Load() {
				runtime.Gosched()
			}
		})
		if ran.Load() != 2 {
			t.Fatalf("%d tasks ran", ran.Load())
		}
	}
}
