package store

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

// Element is a type that the files of this package can hold.
type Element interface {
	float32 | float64 | int8 | uint8 | int32 | int64 | uint32 | uint64 | bool
}

// Array is a named tensor in row-major order (the last index runs fastest).
// Data is a slice of an Element type with as many elements as the product of Shape; an empty Shape is a scalar.
type Array struct {
	Name  string
	Shape []int
	Data  any
}

// Of names data as an array. Without a shape the array has one dimension. The slice is not copied.
// A shape that does not hold len(data) elements is reported when the array is written.
func Of[T Element](name string, data []T, shape ...int) Array {
	if len(shape) == 0 {
		shape = []int{len(data)}
	}
	return Array{Name: name, Shape: shape, Data: data}
}

// Scalar is an array without dimensions.
func Scalar[T Element](name string, value T) Array {
	return Array{Name: name, Shape: []int{}, Data: []T{value}}
}

// Values returns the elements of a, which must be of type T: nothing is converted.
func Values[T Element](a Array) ([]T, error) {
	v, ok := a.Data.([]T)
	if !ok {
		want, _ := dtypeOf([]T(nil))
		return nil, fmt.Errorf("array %q holds %s, not %s", a.Name, a.Dtype(), want.name)
	}
	return v, nil
}

// Dtype is the Go name of the element type, such as "float32"; "" when Data is not a slice of an Element.
func (a Array) Dtype() string {
	if t, _ := dtypeOf(a.Data); t != nil {
		return t.name
	}
	return ""
}

// Find returns the array with this name.
func Find(arrays []Array, name string) (Array, bool) {
	for _, a := range arrays {
		if a.Name == name {
			return a, true
		}
	}
	return Array{}, false
}

// dtype is one element type: its names in Go, in npy and in safetensors, and what is done to slices of it.
type dtype struct {
	name, npy, tensor string
	size              int
	alloc             func(n int) any
	count             func(data any) (n int, ok bool) // ok: data is a slice of this type
	part              func(data any, i, j int) any
	rowMajor          func(columnMajor any, shape []int) any
}

func element[T Element](name, npy, tensor string, size int) dtype {
	return dtype{
		name, npy, tensor, size,
		func(n int) any { return make([]T, n) },
		func(data any) (int, bool) { d, ok := data.([]T); return len(d), ok },
		func(data any, i, j int) any { return data.([]T)[i:j] },
		func(data any, shape []int) any { return rowMajor(data.([]T), shape) },
	}
}

var dtypes = []dtype{
	element[float32]("float32", "<f4", "F32", 4),
	element[float64]("float64", "<f8", "F64", 8),
	element[int8]("int8", "|i1", "I8", 1),
	element[uint8]("uint8", "|u1", "U8", 1),
	element[int32]("int32", "<i4", "I32", 4),
	element[int64]("int64", "<i8", "I64", 8),
	element[uint32]("uint32", "<u4", "U32", 4),
	element[uint64]("uint64", "<u8", "U64", 8),
	element[bool]("bool", "|b1", "BOOL", 1),
}

// dtypeOf finds the element type of a slice and counts its elements; nil when it is none of ours.
func dtypeOf(data any) (*dtype, int) {
	for i := range dtypes {
		if n, ok := dtypes[i].count(data); ok {
			return &dtypes[i], n
		}
	}
	return nil, 0
}

// elements multiplies the extents of a shape; ok is false when one is negative or the product exceeds an int.
func elements(shape []int) (n int, ok bool) {
	n = 1
	empty := false
	for _, d := range shape {
		if d < 0 {
			return 0, false
		}
		if d == 0 {
			empty = true
			continue
		}
		if n > math.MaxInt/d {
			return 0, false
		}
		n *= d
	}
	if empty {
		return 0, true
	}
	return n, true
}

// check validates a set of arrays before anything of it is written.
func check(arrays []Array) error {
	seen := make(map[string]bool, len(arrays))
	for _, a := range arrays {
		if a.Name == "" {
			return fmt.Errorf("an array has no name")
		}
		if seen[a.Name] {
			return fmt.Errorf("two arrays are called %q", a.Name)
		}
		seen[a.Name] = true
		t, have := dtypeOf(a.Data)
		if t == nil {
			return fmt.Errorf("array %q is a %T: only slices of float32, float64, int8, uint8, int32, int64, uint32, uint64 and bool can be saved", a.Name, a.Data)
		}
		if want, ok := elements(a.Shape); !ok || want != have {
			return fmt.Errorf("array %q has %d elements, which do not fill the shape %v", a.Name, have, a.Shape)
		}
	}
	return nil
}

// block is how many elements are converted at a time between memory and little-endian bytes.
const block = 1 << 13

// encode writes the elements of a in little-endian order.
func (a Array) encode(w io.Writer) error {
	t, n := dtypeOf(a.Data)
	buf := make([]byte, 0, block*t.size)
	for i := 0; i < n; i += block {
		b, err := binary.Append(buf[:0], binary.LittleEndian, t.part(a.Data, i, min(i+block, n)))
		if err != nil {
			return err
		}
		if _, err := w.Write(b); err != nil {
			return err
		}
	}
	return nil
}

// decode reads n elements. Memory grows only as bytes arrive, so a forged shape cannot exhaust it.
func (t *dtype) decode(r io.Reader, n int, order binary.ByteOrder) (any, error) {
	if n > math.MaxInt/t.size {
		return nil, io.ErrUnexpectedEOF
	}
	raw, err := io.ReadAll(io.LimitReader(r, int64(n)*int64(t.size)))
	if err != nil {
		return nil, err
	}
	if len(raw) != n*t.size {
		return nil, io.ErrUnexpectedEOF
	}
	if t.name == "bool" {
		for i, b := range raw {
			if b > 1 {
				return nil, fmt.Errorf("element %d is %d, which is no bool", i, b)
			}
		}
	}
	data := t.alloc(n)
	if n > 0 {
		if _, err := binary.Decode(raw, order, data); err != nil {
			return nil, err
		}
	}
	return data, nil
}

// rowMajor turns data whose first index runs fastest into the order in which the last one does.
func rowMajor[T Element](src []T, shape []int) []T {
	dst := make([]T, len(src))
	index := make([]int, len(shape))
	for i := range dst {
		from, stride := 0, 1
		for k, d := range shape {
			from += index[k] * stride
			stride *= d
		}
		dst[i] = src[from]
		for k := len(shape) - 1; k >= 0; k-- {
			if index[k]++; index[k] < shape[k] {
				break
			}
			index[k] = 0
		}
	}
	return dst
}
