package cpu

import (
	"sync"
	"sync/atomic"
)

// Pool is a fixed set of goroutines; the caller of Do is worker 0. It implements engine.Workers. Calls of Do may not
// overlap or nest.
//
// Every worker begins with its own run of neighbouring tasks, the same run in every Do of as many tasks: what a worker
// has in its caches stays of use. One that is done takes what others have not begun, so that a worker whom the operating
// system has put aside holds up no more than the task it is at.
type Pool struct {
	lanes []lane
	left  padded[atomic.Int64] // tasks that are not finished
	idle  padded[atomic.Bool]  // Do sleeps until all is finished
	done  chan struct{}
	stop  atomic.Bool
	mu    sync.Mutex
	crash any // the first panic of a task, raised again by Do
}

// padded keeps what several workers write from sharing cache lines, which processors fetch in pairs.
type padded[T any] struct {
	v T
	_ [128]byte
}

// A lane is what belongs to one worker.
type lane struct {
	span   atomic.Uint64 // its tasks that nobody has taken: from the lower half to below the upper
	f      func(task, worker int)
	asleep atomic.Bool
	wake   chan struct{}
	_      [128]byte
}

// NewPool starts n-1 goroutines.
func NewPool(n int) *Pool {
	p := &Pool{lanes: make([]lane, max(n, 1)), done: make(chan struct{}, 1)}
	for w := 1; w < len(p.lanes); w++ {
		p.lanes[w].wake = make(chan struct{}, 1)
		go p.work(w)
	}
	return p
}

// N is the number of workers.
func (p *Pool) N() int { return len(p.lanes) }

// Do runs f for every task below tasks. With several workers there may be 2³¹ tasks.
func (p *Pool) Do(tasks int, f func(task, worker int)) {
	n := len(p.lanes)
	if n == 1 || tasks <= 1 {
		for t := range tasks {
			f(t, 0)
		}
		return
	}
	p.left.v.Store(int64(tasks))
	for w := n - 1; w >= 0; w-- {
		l := &p.lanes[w]
		first, end := (w*tasks+n-1)/n, ((w+1)*tasks+n-1)/n
		l.f = f
		l.span.Store(uint64(end)<<32 | uint64(first))
		if first < end && l.asleep.Load() && l.asleep.CompareAndSwap(true, false) {
			l.wake <- struct{}{}
		}
	}
	p.take(0)
	p.await()
	if c := p.crash; c != nil {
		p.crash = nil
		panic(c)
	}
}

// await returns when all tasks are finished.
func (p *Pool) await() {
	for range spins {
		if p.left.v.Load() == 0 {
			return
		}
		pause()
	}
	p.idle.v.Store(true)
	if p.left.v.Load() == 0 && p.idle.v.CompareAndSwap(true, false) {
		return
	}
	<-p.done
}

// take runs a worker's own tasks and then, one by one from the end, those that others have not begun.
func (p *Pool) take(worker int) {
	if p.run(worker, &p.lanes[worker], false) == 0 {
		return
	}
	for k := 1; k < len(p.lanes); k++ {
		p.run(worker, &p.lanes[(worker+k)%len(p.lanes)], true)
	}
}

// run runs tasks of a lane and tells how many of all are left.
func (p *Pool) run(worker int, l *lane, last bool) (left int64) {
	taken := int64(0)
	defer func() {
		if r := recover(); r != nil {
			taken += p.fail(r)
		}
		if taken == 0 {
			left = p.left.v.Load()
		} else if left = p.left.v.Add(-taken); left == 0 && worker != 0 && p.idle.v.CompareAndSwap(true, false) {
			p.done <- struct{}{}
		}
	}()
	for t, ok := l.take(last); ok; t, ok = l.take(last) {
		taken++
		l.f(t, worker)
	}
	return 0
}

// fail keeps a panic for Do and takes all tasks that nobody has begun; it tells how many these were.
func (p *Pool) fail(crash any) (taken int64) {
	p.mu.Lock()
	if p.crash == nil {
		p.crash = crash
	}
	p.mu.Unlock()
	for w := range p.lanes {
		for _, ok := p.lanes[w].take(true); ok; _, ok = p.lanes[w].take(true) {
			taken++
		}
	}
	return taken
}

// take takes the first or the last task of the span. It may be one of a Do later than the caller believes: the span is
// set after all else, so whoever takes a task sees everything that belongs to it.
func (l *lane) take(last bool) (task int, ok bool) {
	for {
		s := l.span.Load()
		first, end := s&(1<<32-1), s>>32
		if first >= end {
			return 0, false
		}
		next, task := s+1, first
		if last {
			next, task = s-1<<32, end-1
		}
		if l.span.CompareAndSwap(s, next) {
			return int(task), true
		}
	}
}

// empty reports that nothing is left to take.
func (l *lane) empty() bool {
	s := l.span.Load()
	return s&(1<<32-1) >= s>>32
}

func (p *Pool) work(w int) {
	l := &p.lanes[w]
	for {
		for i := 0; l.empty() && !p.stop.Load(); i++ {
			if i < spins {
				pause()
				continue
			}
			l.asleep.Store(true)
			// Work that came meanwhile keeps it awake, unless Do has already decided to wake it.
			if (l.empty() && !p.stop.Load()) || !l.asleep.CompareAndSwap(true, false) {
				<-l.wake
			}
			i = 0
		}
		if p.stop.Load() {
			return
		}
		p.take(w)
	}
}

// Close ends the goroutines.
func (p *Pool) Close() {
	if p.stop.Swap(true) {
		return
	}
	for w := 1; w < len(p.lanes); w++ {
		if p.lanes[w].asleep.CompareAndSwap(true, false) {
			p.lanes[w].wake <- struct{}{}
		}
	}
}
