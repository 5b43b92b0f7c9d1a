package signs

import (
	"golang.org/x/sys/cpu"

	"cavity/engine/cpu/level"
)

//go:noescape
func mismatches16AVX512(a *countArgs)

//go:noescape
func mismatches32AVX512(a *countArgs)

//go:noescape
func mismatches16AVX2(a *countArgs)

// vectors gives the assembly of a level, nil where there is none. An AVX-512 processor that cannot count bits in vectors
// (before 2019) runs the AVX2 version.
func vectors(l level.Level) *routines {
	switch {
	case l == level.AVX512 && cpu.X86.HasAVX512VPOPCNTDQ:
		return &routines{mismatches16AVX512, mismatches32AVX512}
	case l >= level.AVX2:
		return &routines{count16: mismatches16AVX2}
	}
	return nil
}
