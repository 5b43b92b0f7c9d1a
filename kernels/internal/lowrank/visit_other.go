//go:build !amd64

package lowrank

import "cavity/engine/cpu/level"

func vectors(level.Level) *routines { return nil }
