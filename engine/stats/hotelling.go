package stats

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// hotelling is n·m C⁻¹ m of the rows' mean m and covariance C.
func hotelling(rows [][]float64) (float64, error) {
	n, p := len(rows), len(rows[0])
	x := mat.NewDense(n, p, nil)
	m := mat.NewVecDense(p, nil)
	for i, row := range rows {
		x.SetRow(i, row)
		for k, v := range row {
			m.SetVec(k, m.AtVec(k)+v/float64(n))
		}
	}
	var c mat.SymDense
	stat.CovarianceMatrix(&c, x, nil)
	var chol mat.Cholesky
	if !chol.Factorize(&c) {
		return 0, fmt.Errorf("stats: differences between bins without scatter of their own")
	}
	var y mat.VecDense
	if err := chol.SolveVecTo(&y, m); err != nil {
		return 0, fmt.Errorf("stats: differences between bins: %w", err)
	}
	return float64(n) * mat.Dot(m, &y), nil
}

// fisherP is the probability that an F variable with (p, q) degrees of freedom exceeds f.
func fisherP(f, p, q float64) float64 {
	if math.IsInf(f, 1) {
		return 0
	}
	return distuv.F{D1: p, D2: q}.Survival(f)
}
