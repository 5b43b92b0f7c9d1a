//go:build !amd64

package chance

import "cavity/engine/cpu/level"

func vectors(level.Level) *routines { return nil }
