package dmft

import (
	"math"
	"math/cmplx"
)

// LinearSolution is the exact solution of the discretised equations for φ(x) = x.
type LinearSolution struct {
	N int
	// Mean is <x(t_i)>, C is <x(t_i) x(t_k)> at i N + k, R is the response to a unit kick, R(t_i, t_k) = Response[i-k].
	Mean, C, Response []float64
}

// LinearDiscrete solves the linear problem without sampling: the response obeys its own closed recursion,
//
//	ρ(1) = 1,  ρ(m+1) = (1-dt) ρ(m) + dt² η g² Σ_{0<l<m} ρ(l) ρ(m-l),
//
// and the correlation follows from Novikov's theorem, <γ(i) x(k)> = dt Σ_{l<k} ρ(k-l) <γ(i) γ(l)>. Only G, Eta, Sigma, Initial, Time and
// Step of the problem matter, and there is no input.
func LinearDiscrete(p Problem) (*LinearSolution, error) {
	p.Gain, p.Trajectories = Linear, 1
	if err := p.fill(); err != nil {
		return nil, err
	}
	n, dt := p.Steps(), p.Step
	feedback := dt * dt * p.Eta * p.G * p.G
	s := &LinearSolution{N: n, Mean: make([]float64, n), C: make([]float64, n*n), Response: make([]float64, n)}
	rho := s.Response
	for m := 0; m+1 < n; m++ {
		if m == 0 {
			rho[1] = 1
			continue
		}
		rho[m+1] = (1 - dt) * rho[m]
		for l := 1; l < m; l++ {
			rho[m+1] += feedback * rho[l] * rho[m-l]
		}
	}
	mean, square := p.Initial.Moments()
	s.Mean[0] = mean
	s.C[0] = square
	for i := 0; i+1 < n; i++ {
		s.Mean[i+1] = (1 - dt) * s.Mean[i]
		for k := 0; k < i; k++ {
			s.Mean[i+1] += feedback * rho[i-k] * s.Mean[k]
		}
		for j := 0; j <= i+1; j++ {
			c := (1 - dt) * s.C[i*n+j]
			for k := 0; k < i; k++ {
				c += feedback * rho[i-k] * s.C[k*n+j]
			}
			for l := 0; l < j; l++ {
				gamma := p.G * p.G * s.C[i*n+l]
				if l == i {
					gamma += p.Sigma * p.Sigma / dt
				}
				c += dt * dt * rho[j-l] * gamma
			}
			s.C[(i+1)*n+j], s.C[j*n+i+1] = c, c
		}
	}
	return s, nil
}

// LinearStationary is the exact stationary state of the linear network in continuous time, stable for g(1+η) < 1.
type LinearStationary struct{ G, Eta, Sigma float64 }

// NewLinearStationary checks the parameters.
func NewLinearStationary(g, eta, sigma float64) (LinearStationary, error) {
	p := Problem{Gain: Linear, G: g, Eta: eta, Sigma: sigma, Step: 1e-6}
	return LinearStationary{g, eta, sigma}, p.checkModel()
}

// R is the response at lag τ ≥ 0, e^{-τ} 2 I1(a)/a with a = 2 g √η τ, where J1 replaces I1 for η < 0:
// the power series e^{-τ} Σ_k (η g² τ²)^k / (k! (k+1)!).
func (l LinearStationary) R(tau float64) float64 {
	q, term, sum := l.Eta*l.G*l.G*tau*tau, 1., 1.
	for k := 1.; k < 500 && math.Abs(term) > 1e-18*math.Abs(sum)+1e-300; k++ {
		term *= q / (k * (k + 1))
		sum += term
	}
	return math.Exp(-tau) * sum
}

// response is R(ω), the root of η g² R² - (1+iω) R + 1 = 0 that vanishes for large ω.
func (l LinearStationary) response(omega float64) complex128 {
	a, b := complex(1, omega), complex(4*l.Eta*l.G*l.G, 0)
	return 2 / (a + cmplx.Sqrt(a*a-b))
}

// C is the stationary correlation at lag τ, the transform of σ²|R|²/(1 - g²|R|²). The part σ²/(1+ω²) is known; the rest falls like ω⁻⁴, and the
// trapezoid rule in ω errs by the correlation at the period 2π/step only.
func (l LinearStationary) C(tau float64) float64 {
	const step, cut = .02, 3000.
	s2 := l.Sigma * l.Sigma
	rest := func(w float64) float64 {
		r := cmplx.Abs(l.response(w))
		r *= r
		return s2*r/(1-l.G*l.G*r) - s2/(1+w*w)
	}
	sum := rest(0) / 2
	for w := step; w < cut; w += step {
		sum += rest(w) * math.Cos(w*tau)
	}
	return s2*math.Exp(-math.Abs(tau))/2 + sum*step/math.Pi
}
