package dense

import (
	"unsafe"

	"cavity/engine"
	"cavity/engine/cpu/level"
	"cavity/engine/rng"
)

const (
	blockSites = 64 // sites whose flips are gathered before the fields are brought up to date: a bit each
	group      = 32 // lanes that are visited together
	tile       = 8  // vectors of a row in registers at a time
)

// The arguments of the assembly, all 8 bytes wide so that it may load them as vectors of 64-bit lanes.
type (
	wordsArgs struct {
		dst       *float32
		stride    int // bytes between sites
		sites     int
		site      uint64
		counter   uint64
		c2, c3    uint64
		want      uint64 // bit w: store word w
		keys      *[14]uint32
		secondGap int // bytes to skip before word 2
	}
	thresholdArgs struct {
		words   *float32
		stride  int
		sites   int
		columns int
		negHalf *float32
	}
	transposeArgs struct {
		src             *float32
		srcRow, srcTile int
		dst             *float32
		dstRow, dstTile int
		tiles           int
	}
	decideArgs struct {
		sites      int
		h, s, l, j *float32
		jRow       int
		masks      *uint16
	}
	applyArgs struct {
		h        *float32
		hRow     int
		flips    *uint64
		s        *float32
		sRow     int
		j        *float32
		jRow     int
		replicas int
		scale    float32
	}
)

// routines are the assembly of one level.
type routines struct {
	lanes      int
	words      func(*wordsArgs)
	thresholds [2]func(*thresholdArgs)
	transpose  func(*transposeArgs)
	decide16   func(*decideArgs)
	decide32   func(*decideArgs) // nil: decide16 twice
	apply      [tile + 1]func(*applyArgs)
}

// lane arrays hold a block: [site][lane of a group].
type laneArray [blockSites][group]float32

// block is what is known of a block of sites while it is visited.
type block struct {
	h       laneArray
	s, l    [2]laneArray
	negHalf [2 * group]float32
	masks   [blockSites]uint64 // word of a site, bit of a replica: it turned
	flips   [blockSites]uint64 // word of a replica, bit of a site
}

// workspace is a worker's scratch memory.
type workspace struct {
	*block
	words  wordsArgs
	level  thresholdArgs
	turn   transposeArgs
	decide decideArgs
	apply  applyArgs
}

// Sweeper runs sweeps of a Batch on a pool of workers. Results are those of Sweep and Fields, bit for bit.
type Sweeper struct {
	batch   Batch
	rule    Rule
	asm     *routines
	workers engine.Workers
	chunk   int // replicas of a task: 16, 32 or 64
	scratch []*workspace
	sweep   func(task, worker int)
	refresh func(task, worker int)

	key                       rng.Stream
	keys                      [14]uint32
	state, j, external, halfT []float32
}

// NewSweeper prepares sweeps at the present CPU level. It allocates all the memory that they need.
func NewSweeper(b Batch, rule Rule, w engine.Workers) *Sweeper {
	s := &Sweeper{batch: b, rule: rule, asm: vectors(level.Of()), workers: w, chunk: 64}
	for s.chunk > 16 && b.Systems*((b.Replicas+s.chunk-1)/s.chunk) < w.N() {
		s.chunk /= 2
	}
	for range w.N() {
		s.scratch = append(s.scratch, newWorkspace())
	}
	s.sweep, s.refresh = s.sweepTask, s.refreshTask
	return s
}

// newWorkspace places the block on a cache line, so that no vector straddles two.
func newWorkspace() *workspace {
	const line = 64
	raw := make([]byte, unsafe.Sizeof(block{})+line)
	p := unsafe.Pointer(unsafe.SliceData(raw))
	return &workspace{block: (*block)(unsafe.Add(p, (line-int(uintptr(p)%line))%line))}
}
