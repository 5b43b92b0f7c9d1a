package chance

import (
	"unsafe"

	"cavity/engine/cpu/level"
	"cavity/engine/rng"
)

//go:generate sh -c "cd .. && go run ./asmgen"

// Lanes is the number of replicas in the unit of drawing; a Drawer's rows start at a multiple of it.
const Lanes = 16

// The arguments of the assembly, all 8 bytes wide so that it may load them as 64-bit lanes.
type (
	wordsArgs struct {
		dst      *float32
		stride   int // bytes between sites
		sites    int
		site     uint64
		counter  uint64
		c2, c3   uint64
		want     uint64 // bit w: store word w
		keys     *[2 * rng.Rounds]uint32
		wordsGap int // bytes to skip before word 2
	}
	thresholdArgs struct {
		words   *float32
		stride  int
		sites   int
		columns int
		negHalf *float32
	}
)

type routines struct {
	lanes      int
	words      func(*wordsArgs)
	thresholds [2]func(*thresholdArgs)
}

// A Drawer draws thresholds for many sites and up to 64 replicas at a time. Each worker has its own.
type Drawer struct {
	asm     *routines
	stream  rng.Stream
	keys    [2 * rng.Rounds]uint32
	words   wordsArgs
	level   thresholdArgs
	negHalf [64]float32
}

// Init chooses the code of a CPU level.
func (d *Drawer) Init(l level.Level) { d.asm = vectors(l) }

// Start sets the random numbers, which must not be in checking mode, and the half temperatures T/2 of up to 64 replicas.
func (d *Drawer) Start(s rng.Stream, halfT []float32) {
	if s.Check {
		panic("chance: no ten-round thresholds")
	}
	d.stream = s
	k0, k1 := s.K0, s.K1
	for r := range rng.Rounds {
		d.keys[2*r], d.keys[2*r+1] = k0, k1
		k0 += 0x9E3779B9
		k1 += 0xBB67AE85
	}
	clear(d.negHalf[:])
	for r, t := range halfT {
		d.negHalf[r] = -t
	}
}

// Rows draws the thresholds of the given replicas, first and as many as a multiple of 16 covers, at consecutive sites.
// The replicas must lie between two multiples of 64. Row k of a has its lanes side by side; lanes from 32 on go to row k
// of b where b is not nil. Lanes beyond the replicas get a threshold of zero. Rows are stride floats apart.
func (d *Drawer) Rows(rule Rule, a, b []float32, stride, site, sites, first, replicas int) {
	vectors := (replicas + Lanes - 1) / Lanes
	if d.asm == nil {
		d.plain(rule, a, b, stride, site, sites, first, vectors)
		return
	}
	word := first % 64 / Lanes
	d.words = wordsArgs{
		dst: &a[0], stride: 4 * stride, sites: sites, site: uint64(site), counter: uint64(first / 64 * 16),
		c2: uint64(d.stream.C2), c3: uint64(d.stream.C3), want: (1<<vectors - 1) << word, keys: &d.keys,
	}
	if b != nil && word == 0 && vectors > 2 {
		d.words.wordsGap = int(uintptr(unsafe.Pointer(&b[0]))-uintptr(unsafe.Pointer(&a[0]))) - 2*4*Lanes
	}
	d.asm.words(&d.words)
	left := vectors
	if b != nil {
		left = min(left, 2)
		d.threshold(rule, b, stride, sites, 2, vectors-2)
	}
	d.threshold(rule, a, stride, sites, 0, left)
}

func (d *Drawer) threshold(rule Rule, rows []float32, stride, sites, from, vectors int) {
	if vectors <= 0 {
		return
	}
	d.level = thresholdArgs{&rows[0], 4 * stride, sites, vectors * Lanes / d.asm.lanes, &d.negHalf[from*Lanes]}
	d.asm.thresholds[rule](&d.level)
}

// Run is the number of consecutive elements of a stream that [Drawer.Run] takes together.
const Run = 64

// Run draws the thresholds of the elements first, first + 1, … of the stream, first being a multiple of 64, for one temperature.
func (d *Drawer) Run(rule Rule, dst *[Run]float32, first uint64, halfT float32) {
	words := (*[Run]uint32)(unsafe.Pointer(dst))
	d.stream.FillUint32(words[:], first)
	if d.asm == nil {
		for i, w := range words {
			dst[i] = rule.Threshold(w, halfT)
		}
		return
	}
	if d.negHalf[0] != -halfT || d.negHalf[Run-1] != -halfT {
		for i := range d.negHalf {
			d.negHalf[i] = -halfT
		}
	}
	d.threshold(rule, dst[:], Run, 1, 0, Run/Lanes)
}

// plain is the definition of Rows.
func (d *Drawer) plain(rule Rule, a, b []float32, stride, site, sites, first, vectors int) {
	for k := range sites {
		for l := range vectors * Lanes {
			t := rule.Threshold(d.stream.Uint32(rng.Site(uint32(site+k))+uint64(first+l)), -d.negHalf[l])
			if b != nil && l >= 2*Lanes {
				b[k*stride+l-2*Lanes] = t
			} else {
				a[k*stride+l] = t
			}
		}
	}
}
