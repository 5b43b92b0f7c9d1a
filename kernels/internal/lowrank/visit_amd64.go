package lowrank

import "cavity/engine/cpu/level"

//go:noescape
func visit16AVX512(a *visitArgs)

//go:noescape
func visit32AVX512(a *visitArgs)

//go:noescape
func gibbs16AVX512(a *visitArgs)

//go:noescape
func gibbs32AVX512(a *visitArgs)

//go:noescape
func visit16AVX2(a *visitArgs)

//go:noescape
func gibbs16AVX2(a *visitArgs)

// vectors gives the assembly of a level, nil where there is none.
func vectors(l level.Level) *routines {
	switch l {
	case level.AVX512:
		return &routines{[2]func(*visitArgs){visit16AVX512, gibbs16AVX512}, [2]func(*visitArgs){visit32AVX512, gibbs32AVX512}}
	case level.AVX2:
		return &routines{visit16: [2]func(*visitArgs){visit16AVX2, gibbs16AVX2}}
	}
	return nil
}
