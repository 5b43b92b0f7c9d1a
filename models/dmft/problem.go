package dmft

import (
	"fmt"
	"math"

	"cavity/kernels"
)

// Problem is a network in the limit N → ∞, to be solved from t = 0 to Time. See the package for its equations.
type Problem struct {
	Gain          Gain
	G, Eta, Sigma float64
	Input         func(t float64) float64 // j(t), the same for all units; nil means none
	Initial       Initial                 // of x(0)

	// Time and Step give n = Time/Step rows, at t = 0, Step, ..., (n-1) Step.
	Time, Step float64
	// Trajectories are those of one population, rounded up to a multiple of 64; statistical errors fall like its root.
	// Their mean is taken over Populations independent populations (0 means 4), whose scatter gives the standard errors.
	Trajectories, Populations int
	// Gap is the widest spacing in time at which a response keeps its past, between which R(t, ·) is interpolated with eight
	// points; [Solution.Residual] is the error that this makes in a row. 0 means 0.4, and a gap of one Step keeps everything.
	Gap  float64
	Seed uint64
	// Novikov asks for a second estimate of R, from the noise; it needs Sigma > 0.
	Novikov bool
}

// Initial is the law of x(0), independent over units.
type Initial string

// The initial laws: uniform on [0, 1), normal with mean 0 and variance 1, and x(0) = 0.
const (
	Uniform Initial = "uniform"
	Normal  Initial = "normal"
	Zero    Initial = "zero"
)

// Moments are <x> and <x²>.
func (l Initial) Moments() (mean, square float64) {
	switch l {
	case Uniform:
		return .5, 1. / 3
	case Normal:
		return 0, 1
	}
	return 0, 0
}

// Steps is the number of rows n.
func (p Problem) Steps() int { return int(math.Round(p.Time / p.Step)) }

// fill gives the zero values their meaning and checks everything else, the memory included.
func (p *Problem) fill() error {
	if p.Populations == 0 {
		p.Populations = 4
	}
	if p.Gap == 0 {
		p.Gap = .4
	}
	if p.Initial == "" {
		p.Initial = Uniform
	}
	if err := p.checkModel(); err != nil {
		return err
	}
	n := p.Steps()
	switch {
	case p.Initial != Uniform && p.Initial != Normal && p.Initial != Zero:
		return fmt.Errorf("dmft: unknown initial law %q, want uniform, normal or zero", p.Initial)
	case !(p.Time > 0):
		return fmt.Errorf("dmft: time %v, want a positive number", p.Time)
	case n < 2 || n > 100_000:
		return fmt.Errorf("dmft: time %v in steps of %v is %d rows, want 2 to 100,000", p.Time, p.Step, n)
	case p.Trajectories < 1:
		return fmt.Errorf("dmft: %d trajectories, want at least 1", p.Trajectories)
	case p.Populations < 1:
		return fmt.Errorf("dmft: %d populations, want at least 1", p.Populations)
	case p.Novikov && p.Sigma == 0:
		return fmt.Errorf("dmft: the response by Novikov's theorem needs noise, sigma > 0: without it the covariance cannot be inverted")
	case !(p.Gap >= p.Step):
		return fmt.Errorf("dmft: gap %v is shorter than the step %v", p.Gap, p.Step)
	}
	for i := range n {
		if p.Input == nil {
			break
		}
		if x := p.Input(float64(i) * p.Step); !(math.Abs(x) <= math.MaxFloat32) {
			return fmt.Errorf("dmft: the input at t = %v is %v, want a finite number", GridTime(i, p.Step), x)
		}
	}
	p.Trajectories = (p.Trajectories + 63) / 64 * 64
	return nil
}

// GridTime is i·step, rounded to nine decimals so that it prints as what was meant.
func GridTime(i int, step float64) float64 { return math.Round(float64(i)*step*1e9) / 1e9 }

