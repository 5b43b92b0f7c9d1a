package rbm

import (
	"fmt"
	"math"
)

// Hopfield is the Hopfield model at inverse temperature beta as a machine with Ising visible and Gaussian hidden units
// (Barra, Bernacchia, Santucci, Contucci 2012, doi:10.1016/j.neunet.2012.06.003): with W_iμ = √(β/N) ξ_i^μ its free energy is
//
//	F(s) = -½ Σ_μ (Σ_i W_iμ s_i)² = β H(s) - βP/2,    H = -Σ_{i<j} J_ij s_i s_j,    J_ij = Σ_μ ξ_i^μ ξ_j^μ / N.
//
// patterns are ±1, [N·P], pattern μ of spin i at i·P + μ.
func Hopfield(patterns []int8, n, p int, beta float64) (*Machine, error) {
	if n < 1 || p < 1 || len(patterns) != n*p || !(beta > 0) {
		return nil, fmt.Errorf("rbm: %d numbers for %d patterns of %d spins at β = %v: at least 1 pattern and 1 spin, a positive β", len(patterns), p, n, beta)
	}
	m := &Machine{Visible: Layer{Units: Ising, Count: n}, Hidden: Layer{Units: Gaussian, Count: p},
		W: make([]float32, n*p), B: make([]float32, n), C: make([]float32, p)}
	for e, x := range patterns {
		if x != 1 && x != -1 {
			return nil, fmt.Errorf("rbm: pattern %d of spin %d is %d: +1 or -1", e%p, e/p, x)
		}
		m.W[e] = float32(math.Sqrt(beta/float64(n)) * float64(x))
	}
	return m, nil
}
