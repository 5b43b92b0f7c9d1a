package dense

import (
	"unsafe"

	"cavity/engine"
	"cavity/engine/cpu/level"
	"cavity/engine/rng"
	"cavity/kernels/internal/chance"
)

const (
	blockSites = 64 // sites whose flips are gathered before the fields are brought up to date: a bit each
	group      = 32 // lanes that are visited together
	tile       = 8  // vectors of a row in registers at a time

	cached = 1 << 20 // bytes of couplings that are taken to stay in the second-level cache from sweep to sweep
)

// The arguments of the assembly, all 8 bytes wide so that it may load them as vectors of 64-bit lanes.
type (
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
	energyArgs struct {
		eights  int
		s, h, b *float32
		sums    *[8]float64
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
		scale, _ float32
		ahead    *float32 // the next tile of j, and how many of its rows to fetch, each of the replicas some
		rows     int
		each     int
	}
)

// routines are the assembly of one level.
type routines struct {
	lanes     int
	transpose func(*transposeArgs)
	decide16  func(*decideArgs)
	decide32  func(*decideArgs) // nil: decide16 twice
	apply     [tile + 1]func(*applyArgs)
	energy    func(*energyArgs)
}

// lane arrays hold a block: [site][lane of a group].
type laneArray [blockSites][group]float32

func (a *laneArray) floats() []float32 { return unsafe.Slice(&a[0][0], blockSites*group) }

// block is what is known of a block of sites while it is visited.
type block struct {
	h     laneArray
	s, l  [2]laneArray
	masks [blockSites]uint64 // word of a site, bit of a replica: it turned
	flips [blockSites]uint64 // word of a replica, bit of a site
}

// workspace is a worker's scratch memory.
type workspace struct {
	*block
	draw   chance.Drawer
	turn   transposeArgs
	decide decideArgs
	apply  applyArgs
}

// Sweeper runs sweeps of a Batch on a pool of workers. Results are those of Sweep and Fields, bit for bit.
type Sweeper struct {
	batch   Batch
	rule    chance.Rule
	asm     *routines
	workers engine.Workers
	chunk   int  // replicas of a task: 16, 32 or 64
	team    bool // the workers share the columns of each block instead of the replicas: see joint
	scratch []*workspace
	sweep   func(task, worker int)
	refresh func(task, worker int)
	joint   joint

	key                       rng.Stream
	state, j, external, halfT []float32
}

// NewSweeper prepares sweeps at the present CPU level. It allocates all the memory that they need.
func NewSweeper(b Batch, rule chance.Rule, w engine.Workers) *Sweeper {
	l := level.Of()
	s := &Sweeper{batch: b, rule: rule, asm: vectors(l), workers: w}
	s.divide(1024, 32<<20)
	for range w.N() {
		ws := newWorkspace()
		ws.draw.Init(l)
		s.scratch = append(s.scratch, ws)
	}
	s.sweep, s.refresh, s.joint.task = s.sweepTask, s.refreshTask, s.jointTask
	return s
}

// divide chooses how the workers share the sweep. Systems and groups of 64 replicas go first, since replicas that are swept
// together share every row of the couplings. With fewer of them than workers the groups become smaller, or the workers form
// a team that adds rows together, each to its own columns: where groups would become smaller than 32 and there are at least
// so many sites, or where the couplings have more bytes than any cache can be trusted to hold for several readers.
func (s *Sweeper) divide(sites, bytes int) {
	b, n := s.batch, s.workers.N()
	s.chunk, s.team = 64, false
	for s.chunk > chance.Lanes && b.Systems*s.chunks() < n {
		s.chunk /= 2
	}
	small := s.chunk < 32 && b.Sites >= sites
	if s.asm != nil && s.chunk < 64 && (small || 4*b.Sites*b.Stride() >= bytes) {
		s.chunk, s.team = 64, true
		s.joint.spare = newWorkspace().block
	}
}

// newWorkspace places the block on a cache line, so that no vector straddles two.
func newWorkspace() *workspace {
	const line = 64
	raw := make([]byte, unsafe.Sizeof(block{})+line)
	p := unsafe.Pointer(unsafe.SliceData(raw))
	return &workspace{block: (*block)(unsafe.Add(p, (line-int(uintptr(p)%line))%line))}
}
