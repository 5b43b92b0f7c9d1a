package dmft

import (
	"bytes"
	"context"
	"encoding/gob"
	"fmt"
	"io"

	"cavity/engine"
	"cavity/kernels"
)

// CausalRun is a solution by [Problem.Causal] under way: its steps can be counted, saved and gone on with.
type CausalRun struct {
	run   processRun
	tally *tally
	kept  *kernels.Past
	done  int
}

// Start checks the problem and compiles its time step.
func (p Problem) Start(b engine.Backend) (*CausalRun, error) {
	if err := p.fill(); err != nil {
		return nil, err
	}
	past, err := p.past(2)
	if err != nil {
		return nil, err
	}
	plan, err := p.causalPlan(past)
	if err != nil {
		return nil, err
	}
	prog, err := engine.Compile(plan, b)
	if err != nil {
		return nil, err
	}
	run := processRun{problem: p, prog: prog, begin: []string{stageBegin}, finish: []string{stageFinish}}
	return &CausalRun{run: run, tally: newTally(p), kept: past}, nil
}

// Total is the number of time steps of all populations, Steps that of those made.
func (r *CausalRun) Total() int { return r.run.problem.Steps() * r.run.problem.Populations }

// Steps is the number of time steps made.
func (r *CausalRun) Steps() int { return r.done }

// Done tells whether all populations have reached the end.
func (r *CausalRun) Done() bool { return r.done == r.Total() }

// Step makes one time step of one population.
func (r *CausalRun) Step() error {
	if err := r.run.step(context.Background()); err != nil {
		return err
	}
	r.done++
	if r.done%r.run.problem.Steps() == 0 {
		return r.tally.add(&r.run)
	}
	return nil
}

// Solution averages the populations; it fails before they are done.
func (r *CausalRun) Solution() (*Solution, error) {
	if !r.Done() {
		return nil, fmt.Errorf("dmft: %d of %d steps are done", r.done, r.Total())
	}
	return r.tally.solution(&r.run, r.kept)
}

// causalState is what a run keeps outside of its program.
type causalState struct {
	Done                   int
	Mean, Slopes, Square   []float64
	C, R                   []float64
	Response, Covariance   []float64
	Diagonal, Phi, Squares []Estimate
	Populations            int
}

// Save writes everything that an exact resumption needs.
func (r *CausalRun) Save(w io.Writer) error {
	t := r.tally
	state := causalState{r.done, r.run.mean, r.run.slopes, r.run.square, t.c, t.r, t.response, t.covariance, t.diagonal, t.mean, t.sq, t.count}
	program, err := r.run.prog.Snapshot()
	if err != nil {
		return err
	}
	e := gob.NewEncoder(w)
	if err := e.Encode(program); err != nil {
		return err
	}
	return e.Encode(state)
}

// Load goes on where Save was called, on a run of the same problem.
func (r *CausalRun) Load(from io.Reader) error {
	var program []byte
	var s causalState
	d := gob.NewDecoder(from)
	if err := d.Decode(&program); err != nil {
		return fmt.Errorf("dmft: a damaged state: %w", err)
	}
	if err := d.Decode(&s); err != nil {
		return fmt.Errorf("dmft: a damaged state: %w", err)
	}
	n, t := r.run.problem.Steps(), r.tally
	if len(s.C) != n*n || s.Done < 0 || s.Done > r.Total() {
		return fmt.Errorf("dmft: the state is that of another problem")
	}
	if err := r.run.prog.Load(bytes.NewReader(program)); err != nil {
		return err
	}
	r.done, r.run.mean, r.run.slopes, r.run.square = s.Done, s.Mean, s.Slopes, s.Square
	t.c, t.r, t.response, t.covariance = s.C, s.R, s.Response, s.Covariance
	t.diagonal, t.mean, t.sq, t.count = s.Diagonal, s.Phi, s.Squares, s.Populations
	return nil
}
