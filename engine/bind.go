package engine

import "fmt"

// bind turns the works of a stage into finished steps.
func (sp *stagePlan) bind() ([]Step, error) {
	var steps []Step
	for i := range sp.works {
		w := &sp.works[i]
		if w.g != nil {
			steps = append(steps, sp.loop(w.g))
			continue
		}
		s, err := sp.step(w.v)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", w.v.label, err)
		}
		steps = append(steps, s...)
	}
	fi := 0
	for _, k := range sp.names {
		if v := sp.next[k]; fi < len(sp.final) && string(sp.final[fi].Name) == "store "+k {
			m := sp.final[fi]
			m.In = v.buf.View(0, v.n)
			m.Out = m.Out.View(0, v.n)
			steps = append(steps, m)
			fi++
		}
	}
	return steps, nil
}

// memory is the buffer of a dense argument, with the argument's shape.
func memory(a *value) Buffer {
	l := a.at()
	return l.root.buf.flat().View(l.off, a.shape...)
}

func (b Buffer) flat() Buffer { return b.View(0, b.Len()) }

func (sp *stagePlan) step(v *value) ([]Step, error) {
	name := Name(v.label)
	switch v.kind {
	case kProduct:
		return []Step{product(v)}, nil
	case kReduce:
		return []Step{&Reduce{Name: name, Max: v.flag, In: memory(v.args[0]), Out: v.buf, Outer: v.axis[0], Axis: v.axis[1], Inner: v.axis[2]}}, nil
	case kSoftmax:
		return []Step{&Softmax{Name: name, Log: v.flag, In: memory(v.args[0]), Out: v.buf, Rows: v.n / v.cols(), Cols: v.cols()}}, nil
	case kSoftmaxGrad:
		return []Step{&SoftmaxGrad{Name: name, Log: v.flag, Y: memory(v.args[0]), G: memory(v.args[1]), Out: v.buf, Rows: v.n / v.cols(), Cols: v.cols()}}, nil
	case kRandom:
		return []Step{&Random{Name: name, Law: v.law, Stream: v.stream, First: v.first, Out: v.buf}}, nil
	case kMove:
		a := v.args[0]
		l := a.at()
		return []Step{&Move{Name: name, In: l.root.buf.flat(), Out: v.buf.flat(), Shape: v.shape, StrideIn: l.strides, StrideOut: contiguous(v.shape), OffIn: l.off}}, nil
	case kConcat:
		return concat(v)
	case kCall:
		return call(v), nil
	}
	return nil, fmt.Errorf("engine: no step for kind %d", v.kind)
}

func product(v *value) *Product {
	a, b := v.args[0], v.args[1]
	d := len(v.args[0].shape)
	p := &Product{Name: Name(v.label), C: v.buf, Batch: 1, Alpha: v.alpha, TransA: v.ta, TransB: v.tb}
	if d == 3 {
		p.Batch = a.shape[0]
	}
	la, sa, ta, _ := a.at().matrix(a.shape)
	lb, sb, tb, _ := b.at().matrix(b.shape)
	p.LDA, p.StrideA, p.LDB, p.StrideB = la, sa, lb, sb
	// ta says how the operand lies in memory, v.ta how memory must be read: they differ when gorgonia transposes again.
	opA, opB := a.shape[d-2:], b.shape[d-2:]
	if v.ta != ta {
		opA = []int{opA[1], opA[0]}
	}
	if v.tb != tb {
		opB = []int{opB[1], opB[0]}
	}
	p.M, p.K, p.N = opA[0], opA[1], opB[1]
	p.A, p.B = tail(a), tail(b)
	if len(v.args) == 3 {
		p.Beta = 1
	}
	r := a.root()
	p.MaybeSparse = r.kind == kLeaf || r.kind == kLoop && (r.op == "bernoulli" || r.op == "spin")
	return p
}

