package kernels

import (
	"fmt"
	"sort"
)

// stencil is the number of kept times from which the value at a dropped one is interpolated.
const stencil = 8

// A Past is the plan by which kernels of a process with memory keep earlier times: all of the last few, and ever fewer of the older
// ones, with gaps of at most Widest steps. Kernels that weigh the past with a function R(t,s), smooth in s, keep for every kept
// time the sum of what they have to weigh, where a dropped time has given its share to its neighbours by the adjoint of
// Lagrange interpolation through eight points: what is weighed, a trajectory or its tangent, need not be smooth.
type Past struct {
	N      int // steps of the process
	Widest int // the widest gap in steps, a power of two; 1 keeps every time
	Slots  int // places for kept times
	steps  []pastStep
	drops  []pastDrop // in the order in which they happen
}

// pastStep is what concerns step i.
type pastStep struct {
	kept  []int // the times k < i that are kept, increasing
	slots []int // their places
	from  []int // for each of them as a column t': the position in kept of the first time s whose share of it can be non-zero
	slot  int   // the place of time i
	drops []int // indices into Past.drops of what is dropped when the step is done
	gone  int   // how many drops happened before this step
}

// pastDrop gives the weights by which the value at time is made of those at near.
type pastDrop struct {
	time, slot int
	near       []int // times
	nearSlots  []int
	weights    []float64
	columns    []int // slots of the columns in which time has a share
}

// PlanPast plans n steps with gaps of at most widest steps, a power of two.
func PlanPast(n, widest int) (*Past, error) {
	if n < 1 || widest < 1 || widest&(widest-1) != 0 {
		return nil, fmt.Errorf("kernels: past of %d steps with gaps of %d: want at least 1 step and a power of two", n, widest)
	}
	p := &Past{N: n, Widest: widest, steps: make([]pastStep, n)}
	b := pastBuilder{p: p, slotOf: map[int]int{}, low: map[int]int{}}
	for i := range n {
		b.step(i)
	}
	return p, nil
}

type pastBuilder struct {
	p      *Past
	kept   []int
	slotOf map[int]int
	low    map[int]int // of a column: the earliest time with a share in it
	free   []int
}

func (b *pastBuilder) step(i int) {
	s := &b.p.steps[i]
	s.gone = len(b.p.drops)
	s.kept = append([]int(nil), b.kept...)
	for _, k := range s.kept {
		s.slots = append(s.slots, b.slotOf[k])
		s.from = append(s.from, sort.SearchInts(s.kept, b.low[k]))
	}
	if len(b.free) == 0 {
		b.free = append(b.free, b.p.Slots)
		b.p.Slots++
	}
	s.slot = b.free[len(b.free)-1]
	b.free = b.free[:len(b.free)-1]
	b.slotOf[i], b.low[i] = s.slot, i+1
	b.kept = append(b.kept, i)
	for _, k := range s.kept {
		if b.due(i, k) {
			s.drops = append(s.drops, len(b.p.drops))
			b.drop(k)
		}
	}
}

// due tells whether step i drops time k: an odd multiple of the gap p goes when it is 8 p away from the present and from the
// beginning, so that its stencil is centred, and only while gaps may still widen.
func (b *pastBuilder) due(i, k int) bool {
	if k == 0 {
		return false
	}
	p := k & -k
	return 2*p <= b.p.Widest && min(i-k, k) >= stencil*p
}

func (b *pastBuilder) drop(k int) {
	at := sort.SearchInts(b.kept, k)
	b.kept = append(b.kept[:at], b.kept[at+1:]...)
	// Only times that outlive k's whole generation serve: shares handed along a generation would grow at every hand.
	p := k & -k
	var near []int
	for _, a := range b.kept {
		if a%(2*p) == 0 || a < stencil*(a&-a) {
			near = append(near, a)
		}
	}
	sort.SliceStable(near, func(x, y int) bool { return abs(near[x]-k) < abs(near[y]-k) })
	near = near[:min(stencil, len(near))]
	sort.Ints(near)
	d := pastDrop{time: k, slot: b.slotOf[k], near: near, weights: lagrange(near, k)}
	for _, a := range near {
		d.nearSlots = append(d.nearSlots, b.slotOf[a])
	}
	for _, c := range b.kept {
		if b.low[c] <= k {
			d.columns = append(d.columns, b.slotOf[c])
			b.low[c] = min(b.low[c], near[0])
		}
	}
	b.free = append(b.free, b.slotOf[k])
	delete(b.slotOf, k)
	delete(b.low, k)
	b.p.drops = append(b.p.drops, d)
}

// lagrange gives the weights of the values at times a in the polynomial through them at time k.
func lagrange(a []int, k int) []float64 {
	w := make([]float64, len(a))
	for i := range a {
		w[i] = 1
		for j := range a {
			if j != i {
				w[i] *= float64(k-a[j]) / float64(a[i]-a[j])
			}
		}
	}
	return w
}

func abs(x int) int {
	if x < 0 {
		return -x
	}
	return x
}

// fill completes row i of a function of two times from its values at the kept times: a time dropped late is filled in
// before one that was dropped early and may lean on it.
func (p *Past) fill(i int, row []float64) {
	for d := p.steps[i].gone - 1; d >= 0; d-- {
		drop := &p.drops[d]
		sum := 0.
		for a, k := range drop.near {
			sum += drop.weights[a] * row[k]
		}
		row[drop.time] = sum
	}
}

// Residual is the largest error of interpolating rows of R, [N, N] with R[i, s] at step i and earlier time s, at the
// moment when a time is dropped: what keeping every time would change in a row, in the units of R.
func (p *Past) Residual(r []float64) float64 {
	worst := 0.
	for i := range p.steps {
		for _, d := range p.steps[i].drops {
			drop := &p.drops[d]
			e := r[i*p.N+drop.time]
			for a, k := range drop.near {
				if k >= i {
					e = 0 // a neighbour has no value yet
					break
				}
				e -= drop.weights[a] * r[i*p.N+k]
			}
			worst = max(worst, e, -e)
		}
	}
	return worst
}

// Bytes is the size of the state of [ResponseStep] for m trajectories.
func (p *Past) Bytes(m int) int64 { return 4 * int64(p.Slots+1) * int64(p.Slots+1) * int64(m) }
