package dmft

import (
	"context"
	"errors"
	"fmt"
	"math"

	"gorgonia.org/gorgonia"

	"cavity/engine"
	"cavity/kernels"
)

// Solution holds two-time functions on the grid T, averaged over populations, with the standard errors of the diagonals.
type Solution struct {
	T []float64
	// C is C(t_i, t_k) at i n + k, R is R(t_i, t_k), zero unless k < i: the change of φ at t_i for a unit kick to x at t_k + Step.
	C, R []float64
	// Diagonal is C(t,t), Mean is <φ>, Variance is <x²>, each with its standard error over the populations.
	Diagonal, Mean, Variance []Estimate
	// Trajectories and Populations are those used, Pivots the rank of the field's covariance in the last population.
	Trajectories, Populations, Pivots int
	// Residual is the largest error of rows of R by interpolation between the kept times.
	Residual float64
	// Changes and Converged tell of the damped iteration.
	Changes   []Change
	Converged bool
	// Novikov is R(t_i, t_k) from the correlation of φ with the noise, when the problem asks for it.
	Novikov []float64
}

// Estimate is a mean with its standard error; Err is NaN for a single population.
type Estimate struct{ Mean, Err float64 }

// CAt is C(t_i, t_k), RAt is R(t_i, t_k).
func (s *Solution) CAt(i, k int) float64 { return s.C[i*len(s.T)+k] }

// RAt is R(t_i, t_k).
func (s *Solution) RAt(i, k int) float64 { return s.R[i*len(s.T)+k] }

// fieldTolerance is the share of the field's variance that is taken as white when it is all that is new.
const fieldTolerance = 1e-5

// Causal solves the problem in one pass over time: at step i the field γ(t_i) of every trajectory is drawn given its past, by a new row of the
// Cholesky factor of g² C, which the same population has just measured, as it has R(t_i, ·). There is nothing to damp or to
// iterate; errors are those of the population's size.
func (p Problem) Causal(ctx context.Context, b engine.Backend) (*Solution, error) {
	r, err := p.Start(b)
	if err != nil {
		return nil, err
	}
	for !r.Done() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := r.Step(); err != nil {
			return nil, err
		}
	}
	return r.Solution()
}

// The stages of a process: begin runs at its first step, finish at its last.
const (
	stageBegin  = "begin"
	stageFinish = "finish"
)

func (p Problem) causalPlan(past *kernels.Past) (engine.Plan, error) {
	begin, err := beginStage(p.Initial, p.Trajectories)
	if err != nil {
		return engine.Plan{}, err
	}
	step, err := p.causalStep(past)
	if err != nil {
		return engine.Plan{}, err
	}
	finish, err := p.finishStage()
	if err != nil {
		return engine.Plan{}, err
	}
	return engine.Plan{Stages: []engine.Stage{begin, step, finish}, Seed: p.Seed}, nil
}

// causalStep is the time step:
//
//	φ = φ(x),  C(i, ·) and a row of the factor,  γ,  R(i, ·),  χ(i+1, ·) and the force of the past,
//	x' = (1-dt) x + dt (γ + j) + dt² η g² Σ_{k<i} R(i,k) φ(k) + √dt σ ξ.
func (p Problem) causalStep(past *kernels.Past) (engine.Stage, error) {
	g, n, m := newGraph(), p.Steps(), p.Trajectories
	x := g.Slot("x", m)
	phi, slope := g.activity(p.Gain, x)
	next := map[string]node{}
	history := g.Do(func() (node, error) { return kernels.Record(g.Slot("history", n, m), phi) })
	factor := g.Do(func() (node, error) {
		return kernels.CausalRow(p.G*p.G, fieldTolerance, g.slot64("factor", n+2, n+3), history)
	})
	normal := g.Do(func() (node, error) { return kernels.NormalLike(x, 1) })
	bank := g.Do(func() (node, error) { return kernels.CausalField(g.Slot("bank", n+1, m), factor, normal) })
	field := g.Do(func() (node, error) { return gorgonia.Slice(bank, gorgonia.S(n)) })
	next["history"], next["factor"], next["bank"] = history, factor, bank
	p.advance(g, next, past, x, phi, slope, field, "r")
	return g.Stage("step", 1, next)
}

