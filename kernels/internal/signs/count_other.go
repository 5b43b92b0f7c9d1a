//go:build !amd64

package signs

import "cavity/engine/cpu/level"

func vectors(level.Level) *routines { return nil }
