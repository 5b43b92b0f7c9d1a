package dense

import (
	"cavity/engine/cpu/level"
)

//go:noescape
func transposeAVX512(a *transposeArgs)

//go:noescape
func transposeAVX2(a *transposeArgs)

//go:noescape
func decide16AVX512(a *decideArgs)

//go:noescape
func decide32AVX512(a *decideArgs)

//go:noescape
func decide16AVX2(a *decideArgs)

//go:noescape
func apply1AVX512(a *applyArgs)

//go:noescape
func apply2AVX512(a *applyArgs)

//go:noescape
func apply3AVX512(a *applyArgs)

//go:noescape
func apply4AVX512(a *applyArgs)

//go:noescape
func apply5AVX512(a *applyArgs)

//go:noescape
func apply6AVX512(a *applyArgs)

//go:noescape
func apply7AVX512(a *applyArgs)

//go:noescape
func apply8AVX512(a *applyArgs)

//go:noescape
func apply1AVX2(a *applyArgs)

//go:noescape
func apply2AVX2(a *applyArgs)

//go:noescape
func apply3AVX2(a *applyArgs)

//go:noescape
func apply4AVX2(a *applyArgs)

//go:noescape
func apply5AVX2(a *applyArgs)

//go:noescape
func apply6AVX2(a *applyArgs)

//go:noescape
func apply7AVX2(a *applyArgs)

//go:noescape
func apply8AVX2(a *applyArgs)

//go:noescape
func energyAVX512(a *energyArgs)

//go:noescape
func energyAVX2(a *energyArgs)

// vectors gives the assembly of a level, nil where there is none.
func vectors(l level.Level) *routines {
	switch l {
	case level.AVX512:
		return &routines{
			transpose: transposeAVX512, decide16: decide16AVX512, decide32: decide32AVX512, lanes: 16, energy: energyAVX512,
			apply: [9]func(*applyArgs){nil, apply1AVX512, apply2AVX512, apply3AVX512, apply4AVX512,
				apply5AVX512, apply6AVX512, apply7AVX512, apply8AVX512},
		}
	case level.AVX2:
		return &routines{
			transpose: transposeAVX2, decide16: decide16AVX2, lanes: 8, energy: energyAVX2,
			apply: [9]func(*applyArgs){nil, apply1AVX2, apply2AVX2, apply3AVX2, apply4AVX2,
				apply5AVX2, apply6AVX2, apply7AVX2, apply8AVX2},
		}
	}
	return nil
}
