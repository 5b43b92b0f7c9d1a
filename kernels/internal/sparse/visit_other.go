//go:build !amd64

package sparse

import "cavity/engine/cpu/level"

func vectors(level.Level) *routines { return nil }
