//go:build gpu

package cuda

/*
#include <cuda.h>
*/
import "C"

import (
	"errors"
	"fmt"
	"runtime"
	"unsafe"

	"gorgonia.org/cu"

	"cavity/engine"
)

// Pinned memory through which copies go: the device reads and writes it by itself, while the host works on.
const (
	ringBytes    = 8 << 20
	landingBytes = 4 << 20
)

// pinned takes memory of the host that the device can reach; it goes when the context does.
func pinned(bytes int) ([]byte, error) {
	var p unsafe.Pointer
	if err := check(C.int(C.cuMemAllocHost(&p, C.size_t(bytes)))); err != nil {
		return nil, err
	}
	return unsafe.Slice((*byte)(p), bytes), nil
}

// ring holds what is on its way to the device. A copy is made when its turn comes on the stream, so a half may be overwritten only
// after the event that follows the copies from it.
type ring struct {
	bytes  []byte
	at     int
	copied [2]cu.Event
	used   [2]bool // the event stands for copies
}

func newRing() (r ring, err error) {
	if r.bytes, err = pinned(ringBytes); err != nil {
		return r, err
	}
	for half := range r.copied {
		if r.copied[half], err = cu.MakeEvent(cu.DisableTiming); err != nil {
			return r, err
		}
	}
	return r, nil
}

// room is up to n bytes of the ring that nothing reads any more.
func (r *ring) room(n int, b *backend) ([]byte, error) {
	half := len(r.bytes) / 2
	if r.at > 0 && r.at%half == 0 { // the other half begins
		left := r.at/half - 1
		if err := r.copied[left].Record(b.stream); err != nil {
			return nil, err
		}
		r.used[left] = true
		r.at %= len(r.bytes)
		if next := 1 - left; r.used[next] {
			if err := b.waitFor(r.copied[next]); err != nil {
				return nil, err
			}
		}
	}
	n = min(n, half-r.at%half)
	part := r.bytes[r.at : r.at+n]
	r.at += n
	return part, nil
}

// waitFor waits for an event, and counts it when it had not happened yet.
func (b *backend) waitFor(e cu.Event) error {
	if err := e.Query(); err == nil || err.Error() != cu.NotReady.Error() {
		return err
	}
	b.waits++
	return e.Synchronize()
}

// Waits is how often the host has waited for the device.
func (b *backend) Waits() int { return b.waits }

// WriteAt copies from the host, in the order of the stream: after what was launched before, without waiting for it.
func (m *memory) WriteAt(src []byte, off int) error {
	if err := m.holds(len(src), off); err != nil {
		return err
	}
	return m.b.do(func() error {
		for len(src) > 0 {
			part, err := m.b.outgoing.room(len(src), m.b)
			if err != nil {
				return err
			}
			copy(part, src)
			if err := cu.MemcpyHtoDAsync(m.ptr+cu.DevicePtr(off), unsafe.Pointer(&part[0]), int64(len(part)), m.b.stream); err != nil {
				return err
			}
			src, off = src[len(part):], off+len(part)
		}
		return nil
	})
}

// ReadAt waits for the device and copies to the host.
func (m *memory) ReadAt(dst []byte, off int) error {
	if err := m.b.Sync(); err != nil {
		return err
	}
	if err := m.holds(len(dst), off); err != nil {
		return err
	}
	return m.b.do(func() error { return m.land(dst, off, m.b.stream) })
}

// land copies to the host in the order of a stream; the context is current.
func (m *memory) land(dst []byte, off int, stream cu.Stream) error {
	for len(dst) > 0 {
		part := m.b.landing[:min(len(m.b.landing), len(dst))]
		if err := cu.MemcpyDtoHAsync(unsafe.Pointer(&part[0]), m.ptr+cu.DevicePtr(off), int64(len(part)), stream); err != nil {
			return err
		}
		m.b.waits++
		if err := stream.Synchronize(); err != nil {
			return err
		}
		copy(dst, part)
		dst, off = dst[len(part):], off+len(part)
	}
	return nil
}

func (m *memory) holds(n, off int) error {
	if off < 0 || off+n > m.bytes {
		return fmt.Errorf("cuda: %d bytes at %d of an allocation of %d", n, off, m.bytes)
	}
	return nil
}

// kept is memory that holds a copy of other memory, and is read on a stream of its own: beside what was launched after the copy.
type kept struct {
	*memory
	from  *memory
	off   int
	taken cu.Event
	later *prepared // the first launch after the copy
}

// Keep prepares copies of a buffer on the device.
func (b *backend) Keep(of engine.Buffer) (engine.Buffer, func() error, error) {
	buf, err := b.Alloc(of.Dtype, of.Len())
	if err != nil {
		return buf, nil, err
	}
	k := &kept{memory: buf.Mem.(*memory), from: of.Mem.(*memory), off: of.Off}
	err = b.do(func() error {
		k.taken, err = cu.MakeEvent(cu.DisableTiming)
		return err
	})
	runtime.SetFinalizer(k, func(k *kept) { k.b.retireEvent(k.taken) })
	buf.Mem, buf.Shape = k, of.Shape
	return buf, k.take, err
}

func (k *kept) take() error {
	b := k.b
	b.newest, k.later = k, nil
	return b.do(func() error {
		if err := cu.MemcpyDtoDAsync(k.ptr, k.from.ptr+cu.DevicePtr(k.off), int64(k.bytes), b.stream); err != nil {
			return err
		}
		return k.taken.Record(b.stream)
	})
}

// ReadAt waits for the copy.
func (k *kept) ReadAt(dst []byte, off int) error {
	b := k.b
	if err := k.holds(len(dst), off); err != nil {
		return err
	}
	err := b.do(func() error {
		if err := b.aside.Wait(k.taken, 0); err != nil {
			return err
		}
		return k.land(dst, off, b.aside)
	})
	if err != nil {
		if e := b.Sync(); e != nil { // which says what launch it was
			return e
		}
		return err
	}
	if b.newest == k { // what was launched before the copy has ended well
		b.first = k.later
	}
	return nil
}

// WriteAt is refused: a moment is what it was.
func (k *kept) WriteAt([]byte, int) error { return errors.New("cuda: a moment cannot be written") }
