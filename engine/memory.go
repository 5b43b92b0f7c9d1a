package engine

import (
	"fmt"
	"sort"

	"gorgonia.org/tensor"
)

// work is a step before its memory is assigned: one value, or a group of elementwise values.
type work struct {
	v      *value
	g      *group
	depth  int
	state  bool // writes the next value of a slot that this stage also reads: as late as its depth allows
	reads  []*value
	writes []*value
}

// stagePlan assigns memory to one stage's values.
type stagePlan struct {
	pr    *Program
	leaf  map[string]*value
	names []string          // slots with a next value, sorted
	next  map[string]*value // never a view, never shared
	shape map[string][]int  // of the slots, which may be other than that of the value they take
	works []work
	where map[*value]int // the work that makes a value
	last  map[*value]int // the last work that reads it
	taken map[*value]bool
	late  map[*value]bool
	final []*Move
}

// settle makes every next value one of its own that owns memory.
func settle(next map[string]*value, names []string) (outs []*value) {
	used := map[*value]bool{}
	for _, k := range names {
		v := next[k]
		if r := v.root(); v != r && r.n == v.n && v.at().dense(v.shape) && v.at().off == 0 {
			v = r
		}
		if v.kind == kView || v.kind == kLeaf || v.kind == kConst || used[v] {
			v = moved(v)
		}
		used[v] = true
		next[k] = v
		outs = append(outs, v)
	}
	return outs
}

// arrange groups the live values into works and orders them.
func (sp *stagePlan) arrange(list []*value) {
	type key struct {
		depth int
		dt    tensor.Dtype
		shape string
	}
	groups := map[key]*group{}
	for _, v := range list {
		switch v.kind {
		case kLeaf, kConst, kView:
		case kLoop:
			k := key{v.depth, v.dtype, fmt.Sprint(v.shape)}
			g := groups[k]
			if g == nil {
				g = &group{shape: v.shape, n: v.n}
				groups[k] = g
				sp.works = append(sp.works, work{g: g, depth: v.depth})
			}
			v.group = g
			g.vals = append(g.vals, v)
		default:
			sp.works = append(sp.works, work{v: v, depth: v.depth})
		}
	}
	state := map[*value]bool{}
	for _, k := range sp.names {
		state[sp.next[k]] = sp.leaf[k] != nil
	}
	for i := range sp.works {
		w := &sp.works[i]
		if w.g == nil {
			w.state = state[w.v]
			continue
		}
		for _, v := range w.g.vals {
			w.state = w.state || state[v]
		}
	}
	sort.SliceStable(sp.works, func(i, j int) bool {
		a, b := &sp.works[i], &sp.works[j]
		if a.depth != b.depth {
			return a.depth < b.depth
		}
		return !a.state && b.state
	})
	for i := range sp.works {
		sp.traffic(i)
	}
}

// traffic notes what a work reads and writes.
func (sp *stagePlan) traffic(i int) {
	w := &sp.works[i]
	if w.g == nil {
		w.writes = []*value{w.v}
		for _, a := range w.v.args {
			w.reads = append(w.reads, a.root())
		}
		sp.where[w.v] = i
	} else {
		w.g.contract()
		for _, in := range w.g.code {
			for _, a := range in.src {
				if r := a.root(); r.kind != kLoop || r.group != w.g {
					w.reads = append(w.reads, r)
				}
			}
			if w.g.stored(in.dst) {
				w.writes = append(w.writes, in.dst)
			}
			sp.where[in.dst] = i
		}
	}
	for _, r := range w.reads {
		sp.last[r] = i
	}
}

// heir is the value whose memory v takes over if it can: the addend of an accumulating product, the state of a kernel.
func (v *value) heir() (u *value, must bool) {
	switch {
	case v.kind == kProduct && len(v.args) == 3:
		return v.args[2].root(), true
	case v.kind == kCall:
		if k, ok := v.kernel.(InPlacer); ok && k.InPlace() >= 0 {
			return v.args[k.InPlace()].root(), false
		}
	}
	return nil, false
}

// free reports whether the memory of the old value of a slot may be overwritten by v, made in work i: no later work
// reads the old value, nor does work i unless it is a loop (element by element) or a kernel that advances just it.
func (sp *stagePlan) free(old, v *value) bool {
	if old == nil {
		return true
	}
	i := sp.where[v]
	for j, w := range sp.works {
		for _, r := range w.reads {
			if r == old && (j > i || j == i && w.g == nil) {
				if u, _ := v.heir(); j == i && u == old && reads(v, old) == 1 && fullView(v, old) {
					continue
				}
				return false
			}
		}
	}
	return true
}

func reads(v, r *value) (n int) {
	for _, a := range v.args {
		if a.root() == r {
			n++
		}
	}
	return n
}

// fullView: the kernel's state argument shows all of the root, in order.
func fullView(v, r *value) bool {
	for _, a := range v.args {
		if a.root() == r {
			return a.n == r.n && a.at().off == 0 && a.at().dense(a.shape)
		}
	}
	return false
}

