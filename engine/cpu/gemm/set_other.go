//go:build !amd64

package gemm

import "cavity/engine/cpu/level"

var (
	only32 = portable[float32]()
	only64 = portable[float64]()
)

func set32(level.Level) *set[float32] { return only32 }

func set64(level.Level) *set[float64] { return only64 }

func lists(level.Level) *listSet { return portableLists() }

func binaries(level.Level) *binarySet { return portableBinary() }
