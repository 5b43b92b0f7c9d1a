package rng

import (
	"fmt"
	"math"
	"math/bits"
	"unsafe"
)

// slot32 says where element e of a tensor of 32-bit values lives: the low 64 bits of its counter and its word.
// Sixteen consecutive counters make 64 consecutive elements, so a vector of counters gives contiguous elements.
func slot32(e uint64) (counter uint64, word uint) {
	return e>>6<<4 | e&15, uint(e>>4) & 3
}

// slot64 is the same for 64-bit values: element e takes words 2*half and 2*half+1.
func slot64(e uint64) (counter uint64, half uint) {
	return e>>4<<3 | e&7, uint(e>>3) & 1
}

// Site is the index of the first element of site i in a sweep of dense couplings: Uint32(Site(i)+r) is the word of replica r there,
// the counter's second word being i. i is less than 1<<30, r less than 1<<34.
func Site(i uint32) uint64 { return uint64(i) << 34 }

// Uint32 returns element e of the stream as 32 random bits: word (e/16)%4 of counter 16*(e/64) + e%16.
func (s Stream) Uint32(e uint64) uint32 {
	c, word := slot32(e)
	b := s.Block(uint32(c), uint32(c>>32))
	return b[word]
}

// uint64 joins the two words of element e of a 64-bit tensor, the second word above the first.
func (s Stream) uint64(e uint64) uint64 {
	c, half := slot64(e)
	b := s.Block(uint32(c), uint32(c>>32))
	return join(b[2*half], b[2*half+1])
}

func join(lo, hi uint32) uint64 { return uint64(hi)<<32 | uint64(lo) }

// Float32 returns element e as a uniform number of [0, 1): the word's upper 24 bits times 2⁻²⁴.
func (s Stream) Float32(e uint64) float32 { return unit32(s.Uint32(e)) }

// Float64 returns element e as a uniform number of [0, 1): the upper 53 bits of the two words times 2⁻⁵³.
// Element e takes words (2h, 2h+1), h = (e/8)%2, of counter 8*(e/16) + e%8.
func (s Stream) Float64(e uint64) float64 { return unit64(s.uint64(e)) }

func unit32(w uint32) float32 { return float32(w>>8) * 0x1p-24 }
func unit64(w uint64) float64 { return float64(w>>11) * 0x1p-53 }

// Below returns element e as an integer of [0, n): the upper half of the 128-bit product of n and the element's 64 bits.
// Each value has probability 1/n within 2⁻⁶⁴. Below of n = 0 is 0.
func (s Stream) Below(e uint64, n uint32) uint32 {
	hi, _ := bits.Mul64(s.uint64(e), uint64(n))
	return uint32(hi)
}

// Threshold turns a probability into the integer round(p·2³²), ties to even, that a 32-bit word is compared with.
// The largest, 2³², is above every word and means always. p outside [0, 1] or NaN is an error.
func Threshold(p float64) (uint64, error) {
	if !(p >= 0 && p <= 1) {
		return 0, fmt.Errorf("rng: probability %v is not in [0, 1]", p)
	}
	return uint64(math.RoundToEven(p * 0x1p32)), nil
}

// Bernoulli is true with probability threshold·2⁻³²: it compares the word Uint32(e) with a threshold made by Threshold.
func (s Stream) Bernoulli(e uint64, threshold uint64) bool { return uint64(s.Uint32(e)) < threshold }

// Permutation fills dst with a uniformly random order of 0 … len(dst)-1, by the shuffle of Fisher and Yates:
// for i = len(dst)-1 … 1 entry i is exchanged with entry Below(i, i+1).
// It panics when dst has more than 2³¹-1 entries.
func (s Stream) Permutation(dst []int32) {
	if len(dst) > math.MaxInt32 {
		panic(fmt.Sprintf("rng: permutation of %d entries, at most %d", len(dst), math.MaxInt32))
	}
	for i := range dst {
		dst[i] = int32(i)
	}
	// The words of 16 counters are the bits of 32 entries; they are made together, for speed.
	var w [group32]uint32
	for first := (len(dst) - 1) &^ 31; first >= 0; first -= 32 {
		s.groups(law{kind: uints32}, unsafe.Pointer(&w), 1, uint64(first/2))
		for i := min(first+31, len(dst)-1); i >= max(first, 1); i-- {
			counter, half := slot64(uint64(i - first))
			j, _ := bits.Mul64(join(w[32*half+uint(counter)], w[32*half+16+uint(counter)]), uint64(i)+1)
			dst[i], dst[j] = dst[j], dst[i]
		}
	}
}
