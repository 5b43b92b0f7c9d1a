package engine

import "gorgonia.org/tensor"

// kind says what a value of the IR is.
type kind uint8

const (
	kLeaf    kind = iota // a slot
	kConst               // a number known at compile time
	kView                // another arrangement of one argument's elements: no work
	kProduct             // args a, b and, when it accumulates, c
	kLoop                // one elementwise primitive
	kReduce
	kSoftmax
	kSoftmaxGrad
	kRandom
	kMove   // a copy of a view that its reader cannot take as it is
	kConcat // copies side by side
	kCall
)

// value is a node of the engine's own small IR: what a gorgonia node means after decoding.
type value struct {
	kind  kind
	op    string // primitive of a loop, name of a slot
	label string // the model's operation
	dtype tensor.Dtype
	shape []int
	n     int
	args  []*value
	users []*value

	lay layout // of a view

	ta, tb bool    // product
	alpha  float64 // product
	axis   [3]int  // reduce: outer, axis, inner; concat: the axis in [0]
	flag   bool    // softmax: of the logarithm; reduce: maximum
	number float64 // const
	law    Law
	stream uint16
	first  uint64 // random: the number that element 0 takes
	kernel Kernel

	depth  int
	group  *group
	out    bool // replaces a slot
	buf    Buffer
	placed bool // buf is set
}

// layout places a view's elements in its root: element (i₀, i₁, …) lies at off + Σ i·strides.
type layout struct {
	root    *value
	off     int
	strides []int
}

func contiguous(shape []int) []int {
	st := make([]int, len(shape))
	s := 1
	for i := len(shape) - 1; i >= 0; i-- {
		st[i] = s
		s *= shape[i]
	}
	return st
}

// at gives a value's elements as a layout of the value that owns memory.
func (v *value) at() layout {
	if v.kind == kView {
		return v.lay
	}
	return layout{root: v, strides: contiguous(v.shape)}
}

// root is the value that owns the memory that v shows.
func (v *value) root() *value {
	if v.kind == kView {
		return v.lay.root
	}
	return v
}

func (v *value) cols() int {
	if len(v.shape) == 0 {
		return 1
	}
	return v.shape[len(v.shape)-1]
}

// dense reports whether the layout shows shape's elements in row-major order without gaps.
func (l layout) dense(shape []int) bool {
	want := contiguous(shape)
	for i, s := range shape {
		if s > 1 && l.strides[i] != want[i] {
			return false
		}
	}
	return true
}

// reshape finds strides for another shape of the same elements, if there are any.
func (l layout) reshape(from, to []int) (layout, bool) {
	if l.dense(from) {
		return layout{l.root, l.off, contiguous(to)}, true
	}
	// Split both shapes into the shortest runs of axes with equal volumes; within a run the old axes must be mergeable.
	strides := make([]int, len(to))
	i, j := 0, 0
	for j < len(to) {
		a, b := j, i
		vol, have := to[j], 1
		j++
		for have != vol {
			if have < vol {
				if i >= len(from) {
					return l, false
				}
				have *= from[i]
				i++
			} else {
				if j >= len(to) {
					return l, false
				}
				vol *= to[j]
				j++
			}
		}
		step, ok := mergeable(from[b:i], l.strides[b:i])
		if !ok {
			return l, false
		}
		for q := j - 1; q >= a; q-- {
			strides[q] = step
			step *= to[q]
		}
	}
	return layout{l.root, l.off, strides}, true
}

// mergeable gives the stride of the innermost of axes that can be walked as one.
func mergeable(shape, strides []int) (int, bool) {
	inner, vol := 0, 1
	for i := len(shape) - 1; i >= 0; i-- {
		if shape[i] == 1 {
			continue
		}
		if vol == 1 {
			inner = strides[i]
		} else if strides[i] != inner*vol {
			return 0, false
		}
		vol *= shape[i]
	}
	return inner, true
}

// operandKind says how a loop over the given shape can read the layout without a copy.
func (l layout) operandKind(shape []int) (OperandKind, bool) {
	n, cols := Volume(shape), 1
	if len(shape) > 0 {
		cols = shape[len(shape)-1]
	}
	if l.dense(shape) {
		return Array, true
	}
	zero, rowsZero, colZero := true, true, true
	for i, s := range shape {
		if s == 1 {
			continue
		}
		last := i == len(shape)-1
		zero = zero && l.strides[i] == 0
		if last {
			rowsZero = rowsZero && l.strides[i] == 1
			colZero = colZero && l.strides[i] == 0
		} else {
			rowsZero = rowsZero && l.strides[i] == 0
		}
	}
	switch {
	case zero:
		return Scalar, true
	case rowsZero:
		return Row, true
	case colZero && n > cols:
		if (layout{l.root, l.off, l.strides[:len(shape)-1]}).dense(shape[:len(shape)-1]) {
			return Col, true
		}
	}
	return OperandNone, false
}

// matrix reads the layout as the last two axes of a stored row-major matrix, transposed or not, after an optional batch axis.
func (l layout) matrix(shape []int) (ld, stride int, trans, ok bool) {
	d := len(shape)
	if d < 2 || d > 3 {
		return 0, 0, false, false
	}
	r, c := shape[d-2], shape[d-1]
	rs, cs := l.strides[d-2], l.strides[d-1]
	if d == 3 && shape[0] > 1 {
		stride = l.strides[0]
	}
	switch {
	case (cs == 1 || c == 1) && (rs >= c || r == 1):
		if r == 1 {
			rs = c
		}
		return max(rs, 1), stride, false, true
	case (rs == 1 || r == 1) && (cs >= r || c == 1):
		if c == 1 {
			cs = r
		}
		return max(cs, 1), stride, true, true
	}
	return 0, 0, false, false
}

// moved is a dense copy of a view.
func moved(x *value) *value {
	return &value{kind: kMove, label: "copy of " + x.label, dtype: x.dtype, shape: x.shape, n: x.n, args: []*value{x}}
}
