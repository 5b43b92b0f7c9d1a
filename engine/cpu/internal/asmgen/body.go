package main

import (
	"cmp"
	"fmt"
	"slices"
)

// A body turns a formula into instructions for a group of vectors, interleaved so that their chains of dependent operations overlap. Constants live in registers while there are any left,
// the most used first; the others are loaded where they are needed.
type body struct {
	e        *emitter
	code     []*value
	result   *value
	pattern  string
	last     map[*value]int   // index of the last reader
	resident map[*value]int   // constants and scalars: fixed registers, from the top
	place    []map[*value]int // per vector of the group
	free     []int
	freeK    []int
	unroll   int // vectors of a group
	limit    int // registers for values and constants
	most     int // registers in use at once
	dry      bool
}

func newBody(e *emitter, f *formula, result *value, pattern string) *body {
	b := &body{e: e, code: f.needed(result), result: result, pattern: pattern, last: map[*value]int{}, resident: map[*value]int{}}
	uses := map[*value]int{}
	var constants []*value
	for i, v := range b.code {
		for _, a := range v.args {
			b.last[a] = i
			if a.op == "const" && a.bits != 0 {
				if uses[a]++; uses[a] == 1 {
					constants = append(constants, a)
				}
			}
		}
	}
	b.last[result] = len(b.code)
	b.limit = e.regs
	if !e.masks {
		b.limit = maskAt
	}
	top := b.limit
	for _, v := range b.code {
		if v.op == "in" && pattern[v.bits] == 's' {
			top--
			b.resident[v] = top
		}
	}
	b.unroll = b.widest()
	slices.SortStableFunc(constants, func(x, y *value) int { return cmp.Compare(uses[y], uses[x]) })
	for _, c := range constants {
		if top <= b.most {
			break
		}
		top--
		b.resident[c] = top
	}
	return b
}

// widest is the largest group that fits. Constants that then find no register cost one load for the whole group.
func (b *body) widest() int {
	b.dry = true
	defer func() { b.dry = false }()
	room := b.limit - len(b.resident)
	for _, n := range []int{4, 2, 1} {
		b.most = 0
		b.emit(n, false)
		if b.most <= room {
			return n
		}
	}
	panic(fmt.Sprintf("asmgen: %d registers are not enough", b.limit))
}

func (b *body) op(text string, args ...any) {
	if !b.dry {
		b.e.op(text, args...)
	}
}

// reg is the name of a register.
func (b *body) reg(i int) string {
	if b.dry {
		return ""
	}
	return b.e.r(i)
}

func (b *body) take() int {
	if len(b.free) == 0 { // only while trying a group that is too large
		b.most++
		return b.most - 1
	}
	r := slices.Min(b.free)
	b.free = slices.Delete(b.free, slices.Index(b.free, r), slices.Index(b.free, r)+1)
	b.most = max(b.most, r+1)
	return r
}

// prologue loads scalars and constants into their registers.
func (b *body) prologue() {
	for _, v := range b.code {
		if r, ok := b.resident[v]; ok {
			b.op("VBROADCAST%s (%s), %s", b.e.scalar, pointers[v.bits], b.reg(r))
		}
	}
	var cs []*value
	for v := range b.resident {
		if v.op == "const" {
			cs = append(cs, v)
		}
	}
	slices.SortFunc(cs, func(x, y *value) int { return cmp.Compare(b.resident[y], b.resident[x]) })
	for _, v := range cs {
		b.load(v, b.resident[v])
	}
}

// load puts a constant into register r.
func (b *body) load(v *value, r int) {
	if v.bits == 0 {
		if !b.dry {
			b.e.zero(b.e.source, r)
		}
		return
	}
	b.op("VBROADCAST%s %s<>+%d(SB), %s", b.e.scalar, b.e.pool.name, b.e.pool.offset(v.bits, b.e.size), b.reg(r))
}

