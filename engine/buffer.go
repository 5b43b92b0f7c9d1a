package engine

import (
	"fmt"
	"unsafe"

	"gorgonia.org/tensor"
)

// Element lists the types of a Buffer's elements.
type Element interface {
	~float32 | ~float64 | ~int8 | ~uint8 | ~int16 | ~int32 | ~uint32 | ~int64 | ~uint64 | ~bool
}

// Memory is a block of a backend's memory that the host cannot address. Offsets count bytes.
type Memory interface {
	ReadAt(dst []byte, off int) error
	WriteAt(src []byte, off int) error
}

// A Buffer is the memory of one value: dtype, shape in row-major order, and where the elements lie.
// The zero Buffer holds nothing.
type Buffer struct {
	Dtype tensor.Dtype
	Shape []int
	Mem   Memory         // nil for host memory
	Off   int            // bytes into Mem
	host  unsafe.Pointer // nil for device memory
}

// HostBuffer wraps a slice of n = product(shape) elements; the Buffer aliases it.
func HostBuffer[T Element](data []T, shape ...int) (Buffer, error) {
	if len(data) != Volume(shape) {
		return Buffer{}, fmt.Errorf("engine: %d elements cannot have the shape %v", len(data), shape)
	}
	var zero T
	return Buffer{Dtype: dtypeOf(zero), Shape: shape, host: unsafe.Pointer(unsafe.SliceData(data))}, nil
}

// NewHostBuffer allocates zeroed host memory, aligned to a cache line.
func NewHostBuffer(dt tensor.Dtype, shape ...int) Buffer {
	const align = 64
	raw := make([]uint64, (Volume(shape)*int(dt.Size())+7)/8+align/8)
	p := unsafe.Pointer(unsafe.SliceData(raw))
	p = unsafe.Add(p, (align-int(uintptr(p)%align))%align)
	return Buffer{Dtype: dt, Shape: shape, host: p}
}

// Slice views a host Buffer as a Go slice. It panics when T is not the Buffer's dtype or the memory is a device's:
// both are programming errors that the engine's checks exclude for kernels.
func Slice[T Element](b Buffer) []T {
	var zero T
	if dtypeOf(zero) != b.Dtype {
		panic(fmt.Sprintf("engine: a buffer of %v read as %T", b.Dtype, zero))
	}
	if b.host == nil {
		if b.Len() == 0 {
			return nil
		}
		panic("engine: device memory read as a host slice")
	}
	return unsafe.Slice((*T)(b.host), b.Len())
}

// Len is the number of elements.
func (b Buffer) Len() int { return Volume(b.Shape) }

// Bytes is the size of the elements in bytes.
func (b Buffer) Bytes() int { return b.Len() * int(b.Dtype.Size()) }

// Host reports the address of host memory, nil for a device's.
func (b Buffer) Host() unsafe.Pointer { return b.host }

// Same reports whether two buffers begin at the same place.
func (b Buffer) Same(o Buffer) bool { return b.host == o.host && b.Mem == o.Mem && b.Off == o.Off }

// View is the part of b that begins off elements in, with another shape.
func (b Buffer) View(off int, shape ...int) Buffer {
	if off < 0 || off+Volume(shape) > b.Len() {
		panic(fmt.Sprintf("engine: view of %v at %d beyond a buffer of %v", shape, off, b.Shape))
	}
	v := Buffer{Dtype: b.Dtype, Shape: shape, Mem: b.Mem, host: b.host}
	if b.host != nil {
		v.host = unsafe.Add(b.host, off*int(b.Dtype.Size()))
	} else {
		v.Off = b.Off + off*int(b.Dtype.Size())
	}
	return v
}

// raw is the host memory as bytes.
func (b Buffer) raw() []byte {
	if b.host == nil {
		return nil
	}
	return unsafe.Slice((*byte)(b.host), b.Bytes())
}

func (b Buffer) read(dst []byte) error {
	if b.Mem != nil {
		return broken(b.Mem.ReadAt(dst, b.Off))
	}
	copy(dst, b.raw())
	return nil
}

func (b Buffer) write(src []byte) error {
	if b.Mem != nil {
		return broken(b.Mem.WriteAt(src, b.Off))
	}
	copy(b.raw(), src)
	return nil
}

// Volume is the number of elements of a shape; a scalar's shape is empty.
func Volume(shape []int) int {
	n := 1
	for _, s := range shape {
		n *= s
	}
	return n
}

func dtypeOf(x any) tensor.Dtype {
	switch x.(type) {
	case float32:
		return tensor.Float32
	case float64:
		return tensor.Float64
	case int8:
		return tensor.Int8
	case uint8:
		return tensor.Uint8
	case int16:
		return tensor.Int16
	case int32:
		return tensor.Int32
	case uint32:
		return tensor.Uint32
	case int64:
		return tensor.Int64
	case uint64:
		return tensor.Uint64
	case bool:
		return tensor.Bool
	}
	return tensor.Dtype{}
}

// bytesOf views a slice of any element type, or a pointer to one element, as bytes.
func bytesOf(x any) (tensor.Dtype, []byte, error) {
	switch s := x.(type) {
	case []float32:
		return rawSlice(s)
	case []float64:
		return rawSlice(s)
	case []int8:
		return rawSlice(s)
	case []uint8:
		return rawSlice(s)
	case []int16:
		return rawSlice(s)
	case []int32:
		return rawSlice(s)
	case []uint32:
		return rawSlice(s)
	case []int64:
		return rawSlice(s)
	case []uint64:
		return rawSlice(s)
	case []bool:
		return rawSlice(s)
	}
	return tensor.Dtype{}, nil, fmt.Errorf("a slice of numbers is needed, not %T", x)
}

func rawSlice[T Element](s []T) (tensor.Dtype, []byte, error) {
	var zero T
	return dtypeOf(zero), unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*int(unsafe.Sizeof(zero))), nil
}

// Copy copies the elements of one host buffer to another of the same dtype and length.
func Copy(dst, src Buffer) {
	if dst.Dtype != src.Dtype || dst.Len() != src.Len() {
		panic(fmt.Sprintf("engine: copy of %v%v to %v%v", src.Dtype, src.Shape, dst.Dtype, dst.Shape))
	}
	copy(dst.raw(), src.raw())
}