// tail is the memory from a view's first element on.
func tail(a *value) Buffer {
	l := a.at()
	f := l.root.buf.flat()
	return f.View(l.off, f.Len()-l.off)
}

func concat(v *value) ([]Step, error) {
	var steps []Step
	axis, off := v.axis[0], 0
	if axis < 0 || axis >= len(v.shape) {
		return nil, fmt.Errorf("concatenation along axis %d of %v", axis, v.shape)
	}
	st := contiguous(v.shape)
	for _, a := range v.args {
		l := a.at()
		steps = append(steps, &Move{Name: Name(v.label), In: l.root.buf.flat(), Out: v.buf.flat(), Shape: a.shape, StrideIn: l.strides, StrideOut: st, OffIn: l.off, OffOut: off})
		off += a.shape[axis] * st[axis]
	}
	return steps, nil
}

func call(v *value) []Step {
	var steps []Step
	c := &Call{Name: Name(v.label), Kernel: v.kernel, Out: v.buf}
	for _, a := range v.args {
		c.In = append(c.In, memory(a))
	}
	if k, ok := v.kernel.(InPlacer); ok && k.InPlace() >= 0 {
		i := k.InPlace()
		if !c.In[i].Same(c.Out) {
			n := []int{c.In[i].Len()}
			steps = append(steps, &Move{Name: "state of " + c.Name, In: c.In[i].flat(), Out: c.Out.flat(), Shape: n, StrideIn: []int{1}, StrideOut: []int{1}})
			c.In[i] = c.Out.View(0, c.In[i].Shape...)
		}
	}
	return append(steps, c)
}

// loop resolves the operands of a group; temporaries of a tile are recycled after their last use.
func (sp *stagePlan) loop(g *group) *Loop {
	lp := &Loop{N: g.n, Cols: 1}
	if len(g.shape) > 0 {
		lp.Cols = g.shape[len(g.shape)-1]
	}
	last := map[*value]int{}
	for i, in := range g.code {
		for _, a := range in.src {
			last[a.root()] = i
		}
	}
	temp := map[*value]int{}
	var idle []int
	var tailMoves []Instr
	for i, in := range g.code {
		if lp.Name == "" {
			lp.Name = Name(in.dst.label)
		}
		out := Instr{Op: in.op, NSrc: len(in.src)}
		for j, a := range in.src {
			out.Src[j] = sp.operand(a, in.dst, temp)
		}
		for _, a := range in.src {
			r := a.root()
			if t, ok := temp[r]; ok && last[r] == i && !sp.late[r] {
				idle = append(idle, t)
				delete(temp, r)
			}
		}
		v := in.dst
		if g.stored(v) && !sp.late[v] {
			out.Dst = Operand{Kind: Array, Buf: v.buf.flat()}
		} else {
			var t int
			if n := len(idle); n > 0 {
				t, idle = idle[n-1], idle[:n-1]
			} else {
				t = lp.Temps
				lp.Temps++
			}
			temp[v] = t
			out.Dst = Operand{Kind: Temp, Temp: t}
			if sp.late[v] {
				tailMoves = append(tailMoves, Instr{Op: "mov", NSrc: 1, Dst: Operand{Kind: Array, Buf: v.buf.flat()}, Src: [3]Operand{{Kind: Temp, Temp: t}}})
			}
		}
		lp.Code = append(lp.Code, out)
	}
	lp.Code = append(lp.Code, tailMoves...)
	return lp
}

func (sp *stagePlan) operand(a, v *value, temp map[*value]int) Operand {
	r := a.root()
	if t, ok := temp[r]; ok {
		return Operand{Kind: Temp, Temp: t}
	}
	lay, _ := loopLayout(a, v)
	kind, _ := lay.operandKind(v.shape)
	n := v.n
	switch kind {
	case Scalar:
		n = 1
	case Row:
		n = v.cols()
	case Col:
		n = v.n / v.cols()
	}
	return Operand{Kind: kind, Buf: r.buf.flat().View(lay.off, n)}
}
