//go:build gpu

package cuda

import (
	"fmt"
	"runtime"
	"time"

	"gorgonia.org/cu"
	"gorgonia.org/tensor"

	"cavity/engine"
)

// granule is what an allocation is rounded up to.
const granule = 512

// A rehearsal lowers steps as its backend would and adds up the memory; nothing is allocated and nothing can be launched.
type rehearsal struct {
	b     *backend
	bytes int
}

// Rehearse adds up the memory of a plan, kernels' scratch and tables included; fits says whether it is there.
func (b *backend) Rehearse() (engine.Backend, func() error) {
	r := &rehearsal{b: b}
	return r, func() error { return b.fits(r.bytes) }
}

// phantom is memory that is only counted.
type phantom struct{}

func (phantom) ReadAt([]byte, int) error  { return nil }
func (phantom) WriteAt([]byte, int) error { return nil }

func (r *rehearsal) Name() string         { return r.b.Name() }
func (r *rehearsal) Multiprocessors() int { return r.b.Multiprocessors() }

func (r *rehearsal) Alloc(dt tensor.Dtype, n int) (engine.Buffer, error) {
	r.bytes += (max(n*int(dt.Size()), 1) + granule - 1) / granule * granule
	return engine.Buffer{Dtype: dt, Shape: []int{n}, Mem: &phantom{}}, nil
}

func (r *rehearsal) Upload(data any) (engine.Buffer, error) {
	h, err := hostBuffer(data)
	if err != nil {
		return h, err
	}
	return r.Alloc(h.Dtype, h.Len())
}

// Keep counts the copy.
func (r *rehearsal) Keep(b engine.Buffer) (engine.Buffer, func() error, error) {
	kept, err := r.Alloc(b.Dtype, b.Len())
	return kept, func() error { return nil }, err
}

func (r *rehearsal) Lower(s engine.Step) (engine.Launch, error) {
	launches, err := lower(r, s)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.Name(), err)
	}
	for _, l := range launches {
		if err := l.Check(); err != nil {
			return nil, fmt.Errorf("%s: %w", r.Name(), err)
		}
	}
	return func(*engine.Clock) error { return fmt.Errorf("%s: a rehearsal does not run", r.Name()) }, nil
}

func (r *rehearsal) Fuses(f *engine.Fused) bool { return r.b.Fuses(f) }
func (r *rehearsal) Close() error               { return nil }

// fits tells what a program needs, and refuses it when the device has less.
func (b *backend) fits(bytes int) error {
	free, total, err := b.free()
	if err == nil && int64(bytes) > free {
		collect() // programs that nobody refers to any more may hold the difference
		free, total, err = b.free()
	}
	if err != nil {
		return fmt.Errorf("%s: %w", b.Name(), err)
	}
	if int64(bytes) > free {
		return engine.Shortage(fmt.Sprintf("%s: the program needs %s of device memory, and %s of %s are free", b.Name(), size(bytes), size(int(free)), size(int(total))))
	}
	if b.notice != nil {
		b.notice(fmt.Sprintf("%s: the program needs %s of device memory; %s of %s are free", b.Name(), size(bytes), size(int(free)), size(int(total))))
	}
	return nil
}

// free is the device's free and whole memory, after what is no longer used was given back.
func (d *device) free() (free, total int64, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	err = d.do(func() error {
		if err := d.release(); err != nil {
			return err
		}
		free, total, err = cu.MemInfo()
		return err
	})
	return free, total, err
}

// collect runs the finalizers of programs that are garbage: the host's collector does not know how scarce the device's memory is.
func collect() {
	type sentinel struct{ self *int }
	for range 2 { // what the first round's finalizers let go is garbage of the second
		done := make(chan struct{})
		runtime.SetFinalizer(&sentinel{new(int)}, func(*sentinel) { close(done) })
		runtime.GC()
		select {
		case <-done:
		case <-time.After(time.Second):
		}
	}
}
