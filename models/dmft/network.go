package dmft

import (
	"context"
	"fmt"
	"io"
	"math"

	"gorgonia.org/gorgonia"

	"cavity/engine"
	"cavity/kernels"
)

// Network is a finite network, simulated directly by the Euler steps that the discretised mean-field equations are the limit of:
//
//	x' = (1-dt) x + dt (J φ(x) + j) + √dt σ ξ,
//
// with couplings of the Gaussian elliptic ensemble, J_ii = 0. Realisations of J run side by side as one batch of
// matrix products, each with several replicas that differ in initial condition and noise.
type Network struct {
	N             int
	Gain          Gain
	G, Eta, Sigma float64
	Input         func(t float64) float64
	Initial       Initial
	Time, Step    float64
	Realisations  int // 0 means 1
	Replicas      int // of each realisation; 0 means 1
	Seed          uint64
	Progress      func(done uint64) // called before every step with the number of those made, if given
}

// Simulation is what [Network.Simulate] finds, with standard errors over realisations (NaN for a single one).
type Simulation struct {
	T              []float64
	C              []float64 // C(t_i, t_k) = <φ φ> over units, replicas and realisations, at i n + k
	Diagonal, Mean []Estimate
}

// Check reports what is wrong with the network.
func (w Network) Check() error { return w.fill() }

func (w *Network) fill() error {
	w.Realisations, w.Replicas = max(w.Realisations, 1), max(w.Replicas, 1)
	if w.Initial == "" {
		w.Initial = Uniform
	}
	if w.N < 2 {
		return fmt.Errorf("dmft: a network of %d units, want at least 2", w.N)
	}
	p := w.problem()
	return p.fill()
}

// problem is the network's own limit N → ∞.
func (w Network) problem() Problem {
	return Problem{Gain: w.Gain, G: w.G, Eta: w.Eta, Sigma: w.Sigma, Input: w.Input, Initial: w.Initial, Time: w.Time, Step: w.Step, Trajectories: 64, Gap: w.Step}
}

// steps is the number of rows, size the number of units of all replicas and realisations.
func (w Network) steps() int { return int(math.Round(w.Time / w.Step)) }
func (w Network) size() int  { return w.Realisations * w.N * w.Replicas }

func (w Network) checkRoom(histories int) error {
	n, units, matrices := float64(w.steps()), float64(w.N), float64(w.Realisations)
	need := 4*matrices*units*units + 4*matrices*units*float64(w.Replicas)*(float64(histories)*n+8) + 8*matrices*n*n
	return checkMemory(need, fmt.Sprintf("%d networks of %d units with %d replicas", w.Realisations, w.N, w.Replicas), "fewer realisations, replicas or units")
}

// multiply is J y for all realisations.
func (w Network) multiply(g *graph, y node) node {
	j := g.Slot("j", w.Realisations, w.N, w.N)
	return g.Do(func() (node, error) { return gorgonia.BatchedMatMul(j, y) })
}

// beginStage draws couplings and initial values.
func (w Network) beginStage() (engine.Stage, error) {
	g := newGraph()
	j, x := g.Slot("j", w.Realisations, w.N, w.N), g.Slot("x", w.Realisations, w.N, w.Replicas)
	next := map[string]node{"j": g.Do(func() (node, error) { return kernels.Elliptic(w.G, w.Eta, 0, j) })}
	switch w.Initial {
	case Normal:
		next["x"] = g.Do(func() (node, error) { return kernels.NormalLike(x, 1) })
	case Uniform:
		next["x"] = g.Do(func() (node, error) { return kernels.UniformLike(x, 1) })
	default:
		next["x"] = g.Scale(g.Do(func() (node, error) { return kernels.UniformLike(x, 1) }), 0)
	}
	return g.Stage(stageBegin, 1, next)
}

// stepStage is the time step, with the history of φ or with tangents u' = (1-dt) u + dt J (φ'(x) u).
func (w Network) stepStage(history, tangents bool) (engine.Stage, error) {
	g, dt := newGraph(), w.Step
	shape := []int{w.Realisations, w.N, w.Replicas}
	x := g.Slot("x", shape...)
	phi, slope := g.activity(w.Gain, x)
	moved := g.Add(g.Scale(x, 1-dt), g.Scale(w.multiply(g, phi), dt))
	if w.Sigma > 0 {
		noise := g.Do(func() (node, error) { return kernels.NormalLike(x, 0) })
		moved = g.Add(moved, g.Scale(noise, math.Sqrt(dt)*w.Sigma))
	}
	if w.Input != nil {
		moved = g.Add(moved, g.Scale(gorgonia.NewScalar(g.ExprGraph, gorgonia.Float32, gorgonia.WithName("input")), dt))
	}
	next := map[string]node{"x": moved}
	if history {
		flat := g.Reshape(phi, w.size())
		next["history"] = g.Do(func() (node, error) { return kernels.Record(g.Slot("history", w.steps(), w.size()), flat) })
	}
	if tangents {
		u := g.Slot("u", shape...)
		weighed := g.Had(slope, u)
		next["weighed"], next["u"] = weighed, g.Add(g.Scale(u, 1-dt), g.Scale(w.multiply(g, weighed), dt))
	}
	return g.Stage("step", 1, next)
}

// compile makes the program of the network; several devices share the realisations.
func (w Network) compile(b engine.Backend, history, tangents bool) (*engine.Program, error) {
	return w.divided(b, func(w Network) ([]engine.Stage, error) { return w.stages(history, tangents) })
}

