// Package vec holds the primitives of fused loops on the CPU: elementwise functions over a tile of memory (Find), functions of the rows of a
// matrix (Rows) and reductions (Sum, Dot, Max and their kind).
//
// # Elementwise functions
//
// An elementwise function is defined by straight-line Go on one number (f32.go, f64.go, gauss.go, pow.go): a fixed sequence of correctly rounded IEEE
// operations (+ - * / sqrt, fused multiply-add, comparison, operations on bit patterns). Package asmgen compiles the same text to AVX-512 and
// AVX2, so every level gives the same bits; only the payload and sign of a NaN are left open.
// To add an op: write its definition for both types, add a row to the table in ops.go, run go generate in engine/cpu/internal/asmgen.
//
// In formulas, for operands a, b, c (min and max give NaN if either operand is NaN; comparisons give 1 or 0):
//
//	mov neg abs sign floor ceil square cube sqrt inverse inversesqrt exp expm1 log log1p log2 sin cos tanh erf erfc pow add sub mul div
//	min max gt gte lt lte eq ne      as their names say; sign(0) = 0
//	step       1 if a > 0, otherwise 0           relu       a, or 0 if a < 0
//	sigmoid    1/(1 + e^-a)                      softplus   ln(1 + e^a)
//	normcdf    (1 + erf(a/√2))/2                 select     b if a ≠ 0, otherwise c
//	fma        a·b + c, rounded once             fnma       c - a·b, rounded once
//	bernoulli  1 with probability sigmoid(a) if b is uniform on [0, 1): 1 if fma(b, e^-a, b) < 1, otherwise 0
//	spin       the same with -1 for 0
//
// Largest errors in units in the last place, found on dense grids (TestAccuracy32, TestAccuracy64) and bounded there:
//
//	          exp  expm1  log  log2  log1p  sigmoid  softplus  tanh  sin  cos  erf  erfc  normcdf  inversesqrt
//	float32   0.8  1.3    0.7  1.3   1.3    2.0      1.4       2.5   1.5  1.4  1.1  5.0   4.6      1.5
//	float64   0.7  0.9    0.5  0.5   0.5    1.9      1.2       2.3   1.1  1.2  0.7  3.9   3.6      1.4
//
// pow errs by at most 1.0 unit (float32) and 0.9 (float64) in TestPowAccuracy, over normal results; its special values are math.Pow's.
// The other ops are one or two correctly rounded operations. Where sigmoid would be subnormal it is 0. sin and cos are NaN beyond MaxAngle32
// and MaxAngle64. Odd functions may lose the sign of a zero.
//
// # Reductions
//
// A sum depends on the elements and their number only: not on the level and not on the number of workers (see Sum, SumBlocks, SumColumns).
package vec
