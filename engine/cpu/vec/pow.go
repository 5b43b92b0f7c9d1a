package vec

import "math"

// pow32 is a^b with the special values of math.Pow. It stays in Go on every level: asmgen skips functions that it cannot compile by name.
func pow32(a, b float32) float32 { return float32(math.Pow(float64(a), float64(b))) }

// pow64 is math.Pow.
func pow64(a, b float64) float64 { return math.Pow(a, b) }
