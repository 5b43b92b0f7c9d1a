package engine

import "fmt"

// A Step is one finished piece of work of the IR, with its memory assigned: one of *Product, *Loop, *Reduce, *Softmax,
// *SoftmaxGrad, *Random, *Move, *Call, and *Fused for backends that take it.
type Step interface {
	// Label names the model's operation, for errors, profiles and Program.Explain.
	Label() string
}

// Name is the label that every Step carries.
type Name string

// Label returns the name.
func (n Name) Label() string { return string(n) }

// Product is C = Alpha · op(A) op(B) + Beta · C for Batch row-major matrices that follow each other: op(A) is M×K, op(B)
// is K×N, C is M×N. LDA and LDB are the distances between rows as stored (before op), in elements, StrideA and StrideB
// those between matrices of the batch. Float32 or float64. Beta is 0 or 1.
type Product struct {
	Name
	A, B, C          Buffer
	Batch, M, N, K   int
	TransA, TransB   bool
	LDA, LDB         int
	StrideA, StrideB int
	Alpha, Beta      float64
	MaybeSparse      bool // A is data or a sample: it may be mostly zeros
}

// Loop computes elementwise values of one dtype over N elements in rows of Cols, instruction by instruction, tile by
// tile. Instructions run in order within a tile and tiles in any order: no element depends on another's results.
type Loop struct {
	Name
	N, Cols int
	Code    []Instr
	Temps   int // temporaries of a tile, numbered from 0
}

// Instr is one primitive (package engine/cpu/vec lists them): Dst = Op(Src...).
type Instr struct {
	Op   string
	Dst  Operand
	Src  [3]Operand
	NSrc int
}

// Operand is what an instruction reads or writes for element e of a Loop.
type Operand struct {
	Kind OperandKind
	Temp int    // Temp: its number
	Buf  Buffer // the others
}

// OperandKind says how an operand is indexed by the element e of the loop.
type OperandKind uint8

const (
	OperandNone OperandKind = iota
	Array                   // Buf[e]
	Scalar                  // Buf[0]
	Row                     // Buf[e % Cols]: a row vector over all rows
	Col                     // Buf[e / Cols]: a column vector over all columns
	Temp                    // the tile's temporary
)

// Reduce combines the middle axis of an [Outer, Axis, Inner] array: Out[o,i] = sum or max over a of In[o,a,i].
// Sums of float32 are accumulated in an order that does not depend on the number of workers.
type Reduce struct {
	Name
	Max                bool
	In, Out            Buffer
	Outer, Axis, Inner int
}

// Softmax is the softmax, or its logarithm, of each row.
type Softmax struct {
	Name
	Log        bool
	In, Out    Buffer
	Rows, Cols int
}

// SoftmaxGrad is the gradient with respect to Softmax's input, from its output Y and the gradient G of that output:
// y∘(g - Σ y∘g), or g - e^y Σ g for the logarithm.
type SoftmaxGrad struct {
	Name
	Log        bool
	Y, G, Out  Buffer
	Rows, Cols int
}

// Random fills Out with random numbers of a law: element e is number First+e of the Clock's stream.
type Random struct {
	Name
	Law    Law
	Stream uint16
	First  uint64 // not 0 in a part of a larger tensor (see Split)
	Out    Buffer
}

// Move copies a strided array of the given shape: Out[OffOut + Σ i·StrideOut] = In[OffIn + Σ i·StrideIn]. It serves
// copies, transpositions, slices, concatenations and the broadcasts that no loop can absorb (stride 0).
// Out and In may be of any one dtype. Zero clears Out first.
type Move struct {
	Name
	In, Out             Buffer
	Shape               []int
	StrideIn, StrideOut []int
	OffIn, OffOut       int
	Zero                bool
}

// Call runs a kernel.
type Call struct {
	Name
	Kernel Kernel
	Out    Buffer
	In     []Buffer
}

// Describe gives one line about a step.
func Describe(s Step) string {
	switch s := s.(type) {
	case *Product:
		t := func(b bool) string {
			if b {
				return "ᵀ"
			}
			return ""
		}
		d := fmt.Sprintf("product %d×%d×%d A%s·B%s", s.M, s.N, s.K, t(s.TransA), t(s.TransB))
		if s.Batch > 1 {
			d += fmt.Sprintf(" ×%d", s.Batch)
		}
		if s.Beta != 0 {
			d += " accumulating"
		}
		return d
	case *Loop:
		d := fmt.Sprintf("loop %d×%d:", s.N/max(s.Cols, 1), s.Cols)
		for _, in := range s.Code {
			d += " " + in.Op
		}
		return d
	case *Fused:
		d := Describe(s.Product) + ", then " + Describe(s.Loop)
		for range s.Random {
			d += " with its uniform numbers"
		}
		return d
	case *Reduce:
		what := "sum"
		if s.Max {
			what = "max"
		}
		return fmt.Sprintf("%s [%d, %d, %d] over the middle", what, s.Outer, s.Axis, s.Inner)
	case *Softmax:
		return fmt.Sprintf("softmax %d×%d log=%v", s.Rows, s.Cols, s.Log)
	case *SoftmaxGrad:
		return fmt.Sprintf("softmax gradient %d×%d log=%v", s.Rows, s.Cols, s.Log)
	case *Random:
		d := fmt.Sprintf("random %v stream %d", s.Out.Shape, s.Stream)
		if s.First > 0 {
			d += fmt.Sprintf(" from %d", s.First)
		}
		return d
	case *Move:
		return fmt.Sprintf("move %v", s.Shape)
	case *Call:
		return fmt.Sprintf("kernel %s", s.Kernel)
	}
	return s.Label()
}

// Walk calls f with the element offsets of each element that a Move copies, in row-major order.
func Walk(m *Move, f func(out, in int)) {
	n := Volume(m.Shape)
	idx := make([]int, len(m.Shape))
	for e := 0; e < n; e++ {
		out, in := m.OffOut, m.OffIn
		for d, i := range idx {
			out += i * m.StrideOut[d]
			in += i * m.StrideIn[d]
		}
		f(out, in)
		for d := len(idx) - 1; d >= 0; d-- {
			if idx[d]++; idx[d] < m.Shape[d] {
				break
			}
			idx[d] = 0
		}
	}
}
