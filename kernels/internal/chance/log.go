// Package chance makes the random decisions of samplers: thresholds in energy instead of comparisons of probabilities.
//
// A spin with local field h turns when s·h ≤ ℓ, with
//
//	ℓ = -(T/2) ln u                 Metropolis: probability min(1, exp(-2 s h/T))
//	ℓ = -(T/2) (ln u - ln(1-u))     heat bath:  probability 1/(1 + exp(2 s h/T))
//
// The threshold depends on no spin, so a sweep draws it for many sites ahead, off the chain of dependent decisions.
// u comes from a 32-bit random word w: u = max(float32(w), 1/2)·2^-32, and 1-u likewise from the complement of w.
// Probabilities below 2^-33 count as zero. The logarithm is a fixed sequence of IEEE operations without fused ones, so that
// every backend draws the same thresholds.
package chance

import "math"

// Rule chooses the probability of a flip.
type Rule uint8

const (
	Metropolis Rule = iota // min(1, exp(-ΔE/T))
	HeatBath               // 1/(1 + exp(ΔE/T)), also called Glauber's rule
)

const (
	rootHalf = 0x3f3504f3 // the bits of float32(√½)
	mantissa = 0x007fffff
	ln2      = float32(0.69314718055994531)
)

// LogUniform is ln u with u = max(float32(w), 1/2)·2^-32, to 2 ulp: u = 2^k·m with m in [√½, √2), f = m-1, s = f/(f+2) and
// ln m = 2s + 2s·s²(1/3 + s²/5 + s⁴/7 + s⁶/9). The conversions keep Go from fusing operations on any processor.
func LogUniform(w uint32) float32 {
	bits := math.Float32bits(max(float32(w), 0.5)) - rootHalf
	k := float32(int32(bits)>>23 - 32)
	f := math.Float32frombits(bits&mantissa+rootHalf) - 1
	s := f / (f + 2)
	z := float32(s * s)
	p := float32(z * (1. / 9))
	p = float32((p + 1./7) * z)
	p = float32((p + 1./5) * z)
	p += 1. / 3
	s += s
	return float32(k*ln2) + (s + float32(float32(s*z)*p))
}

// Threshold is the ℓ of word w at half the temperature; halfT is T/2.
func (r Rule) Threshold(w uint32, halfT float32) float32 {
	l := LogUniform(w)
	if r == HeatBath {
		l -= LogUniform(^w)
	}
	return -l * halfT
}

// HalfTemperature is 1/(2β) in float32, for thresholds.
func HalfTemperature(beta float64) float32 { return float32(0.5 / beta) }
