package gemm

import "unsafe"

// A Workspace is scratch memory that plans share: packed panels by worker, and one part common to all. Plans that share
// one must not run at the same time, nor between another's Start and its last Rows. Making a plan may enlarge it.
// The zero Workspace is ready to use.
type Workspace struct {
	private []block // by worker
	common  block
}

const cacheLine = 64

// block is memory that begins on a cache line.
type block struct {
	start unsafe.Pointer
	bytes int
}

func (b *block) reserve(bytes int) {
	if bytes <= b.bytes {
		return
	}
	raw := make([]uint64, (bytes+cacheLine)/8)
	p := unsafe.Pointer(unsafe.SliceData(raw))
	b.start, b.bytes = unsafe.Add(p, (cacheLine-int(uintptr(p)%cacheLine))%cacheLine), bytes
}

func (w *Workspace) reserve(workers, private, common int) {
	for len(w.private) < workers {
		w.private = append(w.private, block{})
	}
	for i := range workers {
		w.private[i].reserve(private)
	}
	w.common.reserve(common)
}
