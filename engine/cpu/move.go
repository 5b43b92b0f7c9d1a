package cpu

import (
	"fmt"
	"unsafe"

	"cavity/engine"
)

// move prepares a strided copy: axes that lie together are merged, and the innermost one is a tight loop.
func (b *Backend) move(m *engine.Move) (engine.Launch, error) {
	var run func()
	switch size := m.In.Dtype.Size(); size {
	case 1:
		run = mover[uint8](m)
	case 2:
		run = mover[uint16](m)
	case 4:
		run = mover[uint32](m)
	case 8:
		run = mover[uint64](m)
	default:
		return nil, fmt.Errorf("cpu: moves elements of %d bytes", size)
	}
	return func(*engine.Clock) error { run(); return nil }, nil
}

func mover[T any](m *engine.Move) func() {
	out, in := elements[T](m.Out), elements[T](m.In)
	shape, so, si := mergeAxes(m)
	last := len(shape) - 1
	n, do, di := shape[last], so[last], si[last]
	idx := make([]int, last)
	return func() {
		if m.Zero {
			clear(out)
		}
		if engine.Volume(m.Shape) == 0 {
			return
		}
		o, i := m.OffOut, m.OffIn
		for {
			copyLine(out, in, o, i, n, do, di)
			d := last - 1
			for ; d >= 0; d-- {
				idx[d]++
				o, i = o+so[d], i+si[d]
				if idx[d] < shape[d] {
					break
				}
				idx[d] = 0
				o, i = o-shape[d]*so[d], i-shape[d]*si[d]
			}
			if d < 0 {
				return
			}
		}
	}
}

func copyLine[T any](out, in []T, o, i, n, do, di int) {
	switch {
	case do == 1 && di == 1:
		copy(out[o:o+n], in[i:i+n])
	case do == 1 && di == 0:
		line, x := out[o:o+n], in[i]
		for k := range line {
			line[k] = x
		}
	default:
		for ; n > 0; n-- {
			out[o] = in[i]
			o, i = o+do, i+di
		}
	}
}

func elements[T any](b engine.Buffer) []T {
	return unsafe.Slice((*T)(b.Host()), b.Len())
}

// mergeAxes drops axes of length 1 and joins neighbours that are contiguous in both arrays.
func mergeAxes(m *engine.Move) (shape, so, si []int) {
	for d, n := range m.Shape {
		if n == 1 {
			continue
		}
		if k := len(shape) - 1; k >= 0 && so[k] == n*m.StrideOut[d] && si[k] == n*m.StrideIn[d] {
			shape[k], so[k], si[k] = shape[k]*n, m.StrideOut[d], m.StrideIn[d]
			continue
		}
		shape, so, si = append(shape, n), append(so, m.StrideOut[d]), append(si, m.StrideIn[d])
	}
	if len(shape) == 0 {
		return []int{1}, []int{1}, []int{1}
	}
	return shape, so, si
}
