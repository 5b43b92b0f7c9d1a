// Package level says which family of vector instructions the CPU kernels use: AVX-512, AVX2 with FMA, or portable Go.
//
// The level is found once from the processor and can be lowered, never raised, by the environment variable CAVITY_CPU
// (avx512, avx2 or portable) or, in tests and benchmarks, by Use. Every package with assembly asks Of; none detects by itself.
package level

import (
	"fmt"
	"os"
	"sync/atomic"
)

// A Level is a family of vector instructions. A higher level includes the lower ones.
type Level int32

const (
	Portable Level = iota // Go without assembly, on any architecture
	AVX2                  // x86-64 with AVX2 and FMA
	AVX512                // x86-64 with AVX-512 F, DQ, BW and VL (and AVX2 and FMA)
)

// Variable is the name of the environment variable that lowers the level.
const Variable = "CAVITY_CPU"

var names = [...]string{Portable: "portable", AVX2: "avx2", AVX512: "avx512"}

// String gives the name that CAVITY_CPU takes.
func (l Level) String() string {
	if l < Portable || l > AVX512 {
		return fmt.Sprintf("level(%d)", int32(l))
	}
	return names[l]
}

// Parse is the inverse of String.
func Parse(name string) (Level, error) {
	for l, n := range names {
		if n == name {
			return Level(l), nil
		}
	}
	return Portable, fmt.Errorf("unknown CPU level %q: avx512, avx2 or portable", name)
}

var (
	hardware = detect()
	current  atomic.Int32
	envErr   error
)

func init() {
	l, err := fromEnvironment(os.Getenv(Variable), hardware)
	current.Store(int32(l))
	envErr = err
}

// fromEnvironment lowers the hardware's level to the one named. On an error it keeps the hardware's level:
// the caller reports the error by Check before it computes.
func fromEnvironment(name string, hardware Level) (Level, error) {
	if name == "" {
		return hardware, nil
	}
	l, err := Parse(name)
	if err != nil {
		return hardware, fmt.Errorf("%s: %w", Variable, err)
	}
	if l > hardware {
		return hardware, fmt.Errorf("%s=%s: this processor has only %s", Variable, l, hardware)
	}
	return l, nil
}

// Of returns the level in use. It is one atomic load.
func Of() Level { return Level(current.Load()) }

// Hardware returns the highest level that the processor and the operating system allow.
func Hardware() Level { return hardware }

// Check reports a value of CAVITY_CPU that names no level, or one that this processor lacks. A command calls it once at its start.
func Check() error { return envErr }

// Available lists the levels that this processor can run, lowest first: what a test of every variant loops over.
func Available() []Level {
	all := []Level{Portable, AVX2, AVX512}
	return all[:hardware+1]
}

// Use sets the level for the whole process until undo is called, and panics when the processor lacks it.
// It is for tests and benchmarks; code that caches the level at set-up keeps what it found then.
func Use(l Level) (undo func()) {
	if l < Portable || l > hardware {
		panic(fmt.Sprintf("level: %s is not one of %v", l, Available()))
	}
	old := current.Swap(int32(l))
	return func() { current.Store(old) }
}
