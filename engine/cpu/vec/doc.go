// Package vec holds the primitives of fused loops on the CPU: elementwise functions over a tile of memory, rows and reductions.
//
// An elementwise function is defined by straight-line Go on one number (f32.go, f64.go): a fixed sequence of correctly rounded IEEE operations
// (+ - * / sqrt, fused multiply-add, comparison, operations on bit patterns). Package asmgen compiles the same text to AVX-512 and AVX2,
// so every level gives the same bits; only the payload and sign of a NaN are left open. To add an op: write its definition for both types,
// add a row to the table in ops.go, run go generate in engine/cpu/internal/asmgen.
package vec
