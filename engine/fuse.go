package engine

import (
	"slices"

	"gorgonia.org/tensor"
)

// A group is one loop in the making: all elementwise values of one depth, shape and dtype.
type group struct {
	shape []int
	n     int
	vals  []*value
	code  []instr
}

// instr is one primitive with operands still as values.
type instr struct {
	op  string
	dst *value
	src []*value
}

// order lists what the outputs depend on, arguments first; everything else is dead.
func order(outs []*value) []*value {
	live := map[*value]bool{}
	var list []*value
	type frame struct {
		v *value
		i int
	}
	for _, o := range outs {
		o.out = true
		if live[o] {
			continue
		}
		live[o] = true
		stack := []frame{{o, 0}}
		for len(stack) > 0 {
			f := &stack[len(stack)-1]
			if f.i < len(f.v.args) {
				a := f.v.args[f.i]
				f.i++
				if !live[a] {
					live[a] = true
					stack = append(stack, frame{a, 0})
				}
				continue
			}
			list = append(list, f.v)
			stack = stack[:len(stack)-1]
		}
	}
	return list
}

func countUsers(list []*value) {
	for _, v := range list {
		v.users = nil
	}
	for _, v := range list {
		for _, a := range v.args {
			a.users = append(a.users, v)
		}
	}
}

// simplify rewrites values before scheduling; it returns the new list of live values in order.
func simplify(outs []*value) []*value {
	list := order(outs)
	foldConstants(list)
	list = order(outs)
	countUsers(list)
	accumulate(list)
	list = order(outs)
	reciprocals(list)
	densify(list)
	list = order(outs)
	countUsers(list)
	return list
}

// foldConstants computes + - ⊙ ÷ of numbers, such as the sizes inside gorgonia's Mean.
func foldConstants(list []*value) {
	for _, v := range list {
		if v.kind != kLoop || v.n != 1 || len(v.args) != 2 || v.out {
			continue
		}
		a, b := v.args[0].root(), v.args[1].root()
		if a.kind != kConst || b.kind != kConst {
			continue
		}
		switch v.op {
		case "add":
			v.number = a.number + b.number
		case "sub":
			v.number = a.number - b.number
		case "mul":
			v.number = a.number * b.number
		case "div":
			v.number = a.number / b.number
		default:
			continue
		}
		if v.dtype == tensor.Float32 {
			v.number = float64(float32(v.number))
		}
		v.kind, v.args = kConst, nil
	}
}

func isFloat(dt tensor.Dtype) bool { return dt == tensor.Float32 || dt == tensor.Float64 }

// accumulate turns x·y + z·w and x·y - z·w into a product that adds to another's result.
func accumulate(list []*value) {
	for _, v := range list {
		if v.kind != kLoop || v.op != "sub" && v.op != "add" || len(v.args) != 2 {
			continue
		}
		p, q := v.args[0], v.args[1]
		if p == q || p.kind != kProduct || q.kind != kProduct || len(p.users) != 1 || len(q.users) != 1 || p.out || q.out ||
			!slices.Equal(p.shape, v.shape) || !slices.Equal(q.shape, v.shape) || len(q.args) != 2 {
			continue
		}
		sign := 1.0
		if v.op == "sub" {
			sign = -1
		}
		v.kind, v.op, v.label = kProduct, "", p.label+" "+v.label+" "+q.label
		v.args, v.ta, v.tb, v.alpha = []*value{q.args[0], q.args[1], p}, q.ta, q.tb, sign*q.alpha
	}
}

// reciprocals turns x / s into x (1/s) for a scalar s: one division instead of n.
func reciprocals(list []*value) {
	inv := map[*value]*value{}
	for _, v := range list {
		if v.kind != kLoop || v.op != "div" || v.n == 1 || !isFloat(v.dtype) {
			continue
		}
		s := v.args[1].root()
		if s.n != 1 {
			continue
		}
		if inv[s] == nil {
			if s.kind == kConst {
				inv[s] = &value{kind: kConst, label: "1/" + s.label, dtype: s.dtype, shape: []int{}, n: 1, number: 1 / s.number}
			} else {
				inv[s] = &value{kind: kLoop, op: "inverse", label: v.label, dtype: s.dtype, shape: []int{}, n: 1, args: []*value{scalarView(s)}}
			}
		}
		v.op, v.args = "mul", []*value{v.args[0], inv[s]}
	}
}

func scalarView(s *value) *value {
	if len(s.shape) == 0 {
		return s
	}
	return &value{kind: kView, label: s.label, dtype: s.dtype, shape: []int{}, n: 1, args: []*value{s}, lay: layout{root: s, strides: []int{}}}
}

