package engine

import "fmt"

// lookup finds a slot and views x, a slice of its element type and length, as bytes.
func lookup(slots map[string]Buffer, slot string, x any) (Buffer, []byte, error) {
	b, raw, err := part(slots, slot, 0, x)
	if whole := slots[slot]; err == nil && len(raw) != whole.Bytes() {
		err = fmt.Errorf("engine: slot %q holds %d elements of %v, not %d", slot, whole.Len(), whole.Dtype, b.Len())
	}
	return slots[slot], raw, err
}

// part is the view of a slot that begins at element `at` and has the size of x, with x as bytes.
func part(slots map[string]Buffer, slot string, at int, x any) (Buffer, []byte, error) {
	b, ok := slots[slot]
	if !ok {
		return b, nil, fmt.Errorf("engine: no slot %q", slot)
	}
	dt, raw, err := bytesOf(x)
	if err != nil {
		return b, nil, fmt.Errorf("engine: slot %q: %w", slot, err)
	}
	n := len(raw) / int(b.Dtype.Size())
	if dt != b.Dtype || at < 0 || at > b.Len()-n {
		return b, nil, fmt.Errorf("engine: slot %q holds %d elements of %v: it has no %d of %v at %d", slot, b.Len(), b.Dtype, len(raw)/int(dt.Size()), dt, at)
	}
	return b.View(at, n), raw, nil
}
