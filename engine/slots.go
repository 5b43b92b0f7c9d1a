package engine

import (
	"fmt"
	"maps"
	"slices"

	"gorgonia.org/tensor"
)

// Slots lists the slots by name, with dtype and shape; the memory is not to be touched.
func (pr *Program) Slots() map[string]Buffer { return maps.Clone(pr.slots) }

// Bytes is the memory of slots and intermediate values.
func (pr *Program) Bytes() (slots, intermediates int) {
	for _, b := range pr.slots {
		slots += b.Bytes()
	}
	return slots, pr.pool.Bytes
}

// Read copies a slot into dst, a slice of the slot's element type and length.
func (pr *Program) Read(slot string, dst any) error {
	b, raw, err := lookup(pr.slots, slot, dst)
	if err != nil {
		return err
	}
	if err := pr.Sync(); err != nil {
		return err
	}
	return b.read(raw)
}

// Write copies src, a slice of the slot's element type and length, into a slot.
func (pr *Program) Write(slot string, src any) error {
	b, raw, err := lookup(pr.slots, slot, src)
	if err != nil {
		return err
	}
	return b.write(raw)
}

// ReadAt copies the elements of a slot that begin at element `at` into dst, a slice of the slot's element type.
func (pr *Program) ReadAt(slot string, at int, dst any) error {
	b, raw, err := part(pr.slots, slot, at, dst)
	if err != nil {
		return err
	}
	if err := pr.Sync(); err != nil {
		return err
	}
	return b.read(raw)
}

// WriteAt copies src into the elements of a slot that begin at element `at`: large slots can be filled in parts.
func (pr *Program) WriteAt(slot string, at int, src any) error {
	b, raw, err := part(pr.slots, slot, at, src)
	if err != nil {
		return err
	}
	return b.write(raw)
}

// slot finds or makes a slot and checks that all its uses agree.
func (pr *Program) slot(name string, dt tensor.Dtype, shape []int) (Buffer, error) {
	if b, ok := pr.slots[name]; ok {
		if b.Dtype != dt || !slices.Equal(b.Shape, shape) {
			return b, fmt.Errorf("slot %q is %v%v here and %v%v elsewhere", name, dt, shape, b.Dtype, b.Shape)
		}
		return b, nil
	}
	b, err := pr.alloc(dt, max(Volume(shape), 1))
	if err != nil {
		return b, fmt.Errorf("slot %q: %w", name, err)
	}
	b.Shape = append([]int{}, shape...)
	pr.slots[name] = b
	return b, nil
}

// alloc takes memory from the backend for a slot or a value. What a Program takes of the host's memory is counted.
func (pr *Program) alloc(dt tensor.Dtype, n int) (Buffer, error) {
	need := pr.taken + float64(n)*float64(dt.Size())
	if err := Room("with it the program is too large", need, pr.free); err != nil {
		return Buffer{}, err
	}
	pr.taken = need
	return pr.backend.Alloc(dt, n)
}

// constants puts numbers where the backend can read them.
func (pr *Program) constants(list []*value) error {
	for _, v := range list {
		if v.kind != kConst {
			continue
		}
		key := fmt.Sprintf("%v %x", v.dtype, v.number)
		b, ok := pr.consts[key]
		if !ok {
			var err error
			if b, err = pr.backend.Alloc(v.dtype, 1); err != nil {
				return err
			}
			if err := writeNumber(b, v.number); err != nil {
				return fmt.Errorf("constant %s: %w", v.label, err)
			}
			pr.consts[key] = b
		}
		v.buf, v.placed = b.View(0, v.shape...), true
	}
	return nil
}

func writeNumber(b Buffer, x float64) error {
	var src any
	switch b.Dtype {
	case tensor.Float32:
		src = []float32{float32(x)}
	case tensor.Float64:
		src = []float64{x}
	case tensor.Int32:
		src = []int32{int32(x)}
	case tensor.Int64:
		src = []int64{int64(x)}
	default:
		return fmt.Errorf("no constants of dtype %v", b.Dtype)
	}
	_, raw, err := bytesOf(src)
	if err != nil {
		return err
	}
	return b.write(raw)
}

// lookup finds a slot and views x, a slice of its element type and length, as bytes. It allocates nothing.
func lookup(slots map[string]Buffer, slot string, x any) (Buffer, []byte, error) {
	b, n, raw, err := match(slots, slot, x)
	if err == nil && n != b.Len() {
		err = fmt.Errorf("engine: slot %q holds %d elements of %v, not %d", slot, b.Len(), b.Dtype, n)
	}
	return b, raw, err
}

// part is the view of a slot that begins at element `at` and has the size of x, with x as bytes.
func part(slots map[string]Buffer, slot string, at int, x any) (Buffer, []byte, error) {
	b, n, raw, err := match(slots, slot, x)
	if err == nil && (at < 0 || at > b.Len()-n) {
		err = fmt.Errorf("engine: slot %q holds %d elements of %v: it has no %d at %d", slot, b.Len(), b.Dtype, n, at)
	}
	if err != nil {
		return b, nil, err
	}
	return b.View(at, n), raw, nil
}

// match finds a slot and views x, a slice of n elements of its type, as bytes.
func match(slots map[string]Buffer, slot string, x any) (b Buffer, n int, raw []byte, err error) {
	b, ok := slots[slot]
	if !ok {
		return b, 0, nil, fmt.Errorf("engine: no slot %q", slot)
	}
	dt, raw, err := bytesOf(x)
	if err != nil {
		return b, 0, nil, fmt.Errorf("engine: slot %q: %w", slot, err)
	}
	n = len(raw) / int(dt.Size())
	if dt != b.Dtype {
		err = fmt.Errorf("engine: slot %q holds elements of %v, not %d of %v", slot, b.Dtype, n, dt)
	}
	return b, n, raw, err
}
