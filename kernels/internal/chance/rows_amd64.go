package chance

import "cavity/engine/cpu/level"

//go:noescape
func philoxRowsAVX512(a *wordsArgs)

//go:noescape
func philoxRowsAVX2(a *wordsArgs)

//go:noescape
func exponentialAVX512(a *thresholdArgs)

//go:noescape
func exponentialAVX2(a *thresholdArgs)

//go:noescape
func logisticAVX512(a *thresholdArgs)

//go:noescape
func logisticAVX2(a *thresholdArgs)

// vectors gives the assembly of a level, nil where there is none.
func vectors(l level.Level) *routines {
	switch l {
	case level.AVX512:
		return &routines{16, philoxRowsAVX512, [2]func(*thresholdArgs){exponentialAVX512, logisticAVX512}}
	case level.AVX2:
		return &routines{8, philoxRowsAVX2, [2]func(*thresholdArgs){exponentialAVX2, logisticAVX2}}
	}
	return nil
}
