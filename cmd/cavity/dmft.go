package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"cavity/engine/store"
	"cavity/models/dmft"
)

// meanField is the verb `dmft` with the verbs below it.
type meanField struct {
	Solve      dmftSolve      `cmd:"" help:"Two-time equations of a random network in the limit of many units."`
	Stationary dmftStationary `cmd:"" help:"The stationary chaotic or noise-driven state, its correlation and largest Lyapunov exponent."`
	Network    dmftNetwork    `cmd:"" help:"Direct simulation of networks of N units."`
	PSpin      dmftPSpin      `cmd:"" name:"pspin" help:"Quench of a spherical p-spin model: aging."`
}

// networkModel are the flags that name a random network and its grid of times.
type networkModel struct {
	Phi     string  `default:"tanh" enum:"tanh,erf,linear,relu,clip" help:"Nonlinearity: tanh, erf, linear, relu or clip (linear between -1 and 1)."`
	G       float64 `name:"g" default:"2" help:"Strength of the couplings, <J_ij^2> = g^2/N."`
	Eta     float64 `default:"0" help:"Their symmetry, <J_ij J_ji> = eta g^2/N, from -1 to 1."`
	Sigma   float64 `default:"0" help:"Strength of the white noise."`
	Input   float64 `default:"0" help:"Constant input to all units."`
	Initial string  `default:"uniform" enum:"uniform,normal,zero" help:"Law of x(0): uniform on [0,1), normal, or zero."`
	Time    float64 `default:"20" help:"Time to solve for."`
	DT      float64 `name:"dt" default:"0.1" help:"Time step."`
}

func (v *networkModel) problem(s *common) (dmft.Problem, error) {
	gain, err := dmft.ParseGain(v.Phi)
	p := dmft.Problem{Gain: gain, G: v.G, Eta: v.Eta, Sigma: v.Sigma, Input: v.input(), Initial: dmft.Initial(v.Initial), Time: v.Time, Step: v.DT, Seed: s.Seed}
	return p, err
}

func (v *networkModel) input() func(float64) float64 {
	if v.Input == 0 {
		return nil
	}
	return func(float64) float64 { return v.Input }
}

// dmftSolve solves the two-time equations.
type dmftSolve struct {
	common
	networkModel
	Trajectories int     `default:"4000" help:"Trajectories in all."`
	Populations  int     `default:"4" help:"Independent blocks of trajectories; their scatter gives the standard errors."`
	Method       string  `default:"causal" enum:"causal,iterate" help:"causal: one pass over time; iterate: damped fixed-point iteration."`
	Damping      float64 `default:"0.5" help:"Damping of the iteration."`
	Iterations   int     `default:"200" help:"Most iterations."`
	Novikov      bool    `help:"A second estimate of R, from the noise (needs --sigma)."`
	Gap          float64 `default:"0.4" help:"Widest spacing in time at which a response keeps its past; dt keeps all."`

	p dmft.Problem
}

func (v *dmftSolve) Run(f *frame) error { return f.compute(v) }

func (v *dmftSolve) validate() (err error) {
	if v.p, err = v.problem(&v.common); err != nil {
		return misuse{err}
	}
	if v.Populations < 1 || v.Trajectories < v.Populations {
		return misusef("--trajectories is %d and --populations is %d: at least 1, and a trajectory for each population", v.Trajectories, v.Populations)
	}
	if !(v.Gap >= 0) {
		return misusef("--gap is %v: 0 or more", v.Gap)
	}
	v.p.Trajectories, v.p.Populations = (v.Trajectories+v.Populations-1)/v.Populations, v.Populations
	v.p.Gap, v.p.Novikov = math.Max(v.Gap, v.DT), v.Novikov
	if err := v.p.Check(); err != nil {
		return misuse{err}
	}
	return nil
}

func (v *dmftSolve) compute(ctx context.Context, s *session) (*result, error) {
	b, err := s.Open()
	if err != nil {
		return nil, err
	}
	var sol *dmft.Solution
	if v.Method == "iterate" {
		s.Phase("iterations")
		it := dmft.Iteration{Damping: v.Damping, Limit: v.Iterations, Progress: func(n uint64) { s.Report(n, uint64(v.Iterations)) }}
		sol, err = v.p.Iterate(ctx, b, it)
	} else {
		sol, err = v.causal(ctx, s)
	}
	if err != nil {
		return nil, asMisuse(err, ctx)
	}
	if v.Method == "iterate" && !sol.Converged {
		s.Warn("not converged after %d iterations: C changes by %.2g and R by %.2g; allow more --iterations or other --damping", len(sol.Changes), sol.Changes[len(sol.Changes)-1].C, sol.Changes[len(sol.Changes)-1].R)
	}
	if sol.Residual > interpolationLimit {
		s.Warn("the response is interpolated with errors up to %.1g: a smaller --gap than %v keeps more of its past", sol.Residual, v.Gap)
	}
	return v.report(sol)
}

