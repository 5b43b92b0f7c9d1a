package rng

import "fmt"

// Constants of Philox4x32: the two multipliers and the Weyl increments of the key (Salmon, Moraes, Dror, Shaw 2011, section 3.3).
const (
	m0, m1 = 0xD2511F53, 0xCD9E8D57
	w0, w1 = 0x9E3779B9, 0xBB67AE85
	mask   = 1<<32 - 1
)

// Rounds is the number of Philox rounds of an ordinary stream, CheckRounds that of a stream in checking mode.
// Seven is the least number that passed BigCrush in the paper, ten its recommendation with a margin.
const (
	Rounds      = 7
	CheckRounds = 10
)

// MaxPass bounds the pass number of At, which has 40 bits in the counter.
const MaxPass = 1 << 40

// SetupStage is the stage number of host-side set-up: couplings, patterns, initial states.
const SetupStage = 255

// Philox is the bijection Philox4x32 with the given number of rounds: it encrypts the counter under the key.
func Philox(rounds int, counter [4]uint32, key [2]uint32) [4]uint32 {
	c0, c1, c2, c3 := counter[0], counter[1], counter[2], counter[3]
	k0, k1 := key[0], key[1]
	for range rounds {
		c0, c1, c2, c3 = round(c0, c1, c2, c3, k0, k1)
		k0 += w0
		k1 += w1
	}
	return [4]uint32{c0, c1, c2, c3}
}

// A Stream is a sequence of random numbers without state: the key and the upper half of the counter.
// Its value at an index depends on nothing else, so any worker may compute any part in any order.
//
// Assembly and CUDA kernels take the four words as they are. One that cannot run ten rounds must refuse a stream with Check set.
type Stream struct {
	K0, K1 uint32 // the seed, low and high half
	C2, C3 uint32 // pass, stage and stream, as At packs them
	Check  bool   // ten rounds instead of seven: another generator, to see whether a result depends on it
}

// At gives the stream that a kernel uses in one pass of its stage:
//
//	key = (lo32(seed), hi32(seed)),  c2 = lo32(pass),  c3 = stream | stage<<16 | hi8(pass>>32)<<24
//
// pass counts how many times the stage has run since the beginning, stage is its number in the plan (SetupStage: host-side set-up),
// stream is the kernel's purpose and must be unique in its stage. At panics when pass is MaxPass or more, because the numbers would repeat.
func At(seed, pass uint64, stage uint8, stream uint16) Stream {
	if pass >= MaxPass {
		panic(fmt.Sprintf("rng: pass %d does not fit the counter's 40 bits", pass))
	}
	return Stream{
		K0: uint32(seed), K1: uint32(seed >> 32),
		C2: uint32(pass), C3: uint32(stream) | uint32(stage)<<16 | uint32(pass>>32)<<24,
	}
}

// Block returns the four words at counter (c0, c1, C2, C3).
func (s Stream) Block(c0, c1 uint32) [4]uint32 {
	x0, x1, x2, x3 := s.block(c0, c1)
	return [4]uint32{x0, x1, x2, x3}
}

// block is Philox with its rounds written out, twice as fast as the loop.
func (s Stream) block(c0, c1 uint32) (x0, x1, x2, x3 uint32) {
	c2, c3, k0, k1 := s.C2, s.C3, s.K0, s.K1
	c0, c1, c2, c3 = round(c0, c1, c2, c3, k0, k1)
	c0, c1, c2, c3 = round(c0, c1, c2, c3, k0+1*w0&mask, k1+1*w1&mask)
	c0, c1, c2, c3 = round(c0, c1, c2, c3, k0+2*w0&mask, k1+2*w1&mask)
	c0, c1, c2, c3 = round(c0, c1, c2, c3, k0+3*w0&mask, k1+3*w1&mask)
	c0, c1, c2, c3 = round(c0, c1, c2, c3, k0+4*w0&mask, k1+4*w1&mask)
	c0, c1, c2, c3 = round(c0, c1, c2, c3, k0+5*w0&mask, k1+5*w1&mask)
	c0, c1, c2, c3 = round(c0, c1, c2, c3, k0+6*w0&mask, k1+6*w1&mask)
	if s.Check {
		c0, c1, c2, c3 = round(c0, c1, c2, c3, k0+7*w0&mask, k1+7*w1&mask)
		c0, c1, c2, c3 = round(c0, c1, c2, c3, k0+8*w0&mask, k1+8*w1&mask)
		c0, c1, c2, c3 = round(c0, c1, c2, c3, k0+9*w0&mask, k1+9*w1&mask)
	}
	return c0, c1, c2, c3
}

func round(c0, c1, c2, c3, k0, k1 uint32) (x0, x1, x2, x3 uint32) {
	p0, p1 := uint64(c0)*m0, uint64(c2)*m1
	return uint32(p1>>32) ^ c1 ^ k0, uint32(p1), uint32(p0>>32) ^ c3 ^ k1, uint32(p0)
}
