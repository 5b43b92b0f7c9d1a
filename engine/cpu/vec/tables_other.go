//go:build !amd64

package vec

// Without assembly every op runs on its definition.
var avx512F32, avx512F64, avx2F32, avx2F64 map[string]Func
