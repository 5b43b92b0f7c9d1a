package dmft

import (
	"context"
	"fmt"
	"math"

	"gorgonia.org/gorgonia"

	"cavity/engine"
	"cavity/kernels"
)

// Iteration is the damped fixed-point iteration of the two-time equations: trajectories drawn from the present C and R
// give new ones, and C ← damping C + (1-damping) C_new, likewise R, until C_new - C is within the tolerance of C_new and R_new - R
// within half of it, as root mean squares over all pairs of times.
type Iteration struct {
	Damping float64 // 0 ≤ damping < 1
	Limit   int     // the most iterations; 0 means 200
	// Tolerance bounds the change of C relative to C, and of R (≤ 1) by half of it; 0 means 2/√trajectories, about the sampling error of
	// one iteration, below which the change does not fall.
	Tolerance float64
	Progress  func(iterations uint64) // called after every iteration, if given
}

// Change is the root mean square of C_new - C and of R_new - R in one iteration.
type Change struct{ C, R float64 }

// Iterate solves the problem by the damped iteration. After it has converged, as many further iterations as the problem has populations give
// the means and standard errors. [Solution.Converged] is false when the limit was reached before.
func (p Problem) Iterate(ctx context.Context, b engine.Backend, it Iteration) (*Solution, error) {
	if err := p.fill(); err != nil {
		return nil, err
	}
	if err := it.fill(p); err != nil {
		return nil, err
	}
	past, err := p.past(3)
	if err != nil {
		return nil, err
	}
	plan, err := p.iterationPlan(past, it.Damping)
	if err != nil {
		return nil, err
	}
	prog, err := engine.Compile(plan, b)
	if err != nil {
		return nil, err
	}
	run := processRun{problem: p, prog: prog, begin: []string{stageBegin, stageField}, finish: []string{stageFinish}}
	changes, converged, err := it.settle(ctx, &run)
	if err != nil {
		return nil, err
	}
	tally := newTally(p)
	for range p.Populations {
		if err := run.population(ctx); err != nil {
			return nil, err
		}
		if err := tally.add(&run); err != nil {
			return nil, err
		}
	}
	s, err := tally.solution(&run, past)
	if err != nil {
		return nil, err
	}
	s.Changes, s.Converged = changes, converged
	return s, nil
}

func (it *Iteration) fill(p Problem) error {
	if it.Limit == 0 {
		it.Limit = 200
	}
	if it.Tolerance == 0 {
		it.Tolerance = 2 / math.Sqrt(float64(p.Trajectories))
	}
	switch {
	case !(it.Damping >= 0 && it.Damping < 1):
		return fmt.Errorf("dmft: damping %v, want 0 ≤ damping < 1", it.Damping)
	case it.Limit < 1:
		return fmt.Errorf("dmft: a limit of %d iterations, want at least 1", it.Limit)
	case !(it.Tolerance > 0):
		return fmt.Errorf("dmft: tolerance %v, want a positive number", it.Tolerance)
	}
	return nil
}

// settle iterates until C and R stop changing.
func (it Iteration) settle(ctx context.Context, run *processRun) (changes []Change, converged bool, err error) {
	size := float64(run.problem.Steps())
	for len(changes) < it.Limit {
		if err := run.population(ctx); err != nil {
			return nil, false, err
		}
		var c Change
		if c.C, err = run.norm("change of c"); err != nil {
			return nil, false, err
		}
		if run.problem.needsResponse() {
			if c.R, err = run.norm("change of r"); err != nil {
				return nil, false, err
			}
		}
		signal, err := run.norm("size of c")
		if err != nil {
			return nil, false, err
		}
		signal, c.C, c.R = signal/size, c.C/size, c.R/size
		changes = append(changes, c)
		if it.Progress != nil {
			it.Progress(uint64(len(changes)))
		}
		if c.C <= it.Tolerance*signal && c.R <= it.Tolerance/2 {
			return changes, true, nil
		}
	}
	return changes, false, nil
}

// norm is the root of a slot that holds a sum of squares.
func (r *processRun) norm(slot string) (float64, error) {
	var x [1]float64
	err := r.prog.Read(slot, x[:])
	return math.Sqrt(x[0]), err
}

// stageField draws the fields of all times at once, at the first step.
const stageField = "field"

func (p Problem) iterationPlan(past *kernels.Past, damping float64) (engine.Plan, error) {
	plan := engine.Plan{Seed: p.Seed}
	for _, make := range []func() (engine.Stage, error){
		func() (engine.Stage, error) { return beginStage(p.Initial, p.Trajectories) },
		p.fieldStage,
		func() (engine.Stage, error) { return p.iterationStep(past) },
		func() (engine.Stage, error) { return p.dampStage(damping) },
	} {
		s, err := make()
		if err != nil {
			return plan, err
		}
		plan.Stages = append(plan.Stages, s)
	}
	return plan, nil
}

// fieldStage draws γ = L z with L Lᵀ = g² C.
func (p Problem) fieldStage() (engine.Stage, error) {
	g, n := newGraph(), p.Steps()
	lower := g.Do(func() (node, error) {
		return kernels.FieldFactor(p.G*p.G, 0, fieldTolerance, g.slot64("c known", n, n))
	})
	normal := g.Do(func() (node, error) {
		return kernels.NormalLike(g.Slot("fields", n, p.Trajectories), 0)
	})
	fields := g.Apply2(gorgonia.Mul, lower, normal)
	return g.Stage(stageField, 1, map[string]node{"fields": fields})
}

func (p Problem) iterationStep(past *kernels.Past) (engine.Stage, error) {
	g, n, m := newGraph(), p.Steps(), p.Trajectories
	x := g.Slot("x", m)
	phi, slope := g.activity(p.Gain, x)
	field := g.Do(func() (node, error) { return kernels.Recall(g.Slot("fields", n, m)) })
	next := map[string]node{
		"history": g.Do(func() (node, error) { return kernels.Record(g.Slot("history", n, m), phi) }),
	}
	p.advance(g, next, past, x, phi, slope, field, "r known")
	return g.Stage("step", 1, next)
}

// dampStage mixes the measured C and R into the known ones.
func (p Problem) dampStage(damping float64) (engine.Stage, error) {
	g, n := newGraph(), p.Steps()
	next := map[string]node{}
	p.measure(g, next)
	mix := func(name string, measured node) {
		known := g.slot64(name+" known", n, n)
		difference := g.Apply2(gorgonia.Sub, measured, known)
		part := g.Do(func() (node, error) { return gorgonia.Mul(difference, gorgonia.NewConstant(1-damping)) })
		next[name+" known"] = g.Add(known, part)
		next["change of "+name] = g.Do(func() (node, error) { return gorgonia.Sum(g.Had(difference, difference)) })
	}
	mix("c", next["c"])
	next["size of c"] = g.Do(func() (node, error) { return gorgonia.Sum(g.Had(next["c"], next["c"])) })
	if p.needsResponse() {
		mix("r", g.slot64("r", n, n))
	}
	return g.Stage(stageFinish, 0, next)
}
