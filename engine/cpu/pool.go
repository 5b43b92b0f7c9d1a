package cpu

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Pool is a fixed set of goroutines; the caller of Do is worker 0. It implements engine.Workers. Calls of Do may not
// overlap or nest.
type Pool struct {
	n     int
	f     func(task, worker int)
	tasks int64
	next  atomic.Int64
	epoch atomic.Uint64 // grows with every Do; workers spin on it for a moment before they sleep
	busy  atomic.Int64  // workers that have not finished the present Do
	sleep []atomic.Bool
	wake  []chan struct{}
	stop  atomic.Bool
	mu    sync.Mutex
	crash any // the first panic of a task, raised again by Do
}

// spins is how often an idle worker looks for work before it sleeps: some tens of microseconds, the gap between two
// steps of a Program.
const spins = 4000

// NewPool starts n-1 goroutines.
func NewPool(n int) *Pool {
	p := &Pool{n: max(n, 1)}
	p.sleep = make([]atomic.Bool, p.n)
	p.wake = make([]chan struct{}, p.n)
	for w := 1; w < p.n; w++ {
		p.wake[w] = make(chan struct{}, 1)
		go p.work(w)
	}
	return p
}

// N is the number of workers.
func (p *Pool) N() int { return p.n }

// Do runs f for every task below tasks.
func (p *Pool) Do(tasks int, f func(task, worker int)) {
	if p.n == 1 || tasks <= 1 {
		for t := 0; t < tasks; t++ {
			f(t, 0)
		}
		return
	}
	p.f, p.tasks = f, int64(tasks)
	p.next.Store(0)
	p.busy.Store(int64(p.n - 1))
	p.epoch.Add(1)
	for w := 1; w < p.n; w++ {
		if p.sleep[w].CompareAndSwap(true, false) {
			p.wake[w] <- struct{}{}
		}
	}
	p.take(0)
	for i := 0; p.busy.Load() > 0; i++ {
		if i > 100 {
			runtime.Gosched()
		}
	}
	p.f = nil
	if p.crash != nil {
		c := p.crash
		p.crash = nil
		panic(c)
	}
}

func (p *Pool) take(worker int) {
	defer func() {
		if r := recover(); r != nil {
			p.mu.Lock()
			if p.crash == nil {
				p.crash = r
			}
			p.mu.Unlock()
			p.next.Store(p.tasks)
		}
	}()
	for {
		t := p.next.Add(1) - 1
		if t >= p.tasks {
			return
		}
		p.f(int(t), worker)
	}
}

func (p *Pool) work(w int) {
	seen := uint64(0)
	for {
		for i := 0; p.epoch.Load() == seen; i++ {
			if i < spins {
				if i%64 == 63 {
					runtime.Gosched()
				}
				continue
			}
			p.sleep[w].Store(true)
			if p.epoch.Load() != seen || p.stop.Load() {
				// Work came meanwhile: stay awake, unless Do has already decided to wake us.
				if !p.sleep[w].CompareAndSwap(true, false) {
					<-p.wake[w]
				}
				break
			}
			<-p.wake[w]
		}
		if p.stop.Load() {
			return
		}
		seen = p.epoch.Load()
		p.take(w)
		p.busy.Add(-1)
	}
}

// Close ends the goroutines.
func (p *Pool) Close() {
	if p.stop.Swap(true) {
		return
	}
	p.epoch.Add(1)
	for w := 1; w < p.n; w++ {
		if p.sleep[w].CompareAndSwap(true, false) {
			p.wake[w] <- struct{}{}
		}
	}
}