// Check reports what is wrong with the problem.
func (p Problem) Check() error { return p.fill() }

// checkModel refuses models without a state to converge to and steps that make the linear decay unstable.
func (p Problem) checkModel() error {
	for _, v := range []struct {
		name string
		x    float64
	}{{"g", p.G}, {"sigma", p.Sigma}} {
		if !(v.x >= 0) || math.IsInf(v.x, 0) {
			return fmt.Errorf("dmft: %s = %v, want a finite number ≥ 0", v.name, v.x)
		}
	}
	if !(p.Eta >= -1 && p.Eta <= 1) {
		return fmt.Errorf("dmft: eta = %v, want -1 ≤ eta ≤ 1", p.Eta)
	}
	if p.Gain.Phi == nil {
		return fmt.Errorf("dmft: no phi: want one of tanh, erf, linear, relu, clip")
	}
	if err := p.checkLinear(); err != nil {
		return err
	}
	if limit := p.stepLimit(); !(p.Step > 0) || p.Step > limit {
		return fmt.Errorf("dmft: step %v is too large for stability, want 0 < step ≤ %.4g", p.Step, limit)
	}
	return nil
}

// checkLinear refuses linear networks whose largest eigenvalue is not negative.
func (p Problem) checkLinear() error {
	if p.Gain.Name == Linear.Name && p.G*(1+p.Eta) >= 1 {
		return fmt.Errorf("dmft: a linear network is stable only for g (1+eta) < 1; here g (1+eta) = %v", p.G*(1+p.Eta))
	}
	return nil
}

// stepLimit bounds Euler steps: a half for the decay -x of saturating units, and for a linear network |1 - step + step g λ| < 1 on the whole
// ellipse of eigenvalues λ of J.
func (p Problem) stepLimit() float64 {
	limit := .5
	if p.Gain.Name != Linear.Name {
		return limit
	}
	for k := 0; k <= 180; k++ {
		angle := math.Pi * float64(k) / 180
		re, im := 1-p.G*(1+p.Eta)*math.Cos(angle), p.G*(1-p.Eta)*math.Sin(angle)
		limit = math.Min(limit, 2*re/(re*re+im*im))
	}
	return limit
}

// past plans which earlier times responses keep, nil where trajectories do not feel them. The plan is long itself, so what the
// solver needs at least is compared with [MemoryLimit] before it is made, and all of it afterwards.
func (p Problem) past(histories int) (*kernels.Past, error) {
	if err := p.checkRoom(nil, histories); err != nil || !p.needsResponse() {
		return nil, err
	}
	gaps := p.Time / math.Max(p.Gap, p.Step)
	if err := p.checkNeed(4 * gaps * gaps * float64(p.Trajectories)); err != nil {
		return nil, err
	}
	widest := 1
	for 2*float64(widest)*p.Step <= p.Gap*(1+1e-12) {
		widest *= 2
	}
	past, err := kernels.PlanPast(p.Steps(), widest)
	if err != nil {
		return nil, err
	}
	return past, p.checkRoom(past, histories)
}

// needsResponse tells whether trajectories feel their own past: without it the response is known once <φ'> is.
func (p Problem) needsResponse() bool { return p.Eta != 0 && p.G != 0 }

// checkRoom compares what the solver will allocate with [MemoryLimit].
func (p Problem) checkRoom(past *kernels.Past, histories int) error {
	n, m := float64(p.Steps()), float64(p.Trajectories)
	need := float64(histories)*4*n*m + 6*8*n*n
	if past != nil {
		need += float64(past.Bytes(p.Trajectories))
	}
	return p.checkNeed(need)
}

func (p Problem) checkNeed(bytes float64) error {
	what := fmt.Sprintf("%d steps with %d trajectories", p.Steps(), p.Trajectories)
	return checkMemory(bytes, what, "fewer --trajectories, a larger --dt, a shorter --time or a larger gap")
}
