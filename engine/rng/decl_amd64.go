package rng

import "unsafe"

//go:noescape
func fillUints32AVX512(dst unsafe.Pointer, groups int, counter uint32, keys *[14]uint32, table unsafe.Pointer)

//go:noescape
func fillFloats32AVX512(dst unsafe.Pointer, groups int, counter uint32, keys *[14]uint32, table unsafe.Pointer)

//go:noescape
func fillNormals32AVX512(dst unsafe.Pointer, groups int, counter uint32, keys *[14]uint32, table unsafe.Pointer)

//go:noescape
func fillBernoulli32AVX512(dst unsafe.Pointer, groups int, counter uint32, keys *[14]uint32, table unsafe.Pointer)

//go:noescape
func fillFloats64AVX512(dst unsafe.Pointer, groups int, counter uint32, keys *[14]uint32, table unsafe.Pointer)

//go:noescape
func fillNormals64AVX512(dst unsafe.Pointer, groups int, counter uint32, keys *[14]uint32, table unsafe.Pointer)

//go:noescape
func fillUints32AVX2(dst unsafe.Pointer, groups int, counter uint32, keys *[14]uint32, table unsafe.Pointer)

//go:noescape
func fillFloats32AVX2(dst unsafe.Pointer, groups int, counter uint32, keys *[14]uint32, table unsafe.Pointer)

//go:noescape
func fillNormals32AVX2(dst unsafe.Pointer, groups int, counter uint32, keys *[14]uint32, table unsafe.Pointer)

//go:noescape
func fillBernoulli32AVX2(dst unsafe.Pointer, groups int, counter uint32, keys *[14]uint32, table unsafe.Pointer)

//go:noescape
func fillFloats64AVX2(dst unsafe.Pointer, groups int, counter uint32, keys *[14]uint32, table unsafe.Pointer)

//go:noescape
func fillNormals64AVX2(dst unsafe.Pointer, groups int, counter uint32, keys *[14]uint32, table unsafe.Pointer)
