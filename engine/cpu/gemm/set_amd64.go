package gemm

import "cavity/engine/cpu/level"

func set32(l level.Level) *set[float32] { return sets32[l] }

func set64(l level.Level) *set[float64] { return sets64[l] }

var (
	sets32 = [...]*set[float32]{
		level.Portable: portable[float32](),
		level.AVX2:     {8, 2, 1, tiles32Y, []func(int, *float32, int, *float32, int){1: packRows32Yx1, 2: packRows32Yx2, 3: packRows32Yx3, 4: packRows32Yx4}, packColumns32Y, dots32Y},
		level.AVX512:   {16, 2, 8, tiles32Z, []func(int, *float32, int, *float32, int){1: packRows32Zx1, 2: packRows32Zx2, 3: packRows32Zx3, 4: packRows32Zx4}, packColumns32Z, dots32Z},
	}
	sets64 = [...]*set[float64]{
		level.Portable: portable[float64](),
		level.AVX2:     {4, 2, 1, tiles64Y, []func(int, *float64, int, *float64, int){1: packRows64Yx1, 2: packRows64Yx2, 3: packRows64Yx3, 4: packRows64Yx4}, packColumns64Y, dots64Y},
		level.AVX512:   {8, 2, 8, tiles64Z, []func(int, *float64, int, *float64, int){1: packRows64Zx1, 2: packRows64Zx2, 3: packRows64Zx3, 4: packRows64Zx4}, packColumns64Z, dots64Z},
	}
)

func lists(l level.Level) *listSet {
	switch l {
	case level.AVX512:
		return &listSet{16, listRows32Z, compress32Z, count32Z}
	case level.AVX2:
		return &listSet{8, listRows32Y, compressAVX2, count32Y}
	}
	return portableLists()
}

func binaries(l level.Level) *binarySet {
	switch l {
	case level.AVX512:
		return &binarySet{16, subsets32Z, lookups32Z, indexRow32Z, indexColumns32Z, packColumns32Z}
	case level.AVX2:
		return &binarySet{8, subsets32Y, lookups32Y, indexRow32Y, indexColumns32Y, packColumns32Y}
	}
	return portableBinary()
}

func compressAVX2(n int, a *float32, index *uint32, value *float32, step int) int {
	return compress32Y(n, a, index, value, step, &compressTable)
}

// compressTable[bits] moves the lanes whose bits are set to the front.
var compressTable = func() (table [256][8]uint32) {
	for bits := range table {
		n := 0
		for lane := range uint32(8) {
			if bits>>lane&1 == 1 {
				table[bits][n] = lane
				n++
			}
		}
	}
	return table
}()
