//go:build !amd64

package dense

import "cavity/engine/cpu/level"

func vectors(level.Level) *routines { return nil }
