package sparse

import "cavity/engine/cpu/level"

//go:noescape
func visit16AVX512(a *visitArgs)

//go:noescape
func visit32AVX512(a *visitArgs)

//go:noescape
func visit16AVX2(a *visitArgs)

//go:noescape
func energy16AVX512(a *energyArgs)

//go:noescape
func energy16AVX2(a *energyArgs)

// vectors gives the assembly of a level, nil where there is none.
func vectors(l level.Level) *routines {
	switch l {
	case level.AVX512:
		return &routines{visit16AVX512, visit32AVX512, energy16AVX512}
	case level.AVX2:
		return &routines{visit16: visit16AVX2, energy16: energy16AVX2}
	}
	return nil
}