// emit writes the instructions for n vectors from the current position on; masked by K1 or register maskAt, then n is 1.
func (b *body) emit(n int, masked bool) {
	b.place, b.free, b.freeK = make([]map[*value]int, n), nil, []int{2, 3, 4, 5, 6, 7}
	for u := range b.place {
		b.place[u] = map[*value]int{}
	}
	taken := map[int]bool{}
	for _, r := range b.resident {
		taken[r] = true
	}
	for r := range b.limit {
		if !taken[r] {
			b.free = append(b.free, r)
		}
	}
	for i, v := range b.code {
		constants := b.temporaries(v)
		for u := range n {
			if r, ok := b.resident[v]; ok {
				b.place[u][v] = r
			} else if v.op == "in" {
				r := b.take()
				b.place[u][v] = r
				if !b.dry {
					b.e.load(b.e.source, b.e.elem, fmt.Sprintf("%d(%s)(AX*1)", u*b.e.bytes, pointers[v.bits]), r, masked, maskAt)
				}
			} else {
				b.instruction(i, u, constants, u == n-1)
			}
		}
	}
	for u := range n {
		if !b.dry {
			b.e.store(b.e.source, b.e.elem, b.place[u][b.result], fmt.Sprintf("%d(DI)(AX*1)", u*b.e.bytes), masked, maskAt)
		}
	}
}

// zeroElse says whether v selects between something and 0, which needs no register for the 0.
func zeroElse(v *value) bool {
	return v.op == "sel" && v.args[2].op == "const" && v.args[2].bits == 0 && v.args[0].op == "cmp"
}

// temporaries loads the constants that v reads and that have no register of their own.
func (b *body) temporaries(v *value) map[*value]int {
	at := map[*value]int{}
	for j, a := range v.args {
		_, have := at[a]
		if _, ok := b.resident[a]; ok || have || a.op != "const" || zeroElse(v) && j == 2 {
			continue
		}
		at[a] = b.take()
		b.load(a, at[a])
	}
	return at
}

// condition says whether v lives in a mask register.
func (b *body) condition(v *value) bool {
	return b.e.masks && (v.op == "cmp" || v.op == "test")
}

// instruction evaluates code[i] for vector u of the group and frees the registers of dead arguments,
// those of the temporary constants after the last vector.
func (b *body) instruction(i, u int, constants map[*value]int, lastVector bool) {
	v := b.code[i]
	at := make([]int, len(v.args))
	dying := map[int]bool{}
	var deadK []int
	for j, a := range v.args {
		if zeroElse(v) && j == 2 {
			continue
		}
		r, resident := b.resident[a]
		if c, ok := constants[a]; ok {
			r, dying[c] = c, lastVector
		} else if !resident {
			r = b.place[u][a]
			if b.last[a] == i && b.condition(a) {
				deadK = append(deadK, r)
			} else if b.last[a] == i {
				dying[r] = true
			}
		}
		at[j] = r
	}
	if v.op == "fma" || v.op == "fnma" {
		b.place[u][v] = b.multiplyAdd(v.op, at, dying)
		return
	}
	b.free = append(b.free, keys(dying)...)
	b.freeK = append(b.freeK, deadK...)
	if b.condition(v) {
		k := 0
		if len(b.freeK) == 0 { // only while trying a group that is too large
			b.most = 2 * b.limit
		} else {
			k, b.freeK = b.freeK[0], b.freeK[1:]
		}
		b.place[u][v] = k
		b.compare(v, at, fmt.Sprint("K", k))
		return
	}
	r := b.take()
	b.place[u][v] = r
	switch {
	case v.op == "sel":
		b.blend(v, at, b.reg(r))
	case v.op == "cmp" || v.op == "test":
		b.compare(v, at, b.reg(r))
	default:
		b.plain(v, at, b.reg(r))
	}
}