// inPlace puts next values into their slots where nobody needs the old value any more; the others are copied at the end.
func (sp *stagePlan) inPlace() error {
	for _, k := range sp.names {
		v := sp.next[k]
		buf, err := sp.pr.slot(k, v.dtype, sp.shape[k])
		if err != nil {
			return err
		}
		old := sp.leaf[k]
		if !sp.settleIn(v, old, buf) {
			sp.last[v] = len(sp.works)
			sp.final = append(sp.final, &Move{Name: Name("store " + k), Out: buf, Shape: []int{v.n}, StrideIn: []int{1}, StrideOut: []int{1}})
			sp.final[len(sp.final)-1].In.Dtype = v.dtype
			sp.pr.Copies++
			continue
		}
	}
	return nil
}

// settleIn tries to make v, and the chain of values whose memory it takes over, in the slot's own buffer.
func (sp *stagePlan) settleIn(v, old *value, buf Buffer) bool {
	if !sp.free(old, v) {
		return false
	}
	chain := []*value{v}
	for {
		u, must := chain[len(chain)-1].heir()
		if u == nil || u.kind == kLeaf || u.kind == kConst {
			break
		}
		w := chain[len(chain)-1]
		ok := !u.placed && !u.out && sp.last[u] == sp.where[w] && reads(w, u) == 1 && fullView(w, u) && u.dtype == v.dtype && sp.free(old, u)
		if !ok {
			if must {
				return false
			}
			break
		}
		chain = append(chain, u)
	}
	for _, u := range chain {
		u.buf, u.placed = buf.View(0, u.shape...), true
		sp.markLate(u, old)
	}
	for i := 0; i+1 < len(chain); i++ {
		sp.taken[chain[i+1]] = true
	}
	return true
}

// markLate: a later instruction of the same loop still reads the old value, so the store must come last in the tile.
func (sp *stagePlan) markLate(v, old *value) {
	if v.kind != kLoop || old == nil {
		return
	}
	seen := false
	for _, in := range v.group.code {
		for _, a := range in.src {
			if seen && a.root() == old {
				sp.late[v] = true
			}
		}
		seen = seen || in.dst == v
	}
}

// place gives the remaining values memory by liveness, recycling buffers of equal size, across all stages.
func (sp *stagePlan) place() error {
	pool := sp.pr.pool
	for i := range sp.works {
		w := &sp.works[i]
		for _, v := range w.writes {
			if v.placed {
				continue
			}
			if u, _ := v.heir(); u != nil && u.kind != kLeaf && u.kind != kConst && !sp.taken[u] && !u.out &&
				sp.last[u] == i && reads(v, u) == 1 && fullView(v, u) && u.dtype == v.dtype {
				v.buf, v.placed, sp.taken[u] = u.buf.View(0, v.shape...), true, true
				if pool.owns(u) {
					pool.pass(u, v)
				}
				continue
			}
			b, err := pool.get(v)
			if err != nil {
				return fmt.Errorf("%s of shape %v: %w", v.label, v.shape, err)
			}
			v.buf, v.placed = b, true
		}
		for _, r := range w.reads {
			if sp.last[r] == i && !sp.taken[r] {
				pool.put(r)
			}
		}
		for _, v := range w.writes {
			if _, used := sp.last[v]; !used && !sp.taken[v] {
				pool.put(v)
			}
		}
	}
	for _, k := range sp.names {
		pool.put(sp.next[k])
	}
	return nil
}

// pool recycles buffers among the values of all stages.
type pool struct {
	alloc func(dt tensor.Dtype, n int) (Buffer, error)
	idle  map[poolKey][]Buffer
	held  map[*value]Buffer
	Bytes int // allocated
}

type poolKey struct {
	dt tensor.Dtype
	n  int
}

func keyOf(v *value) poolKey { return poolKey{v.dtype, (v.n + 63) / 64 * 64} }

func (p *pool) get(v *value) (Buffer, error) {
	k := keyOf(v)
	var b Buffer
	if l := p.idle[k]; len(l) > 0 {
		b, p.idle[k] = l[len(l)-1], l[:len(l)-1]
	} else {
		var err error
		if b, err = p.alloc(k.dt, k.n); err != nil {
			return b, err
		}
		p.Bytes += b.Bytes()
	}
	p.held[v] = b
	return b.View(0, v.shape...), nil
}

func (p *pool) owns(v *value) bool { _, ok := p.held[v]; return ok }

func (p *pool) pass(from, to *value) {
	p.held[to] = p.held[from]
	delete(p.held, from)
}

func (p *pool) put(v *value) {
	if b, ok := p.held[v]; ok {
		k := poolKey{b.Dtype, b.Len()}
		p.idle[k] = append(p.idle[k], b)
		delete(p.held, v)
	}
}