// advance adds the response, the step of x and the moments to a stage; known names the slot of the response that acts.
func (p Problem) advance(g *graph, next map[string]node, past *kernels.Past, x, phi, slope, field node, known string) {
	n, m, dt := p.Steps(), p.Trajectories, p.Step
	moved := g.Add(g.Scale(x, 1-dt), g.Scale(field, dt))
	if p.needsResponse() {
		gain := dt * dt * p.Eta * p.G * p.G
		state := g.Slot("tangents", past.Slots+1, past.Slots+1, m)
		r := g.Do(func() (node, error) { return kernels.ResponseRow(past, g.slot64("r", n, n), state, slope) })
		acting := r
		if known != "r" {
			acting = g.slot64(known, n, n)
		}
		tangents := g.Do(func() (node, error) {
			return kernels.ResponseStep(past, 1-dt, gain, state, acting, slope, phi)
		})
		force := g.Do(func() (node, error) { return gorgonia.Slice(tangents, gorgonia.S(past.Slots)) })
		force = g.Do(func() (node, error) { return gorgonia.Slice(force, gorgonia.S(past.Slots)) })
		moved = g.Add(moved, g.Scale(force, gain))
		next["r"], next["tangents"] = r, tangents
	}
	if p.Sigma > 0 {
		noise := g.Do(func() (node, error) { return kernels.NormalLike(x, 2) })
		moved = g.Add(moved, g.Scale(noise, math.Sqrt(dt)*p.Sigma))
		if p.Novikov {
			drive := g.Add(field, g.Scale(noise, p.Sigma/math.Sqrt(dt)))
			next["drive"] = g.Do(func() (node, error) { return kernels.Record(g.Slot("drive", n, m), drive) })
		}
	}
	if p.Input != nil {
		moved = g.Add(moved, g.Scale(gorgonia.NewScalar(g.ExprGraph, gorgonia.Float32, gorgonia.WithName("input")), dt))
	}
	next["x"] = moved
	record := func(slot string, x node) { // of every step: nobody waits for a step's
		next[slot] = g.Do(func() (node, error) { return kernels.Record(g.Slot(slot, n, 1), g.Reshape(g.Mean(x), 1)) })
	}
	record("mean slope", slope)
	record("mean phi", phi)
	record("mean square", g.Had(x, x))
}

// finishStage measures C at all pairs of times, and what Novikov's theorem needs.
func (p Problem) finishStage() (engine.Stage, error) {
	g := newGraph()
	next := map[string]node{}
	p.measure(g, next)
	return g.Stage(stageFinish, 0, next)
}

func (p Problem) measure(g *graph, next map[string]node) {
	history := g.Slot("history", p.Steps(), p.Trajectories)
	next["c"] = g.Do(func() (node, error) { return kernels.Correlate(history, history) })
	if p.Novikov {
		drive := g.Slot("drive", p.Steps(), p.Trajectories)
		next["drive response"] = g.Do(func() (node, error) { return kernels.Correlate(history, drive) })
		next["drive covariance"] = g.Do(func() (node, error) { return kernels.Correlate(drive, drive) })
	}
}

// processRun steps a compiled process through one population after another.
type processRun struct {
	problem              Problem
	prog                 *engine.Program
	mean, slopes, square []float64
	begin, finish        []string // stages that run at the first step, and at the last
}

// population runs one population from its first step to its last.
func (r *processRun) population(ctx context.Context) error {
	for range r.problem.Steps() {
		if err := r.step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// step makes the next step of the present population, or the first one of the next.
func (r *processRun) step(ctx context.Context) error {
	p := r.problem
	n := p.Steps()
	i := int(r.prog.Steps() % uint64(n))
	if i == 0 {
		r.mean, r.slopes, r.square = make([]float64, n), make([]float64, n), make([]float64, n)
	}
	if err := errors.Join(r.repeat(r.begin, i == 0), r.repeat(r.finish, i == n-1)); err != nil {
		return err
	}
	if p.Input != nil {
		if err := r.prog.Write("input", []float32{float32(p.Input(float64(i) * p.Step))}); err != nil {
			return err
		}
	}
	if err := r.prog.Step(ctx, 1); err != nil {
		return err
	}
	if i%lookEvery == lookEvery-1 || i == n-1 {
		return r.moments(i + 1)
	}
	return nil
}

// lookEvery is the number of steps between two looks at the activity, each of which waits for a device.
const lookEvery = 64

// repeat switches stages on or off.
func (r *processRun) repeat(stages []string, on bool) error {
	times := 0
	if on {
		times = 1
	}
	for _, s := range stages {
		if err := r.prog.SetRepeat(s, times); err != nil {
			return err
		}
	}
	return nil
}

// moments reads those of the population's steps so far, of which n are made.
func (r *processRun) moments(n int) error {
	for _, v := range []struct {
		slot string
		into []float64
	}{{"mean slope", r.slopes}, {"mean phi", r.mean}, {"mean square", r.square}} {
		x := make([]float32, n)
		if err := r.prog.ReadAt(v.slot, 0, x); err != nil {
			return err
		}
		for i := range x {
			v.into[i] = float64(x[i])
		}
	}
	for i, s := range r.square[:n] {
		if math.IsNaN(s) || s > 1e12 {
			return fmt.Errorf("dmft: the activity of phi %s diverges: <x²> = %v at t = %v; want a smaller g or eta", r.problem.Gain.Name, s, float64(i)*r.problem.Step)
		}
	}
	return nil
}

// read returns the measured C and R of the last population. Without feedback from the past every tangent decays freely,
// R(i, k) = <φ'(i)> (1-dt)^{i-1-k}.
func (r *processRun) read() (c, resp []float64, err error) {
	p := r.problem
	n := p.Steps()
	c, resp = make([]float64, n*n), make([]float64, n*n)
	if err := r.prog.Read("c", c); err != nil {
		return nil, nil, err
	}
	if p.needsResponse() {
		return c, resp, r.prog.Read("r", resp)
	}
	for i := range n {
		x := r.slopes[i]
		for k := i - 1; k >= 0; k-- {
			resp[i*n+k] = x
			x *= 1 - p.Step
		}
	}
	return c, resp, nil
}