func keys(m map[int]bool) []int {
	var ks []int
	for k, set := range m {
		if set {
			ks = append(ks, k)
		}
	}
	slices.Sort(ks)
	return ks
}

// multiplyAdd overwrites one of its three operands, a dying one if there is any.
func (b *body) multiplyAdd(op string, at []int, dying map[int]bool) int {
	m := map[string]string{"fma": "VFMADD", "fnma": "VFNMADD"}[op]
	x, y, z := at[0], at[1], at[2]
	done := func(r int) int {
		delete(dying, r)
		b.free = append(b.free, keys(dying)...)
		return r
	}
	p := b.e.packed
	switch {
	case dying[z] && z != x && z != y:
		b.op("%s231%s %s, %s, %s", m, p, b.reg(y), b.reg(x), b.reg(z))
		return done(z)
	case dying[x] && x != y && x != z:
		b.op("%s213%s %s, %s, %s", m, p, b.reg(z), b.reg(y), b.reg(x))
		return done(x)
	case dying[y] && y != x && y != z:
		b.op("%s213%s %s, %s, %s", m, p, b.reg(z), b.reg(x), b.reg(y))
		return done(y)
	}
	r := b.take()
	b.op("VMOVA%s %s, %s", p, b.reg(z), b.reg(r))
	b.op("%s231%s %s, %s, %s", m, p, b.reg(y), b.reg(x), b.reg(r))
	return done(r)
}

func (b *body) compare(v *value, at []int, to string) {
	x, y := b.reg(at[0]), b.reg(at[1])
	switch {
	case v.op == "cmp":
		b.op("VCMP%s $%#x, %s, %s, %s", b.e.packed, v.bits, y, x, to)
	case b.e.masks:
		b.op("VPCMP%s $4, %s, %s, %s", b.e.integer(), y, x, to)
	default: // the complement: blend swaps
		b.op("VPCMPEQ%s %s, %s, %s", b.e.integer(), y, x, to)
	}
}

func (b *body) blend(v *value, at []int, to string) {
	then, other := b.reg(at[1]), b.reg(at[2])
	p := b.e.packed
	switch {
	case b.e.masks && zeroElse(v):
		b.op("VMOVA%s.Z %s, K%d, %s", p, then, at[0], to)
	case b.e.masks:
		b.op("VBLENDM%s %s, %s, K%d, %s", p, then, other, at[0], to)
	case zeroElse(v):
		b.op("VAND%s %s, %s, %s", p, then, b.reg(at[0]), to)
	default:
		if v.args[0].op == "test" {
			then, other = other, then
		}
		b.op("VBLENDV%s %s, %s, %s, %s", p, b.reg(at[0]), then, other, to)
	}
}

// plain writes the instructions with one name and up to two operands.
func (b *body) plain(v *value, at []int, to string) {
	p, d := b.e.packed, b.e.integer()
	x := b.reg(at[0])
	if v.op == "shl" || v.op == "shr" {
		b.op("%s%s $%d, %s, %s", map[string]string{"shl": "VPSLL", "shr": "VPSRL"}[v.op], d, v.bits, x, to)
		return
	}
	if v.op == "sqrt" {
		b.op("VSQRT%s %s, %s", p, x, to)
		return
	}
	name, ok := map[string]string{"add": "VADD", "sub": "VSUB", "mul": "VMUL", "div": "VDIV", "min": "VMIN", "max": "VMAX", "scale": "VSCALEF"}[v.op]
	if ok {
		name += p
	} else if name, ok = map[string]string{"iadd": "VPADD", "isub": "VPSUB"}[v.op]; ok {
		name += d
	} else if name, ok = map[string]string{"and": "VPAND", "or": "VPOR", "xor": "VPXOR"}[v.op]; ok {
		if b.e.masks {
			name += d
		}
	} else {
		panic("asmgen: no instruction for " + v.op)
	}
	b.op("%s %s, %s, %s", name, b.reg(at[1]), x, to)
}
