package gemm

import "cavity/engine/cpu/level"

func set32(l level.Level) *set[float32] {
	switch l {
	case level.AVX512:
		return &set[float32]{16, 2, true, tiles32Z, []func(int, *float32, int, *float32, int){1: packRows32Zx1, 2: packRows32Zx2, 3: packRows32Zx3, 4: packRows32Zx4}, packColumns32Z}
	case level.AVX2:
		return &set[float32]{8, 2, false, tiles32Y, []func(int, *float32, int, *float32, int){1: packRows32Yx1, 2: packRows32Yx2, 3: packRows32Yx3, 4: packRows32Yx4}, packColumns32Y}
	}
	return portable[float32]()
}

func set64(l level.Level) *set[float64] {
	switch l {
	case level.AVX512:
		return &set[float64]{8, 2, true, tiles64Z, []func(int, *float64, int, *float64, int){1: packRows64Zx1, 2: packRows64Zx2, 3: packRows64Zx3, 4: packRows64Zx4}, packColumns64Z}
	case level.AVX2:
		return &set[float64]{4, 2, false, tiles64Y, []func(int, *float64, int, *float64, int){1: packRows64Yx1, 2: packRows64Yx2, 3: packRows64Yx3, 4: packRows64Yx4}, packColumns64Y}
	}
	return portable[float64]()
}