// interpolationLimit is far below the sampling error of a response.
const interpolationLimit = 1e-3

// asMisuse marks errors of the problem, such as too little memory, as the user's to mend.
func asMisuse(err error, ctx context.Context) error {
	if ctx.Err() != nil {
		return err
	}
	return misuse{err}
}

func (v *dmftSolve) causal(ctx context.Context, s *session) (*dmft.Solution, error) {
	b, err := s.Open()
	if err != nil {
		return nil, err
	}
	run, err := v.p.Start(b)
	if err != nil {
		return nil, err
	}
	if err := follow(ctx, s, run, run.Step); err != nil {
		return nil, err
	}
	return run.Solution()
}

// steps is a computation by time steps that can be saved.
type steps interface {
	Steps() int
	Total() int
	Save(w io.Writer) error
	Load(r io.Reader) error
}

// follow makes the steps of a run, from its checkpoint if there is one, with checkpoints on the way.
func follow(ctx context.Context, s *session, run steps, step func() error) error {
	if c := s.Saved(); c != nil {
		r, err := c.Section("dmft")
		if err != nil {
			return err
		}
		if err := run.Load(r); err != nil {
			return err
		}
	}
	save := func() error { return s.Save(store.Section{Name: "dmft", Write: run.Save}) }
	s.Phase("time steps")
	for saved := time.Now(); run.Steps() < run.Total(); {
		if ctx.Err() != nil {
			return errors.Join(save(), ctx.Err())
		}
		if err := step(); err != nil {
			return err
		}
		s.Report(uint64(run.Steps()), uint64(run.Total()))
		if s.Checkpoints() && time.Since(saved) > s.CheckpointEvery {
			if err := save(); err != nil {
				return err
			}
			saved = time.Now()
		}
	}
	return nil
}

func (v *dmftSolve) report(sol *dmft.Solution) (*result, error) {
	out, n := &result{}, len(sol.T)
	sum := &out.Summary
	sum.Set("phi", v.Phi)
	sum.Set("trajectories", sol.Trajectories*sol.Populations)
	sum.Set("t", sol.T)
	sum.Set("c_diagonal", dmftEstimates(sol.Diagonal))
	sum.Set("mean", dmftEstimates(sol.Mean))
	sum.Set("variance", dmftEstimates(sol.Variance))
	sum.Set("interpolation_error", sol.Residual)
	if v.Method == "iterate" {
		sum.Set("iterations", len(sol.Changes))
		sum.Set("converged", sol.Converged)
	}
	out.Series = append(out.Series, store.Of("t", sol.T), store.Of("C", sol.C, n, n), store.Of("R", sol.R, n, n))
	if sol.Novikov != nil {
		out.Series = append(out.Series, store.Of("R_novikov", sol.Novikov, n, n))
	}
	out.Series = append(out.Series, estimateArrays("c_diagonal", sol.Diagonal)...)
	out.Series = append(out.Series, estimateArrays("mean", sol.Mean)...)
	figures, err := solutionFigures(v.title(), sol)
	out.Figures = figures
	return out, err
}

func (v *networkModel) title() string {
	return fmt.Sprintf("%s, g = %v, η = %v, σ = %v", v.Phi, v.G, v.Eta, v.Sigma)
}

// dmftEstimates are means with their standard errors, or plain numbers where a single population leaves no scatter.
func dmftEstimates(x []dmft.Estimate) any {
	out := make([]store.Estimate, len(x))
	for i, e := range x {
		if math.IsNaN(e.Err) {
			mean, _ := split(x)
			return mean
		}
		out[i] = store.Estimate{Mean: e.Mean, Err: e.Err}
	}
	return out
}

func split(x []dmft.Estimate) (mean, err []float64) {
	for _, e := range x {
		mean, err = append(mean, e.Mean), append(err, e.Err)
	}
	return mean, err
}