// networkAxes are the slots that hold realisations, and along which axis.
var networkAxes = map[string]int{"j": 0, "x": 0, "u": 0, "weighed": 0, "history": 1, "ones": 1, "c": 0, "mean": 0}

// divided compiles stages of any number of realisations, which do not meet.
func (w Network) divided(b engine.Backend, stages func(w Network) ([]engine.Stage, error)) (*engine.Program, error) {
	all, err := stages(w)
	if err != nil {
		return nil, err
	}
	part := func(_, n int) ([]engine.Stage, error) {
		few := w
		few.Realisations = n
		return stages(few)
	}
	return engine.Compile(engine.Plan{Stages: all, Seed: w.Seed, Split: &engine.Split{Systems: w.Realisations, Axes: networkAxes, Part: part}}, b)
}

func (w Network) stages(history, tangents bool) ([]engine.Stage, error) {
	begin, err := w.beginStage()
	if err != nil {
		return nil, err
	}
	step, err := w.stepStage(history, tangents)
	if err != nil || !history {
		return []engine.Stage{begin, step}, err
	}
	g := newGraph()
	phi := g.Slot("history", w.steps(), w.size())
	ones := g.Slot("ones", 1, w.size())
	finish, err := g.Stage(stageFinish, 0, map[string]node{
		"c":    g.Do(func() (node, error) { return kernels.CorrelateBlocks(w.Realisations, phi, phi) }),
		"mean": g.Do(func() (node, error) { return kernels.CorrelateBlocks(w.Realisations, phi, ones) }),
	})
	return []engine.Stage{begin, step, finish}, err
}

// advance makes step i.
func (w Network) advance(ctx context.Context, prog *engine.Program, i int) error {
	times := 0
	if i == 0 {
		times = 1
	}
	if err := prog.SetRepeat(stageBegin, times); err != nil {
		return err
	}
	if w.Input != nil {
		if err := prog.Write("input", []float32{float32(w.Input(float64(i) * w.Step))}); err != nil {
			return err
		}
	}
	if w.Progress != nil {
		w.Progress(uint64(i))
	}
	return prog.Step(ctx, 1)
}

// Simulate runs the network from t = 0 and correlates its activity at all pairs of times.
func (w Network) Simulate(ctx context.Context, b engine.Backend) (*Simulation, error) {
	r, err := w.Start(b)
	if err != nil {
		return nil, err
	}
	for r.Steps() < r.Total() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := r.Step(); err != nil {
			return nil, err
		}
	}
	return r.Simulation()
}

// NetworkRun is a simulation under way.
type NetworkRun struct {
	w    Network
	prog *engine.Program
}

// Start checks the network and compiles its time step.
func (w Network) Start(b engine.Backend) (*NetworkRun, error) {
	if err := w.fill(); err != nil {
		return nil, err
	}
	if err := w.checkRoom(1); err != nil {
		return nil, err
	}
	prog, err := w.compile(b, true, false)
	if err != nil {
		return nil, err
	}
	ones := make([]float32, w.size())
	for i := range ones {
		ones[i] = 1
	}
	return &NetworkRun{w, prog}, prog.Write("ones", ones)
}

// Total is the number of time steps, Steps that of those made.
func (r *NetworkRun) Total() int { return r.w.steps() }

// Steps is the number of time steps made.
func (r *NetworkRun) Steps() int { return int(r.prog.Steps()) }

// Step makes one time step; the last one measures the correlations.
func (r *NetworkRun) Step() error {
	i, finish := r.Steps(), 0
	if i == r.Total()-1 {
		finish = 1
	}
	if err := r.prog.SetRepeat(stageFinish, finish); err != nil {
		return err
	}
	return r.w.advance(context.Background(), r.prog, i)
}

// Save writes everything that an exact resumption needs.
func (r *NetworkRun) Save(w io.Writer) error { return r.prog.Save(w) }

// Load goes on where Save was called, on a run of the same network.
func (r *NetworkRun) Load(from io.Reader) error { return r.prog.Load(from) }

// Simulation averages over realisations; it fails before the last step.
func (r *NetworkRun) Simulation() (*Simulation, error) {
	n, k := r.Total(), r.w.Realisations
	if r.Steps() != n {
		return nil, fmt.Errorf("dmft: %d of %d steps are done", r.Steps(), n)
	}
	c, mean := make([]float64, k*n*n), make([]float64, k*n)
	if err := r.prog.Read("c", c); err != nil {
		return nil, err
	}
	if err := r.prog.Read("mean", mean); err != nil {
		return nil, err
	}
	return r.w.summarise(c, mean), nil
}

func (w Network) summarise(c, mean []float64) *Simulation {
	n, k := w.steps(), w.Realisations
	s := &Simulation{T: make([]float64, n), C: make([]float64, n*n), Diagonal: make([]Estimate, n), Mean: make([]Estimate, n)}
	for e := range s.C {
		for r := range k {
			s.C[e] += c[r*n*n+e] / float64(k)
		}
	}
	diagonal, means := make([]float64, k), make([]float64, k)
	for i := range n {
		s.T[i] = GridTime(i, w.Step)
		for r := range k {
			diagonal[r], means[r] = c[r*n*n+i*n+i], mean[r*n+i]
		}
		s.Diagonal[i], s.Mean[i] = estimate(diagonal), estimate(means)
	}
	return s
}

// estimate is the mean of independent numbers with its standard error.
func estimate(x []float64) Estimate {
	mean, square := 0., 0.
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		square += (v - mean) * (v - mean)
	}
	k := float64(len(x))
	return Estimate{mean, math.Sqrt(square / k / (k - 1))}
}