// densify inserts copies of views that their readers cannot take as they are.
func densify(list []*value) {
	copies := map[*value]*value{}
	for _, v := range list {
		for i, a := range v.args {
			if a.kind != kView && a.root() == a && !(v.kind == kLoop && !slices.Equal(a.shape, v.shape)) {
				continue
			}
			ok := true
			switch v.kind {
			case kView, kMove, kConcat:
			case kLoop:
				lay, fits := loopLayout(a, v)
				if fits {
					_, fits = lay.operandKind(v.shape)
				}
				ok = fits
			case kProduct:
				_, _, _, ok = a.at().matrix(a.shape)
			default:
				ok = a.at().dense(a.shape)
			}
			if ok {
				continue
			}
			if copies[a] == nil {
				copies[a] = moved(a)
			}
			v.args[i] = copies[a]
		}
	}
}

// loopLayout shows a loop's operand over the loop's shape: scalars and, as gorgonia allows, shapes that differ by axes of length 1.
func loopLayout(a, v *value) (layout, bool) {
	if a.n == 1 {
		return layout{a.root(), a.at().off, make([]int, len(v.shape))}, true
	}
	if slices.Equal(a.shape, v.shape) {
		return a.at(), true
	}
	return a.at().reshape(a.shape, v.shape)
}

func peers(a, v *value) bool {
	return a.kind == kLoop && a.dtype == v.dtype && slices.Equal(a.shape, v.shape)
}

// schedule gives every value its depth: elementwise values of one depth, shape and dtype never depend on each other
// except directly, so they can share a loop without a search for cycles (depth = max over operands, +1 when an operand
// is not elementwise of that shape). Then each value sinks to its first consumer, and random numbers come last.
func schedule(list []*value) {
	for _, v := range list {
		v.depth = 0
		for _, a := range v.args {
			r := a.root()
			d := r.depth
			if v.kind != kView && r.kind != kLeaf && r.kind != kConst && !(v.kind == kLoop && peers(r, v) && a.at().dense(v.shapeOr(a))) {
				d++
			}
			v.depth = max(v.depth, d)
		}
	}
	for i := len(list) - 1; i >= 0; i-- {
		v := list[i]
		if v.kind != kLoop || len(v.users) == 0 || v.out {
			continue
		}
		d := 1 << 30
		for _, u := range v.users {
			if u.kind != kLoop || !peers(v, u) {
				d = 0
			}
			d = min(d, u.depth)
		}
		v.depth = max(v.depth, d)
	}
	for _, v := range list {
		if v.kind == kRandom && len(v.users) > 0 && !v.out {
			d := 1 << 30
			for _, u := range v.users {
				d = min(d, u.depth-1)
			}
			v.depth = max(v.depth, d)
		}
	}
}

// shapeOr is the shape over which v reads the argument a densely or not at all.
func (v *value) shapeOr(a *value) []int {
	if len(a.shape) == len(v.shape) {
		return v.shape
	}
	return a.shape
}

// contract fuses multiplications into additions: a·b + c and c - a·b become one instruction.
func (g *group) contract() {
	inside := func(v *value) bool { return v.kind == kLoop && v.group == g }
	gone := map[*value]bool{}
	merged := map[*value]instr{}
	for _, v := range g.vals {
		if v.op != "add" && v.op != "sub" || len(v.args) != 2 || !isFloat(v.dtype) {
			continue
		}
		for i := 1; i >= 0; i-- {
			m := v.args[i]
			if v.op == "sub" && i == 0 || !inside(m) || m.op != "mul" || len(m.users) != 1 || m.out || gone[m] {
				continue
			}
			gone[m] = true
			op := map[string]string{"add": "fma", "sub": "fnma"}[v.op]
			merged[v] = instr{op: op, dst: v, src: []*value{m.args[0], m.args[1], v.args[1-i]}}
			break
		}
	}
	for _, v := range g.vals {
		if gone[v] {
			continue
		}
		in, ok := merged[v]
		if !ok {
			in = instr{op: v.op, dst: v, src: v.args}
		}
		g.code = append(g.code, in)
	}
}

// stored reports whether a value of a loop must be written to memory: it replaces a slot or somebody outside reads it.
func (g *group) stored(v *value) bool {
	if v.out {
		return true
	}
	var outside func(v *value) bool
	outside = func(v *value) bool {
		for _, u := range v.users {
			if u.kind == kView {
				if u.out || outside(u) {
					return true
				}
			} else if u.kind != kLoop || u.group != g {
				return true
			}
		}
		return false
	}
	return outside(v)
}
