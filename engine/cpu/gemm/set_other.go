//go:build !amd64

package gemm

import "cavity/engine/cpu/level"

func set32(level.Level) *set[float32] { return portable[float32]() }

func set64(level.Level) *set[float64] { return portable[float64]() }

func lists(level.Level) *listSet { return portableLists() }