func estimateArrays(name string, x []dmft.Estimate) []store.Array {
	mean, err := split(x)
	if math.IsNaN(err[0]) {
		return []store.Array{store.Of(name, mean)}
	}
	return []store.Array{store.Of(name, mean), store.Of(name+"_err", err)}
}

// dmftStationary computes the stationary state.
type dmftStationary struct {
	common
	Phi     string  `default:"tanh" enum:"tanh,erf,linear,clip" help:"Nonlinearity: tanh, erf, linear or clip."`
	G       float64 `name:"g" default:"2" help:"Strength of the couplings."`
	Sigma   float64 `default:"0" help:"Strength of the white noise."`
	TauMax  float64 `default:"30" help:"Longest lag to report."`
	TauStep float64 `default:"0.25" help:"Spacing of the lags."`
	Scan    int     `default:"0" help:"Also the Lyapunov exponent at this many couplings up to g, and the transition line."`

	gain dmft.Gain
}

func (v *dmftStationary) Run(f *frame) error { return f.compute(v) }

func (v *dmftStationary) validate() (err error) {
	if v.gain, err = dmft.ParseGain(v.Phi); err != nil {
		return misuse{err}
	}
	switch {
	case !(v.TauStep > 0) || !(v.TauMax >= 0) || v.TauMax/v.TauStep > 1e6:
		return misusef("--tau-max is %v and --tau-step is %v: positive, and at most a million lags", v.TauMax, v.TauStep)
	case v.Scan < 0 || v.Scan > 1000:
		return misusef("--scan is %d: 0 to 1000", v.Scan)
	}
	return nil
}

func (v *dmftStationary) compute(ctx context.Context, s *session) (*result, error) {
	state, err := dmft.SolveStationary(v.gain, v.G, v.Sigma)
	if err != nil {
		return nil, misuse{err}
	}
	var tau, delta, cphi []float64
	for i := 0; float64(i)*v.TauStep <= v.TauMax*(1+1e-12); i++ {
		t := float64(i) * v.TauStep
		d := state.At(t)
		tau, delta, cphi = append(tau, t), append(delta, d), append(cphi, state.CPhi(d))
	}
	out := &result{}
	sum := &out.Summary
	sum.Set("phi", v.Phi)
	sum.Set("delta0", state.Delta0)
	sum.Set("c_phi0", state.CPhi0)
	sum.Set("lyapunov", state.Lyapunov)
	sum.Set("ground_energy", state.GroundEnergy)
	sum.Set("tau", tau)
	sum.Set("delta", delta)
	out.Series = append(out.Series, store.Of("tau", tau), store.Of("delta", delta), store.Of("c_phi", cphi))
	out.Figures = append(out.Figures, correlationFigure(v, tau, delta, cphi))
	if v.Scan > 0 {
		return out, v.scan(ctx, s, out)
	}
	return out, nil
}

// scan follows the Lyapunov exponent in g, and the transition in σ.
func (v *dmftStationary) scan(ctx context.Context, s *session, out *result) error {
	var gs, lyapunov, sigmas, critical []float64
	start := 1 / v.gain.Slope(0)
	if v.Sigma > 0 {
		start /= 2
	}
	s.Phase("couplings")
	for k := 1; k <= v.Scan; k++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		g := start + (v.G-start)*float64(k)/float64(v.Scan)
		state, err := dmft.SolveStationary(v.gain, g, v.Sigma)
		if err != nil {
			return misuse{err}
		}
		gs, lyapunov = append(gs, g), append(lyapunov, state.Lyapunov)
		sigma := math.Max(v.Sigma, 1) * float64(k-1) / float64(max(1, v.Scan-1))
		if c, err := dmft.CriticalCoupling(v.gain, sigma); err == nil {
			sigmas, critical = append(sigmas, sigma), append(critical, c.G)
		}
		s.Report(uint64(k), uint64(v.Scan))
	}
	out.Summary.Set("scan_g", gs)
	out.Summary.Set("scan_lyapunov", lyapunov)
	out.Series = append(out.Series, store.Of("scan_g", gs), store.Of("scan_lyapunov", lyapunov))
	out.Figures = append(out.Figures, lyapunovFigure(v, gs, lyapunov))
	if len(critical) > 0 {
		out.Summary.Set("critical_sigma", sigmas)
		out.Summary.Set("critical_g", critical)
		out.Figures = append(out.Figures, transitionFigure(v, critical, sigmas))
	}
	return nil
}
