// Package blas puts the products of package gemm behind gonum's BLAS interfaces: dense matrix products are ours, everything else is gonum's own.
//
//	blas64.Use(blas.Implementation{})
//	blas32.Use(blas.Implementation{})
//
// makes gonum/mat use it.
package blas

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"

	"cavity/engine/cpu/gemm"
)

// Implementation is a blas.Float32 and a blas.Float64. It may be used by many goroutines.
type Implementation struct{ gonum.Implementation }

var (
	_ blas.Float32 = Implementation{}
	_ blas.Float64 = Implementation{}
)

// Sgemm computes C = α op(A) op(B) + β C in float32, row-major, with op(A) m×k and op(B) k×n. It panics as gonum's does.
func (i Implementation) Sgemm(tA, tB blas.Transpose, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int) {
	if s, ok := spec(tA, tB, m, n, k, float64(alpha), len(a), lda, len(b), ldb, float64(beta), len(c), ldc); !ok || gemm.Multiply(s, a, b, c) != nil {
		i.Implementation.Sgemm(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
	}
}

// Dgemm is Sgemm in float64.
func (i Implementation) Dgemm(tA, tB blas.Transpose, m, n, k int, alpha float64, a []float64, lda int, b []float64, ldb int, beta float64, c []float64, ldc int) {
	if s, ok := spec(tA, tB, m, n, k, alpha, len(a), lda, len(b), ldb, beta, len(c), ldc); !ok || gemm.Multiply(s, a, b, c) != nil {
		i.Implementation.Dgemm(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
	}
}

// spec translates the arguments. What is empty or wrong is not ok and left to gonum, whose panics name the argument.
func spec(tA, tB blas.Transpose, m, n, k int, alpha float64, lenA, lda, lenB, ldb int, beta float64, lenC, ldc int) (gemm.Spec, bool) {
	s := gemm.Spec{M: m, N: n, K: k, TransA: tA != blas.NoTrans, TransB: tB != blas.NoTrans, Alpha: alpha, Beta: beta, LdA: lda, LdB: ldb, LdC: ldc}
	for _, t := range []blas.Transpose{tA, tB} {
		if t != blas.NoTrans && t != blas.Trans && t != blas.ConjTrans {
			return s, false
		}
	}
	if m <= 0 || n <= 0 || k <= 0 || lda <= 0 || ldb <= 0 || ldc <= 0 || alpha == 0 {
		return s, false
	}
	if _, err := s.Complete(); err != nil {
		return s, false
	}
	needA, needB, needC := s.Lengths()
	return s, lenA >= needA && lenB >= needB && lenC >= needC
}
