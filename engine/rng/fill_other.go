//go:build !amd64

package rng

import "unsafe"

func (s Stream) groups(k law, dst unsafe.Pointer, n int, c uint64) {
	s.portableGroups(k, dst, n, c)
}
