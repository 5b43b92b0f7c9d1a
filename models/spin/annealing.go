package spin

import (
	"context"
	"fmt"
	"math"
	"slices"

	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/kernels"
)

// Annealing cools many walkers of each sample together, run after run, and keeps the lowest states.
//
// Simulated annealing goes through Steps temperatures from Hot to Cold (Kirkpatrick, Gelatt, Vecchi 1983,
// doi:10.1126/science.220.4598.671). Population annealing starts from infinite temperature, lowers it by steps that keep the
// effective size of the population, and resamples the walkers by their Boltzmann factors at each: it also gives the free
// energy (Hukushima, Iba 2003, doi:10.1063/1.1632130; Machta 2010, doi:10.1103/PhysRevE.82.026704; Wang, Machta, Katzgraber
// 2015, doi:10.1103/PhysRevE.92.063307).
type Annealing struct {
	Model      Model
	Population bool
	Hot, Cold  float64 // temperatures; Hot is only of simulated annealing
	Geometric  bool    // simulated: equal ratios of temperatures; else equal differences
	Steps      int     // simulated: number of temperatures; 0: 100
	Culling    float64 // population: share of the effective population that a step may cost; 0: 0.1
	Sweeps     int     // at each temperature; 0: 10
	Walkers    int     // of each sample; 0: 64
	Systems    int     // samples; 0: 1
	Runs       int     // repetitions with other random numbers; 0: 1
	Rule       kernels.Rule
	Seed       uint64
	Layout     string
	Memory     int64 // as in Tempering
}

// An Annealer is an annealing under way. After every temperature it is at a clean boundary, where it may be saved.
type Annealer struct {
	Annealing
	Program *engine.Program

	batch    batch
	carrier  carrier
	stale    bool      // new spins need the stage "refresh"
	schedule []float64 // β of the steps; population: those that the first run has chosen so far
	position
	energies []float64 // [systems, walkers], of the present state
	best     []Ground
	spins    [][]int8
	lowest   []float64 // [runs, systems, walkers]: the lowest energy that each walker had
	trace    []stage   // of all runs, in order
}

// position is where an annealing is.
type position struct {
	Run, Step int64
	families  []int32   // [systems, walkers]: the ancestor in the first population
	logZ      []float64 // per system
}

// A stage is what a run knows of one temperature.
type stage struct {
	beta     float64
	energy   []float64 // per system: mean of the population
	logZ     []float64 // ln Z per system
	families []float64 // ρ_t per system: walkers times the sum of the squares of the families' shares
}

// mostSteps bounds the temperatures of simulated annealing, which are held as a list.
const mostSteps = 10_000_000

// check completes the settings and refuses those out of range.
func (a *Annealing) check() error {
	if a.Model == nil {
		return fmt.Errorf("spin: no model")
	}
	if err := a.Model.Check(); err != nil {
		return err
	}
	for p, x := range map[*int]int{&a.Steps: 100, &a.Sweeps: 10, &a.Walkers: 64, &a.Systems: 1, &a.Runs: 1} {
		if *p == 0 {
			*p = x
		}
	}
	if a.Steps < 1 || a.Sweeps < 1 || a.Walkers < 1 || a.Systems < 1 || a.Runs < 1 {
		return fmt.Errorf("spin: %d steps, %d sweeps a step, %d walkers, %d systems, %d runs: at least 1 each", a.Steps, a.Sweeps, a.Walkers, a.Systems, a.Runs)
	}
	if a.Runs > 1<<15 || a.Systems >= 1<<24 {
		return fmt.Errorf("spin: %d runs of %d systems: at most %d runs", a.Runs, a.Systems, 1<<15)
	}
	if a.Culling == 0 {
		a.Culling = .1
	}
	if !(a.Culling > 0 && a.Culling < .9) {
		return fmt.Errorf("spin: a step may cost %v of the population: between 0 and 0.9", a.Culling)
	}
	if err := CheckTemperatures([]float64{a.Cold}); err != nil {
		return err
	}
	if a.Population {
		if a.Walkers < 2 {
			return fmt.Errorf("spin: a population of %d: at least 2 walkers", a.Walkers)
		}
		return nil
	}
	switch {
	case a.Steps > mostSteps:
		return fmt.Errorf("spin: annealing in %d steps: at most %d", a.Steps, mostSteps)
	case a.Steps == 1 && a.Hot != a.Cold:
		return fmt.Errorf("spin: annealing from temperature %v to %v in a single step: at least 2 steps", a.Hot, a.Cold)
	case a.Steps > 1 && !(a.Hot > a.Cold) || math.IsInf(a.Hot, 0):
		return fmt.Errorf("spin: annealing in %d steps from temperature %v to %v: the first must be above the last", a.Steps, a.Hot, a.Cold)
	}
	return nil
}

// Start makes the instances, compiles the Program and begins the first run.
func (a Annealing) Start(b engine.Backend) (*Annealer, error) {
	if err := a.check(); err != nil {
		return nil, err
	}
	if a.Memory == 0 {
		a.Memory = engine.FreeMemory()
	}
	s := &Annealer{Annealing: a, batch: batch{systems: a.Systems, copies: a.Walkers, temperatures: 1, n: a.Model.Spins(), rule: a.Rule, seed: a.Seed}}
	var err error
	if s.carrier, err = choose(a.Model, s.batch, a.Layout, a.Memory); err != nil {
		return nil, err
	}
	if s.Program, err = s.compile(b); err != nil {
		return nil, err
	}
	if !a.Population {
		s.schedule = a.cooling()
	}
	cells := a.Systems * a.Walkers
	s.energies, s.lowest = make([]float64, cells), make([]float64, a.Runs*cells)
	for i := range s.lowest {
		s.lowest[i] = math.Inf(1)
	}
	for range a.Systems {
		s.best = append(s.best, Ground{Energy: math.Inf(1)})
		s.spins = append(s.spins, make([]int8, s.batch.n))
	}
	if err := s.carrier.fill(s.Program); err != nil {
		return nil, err
	}
	if _, used := s.Program.Slots()["ladder"]; used {
		if err := s.Program.Write("ladder", kernels.NewLadder(a.Systems, a.Walkers, 1)); err != nil {
			return nil, err
		}
	}
	return s, s.begin()
}

// cooling are the inverse temperatures of simulated annealing.
func (a *Annealing) cooling() []float64 {
	betas := make([]float64, a.Steps)
	for k := range betas {
		x := 1.0
		if a.Steps > 1 {
			x = float64(k) / float64(a.Steps-1)
		}
		if a.Geometric {
			betas[k] = 1 / (a.Hot * math.Pow(a.Cold/a.Hot, x))
		} else {
			betas[k] = 1 / (a.Hot + x*(a.Cold-a.Hot))
		}
	}
	return betas
}

func (s *Annealer) compile(b engine.Backend) (*engine.Program, error) {
	plan := engine.Plan{Seed: s.Seed}
	var err error
	if plan.Stages, err = s.stages(s.batch, s.carrier); err != nil {
		return nil, err
	}
	s.stale = slices.ContainsFunc(plan.Stages, func(x engine.Stage) bool { return x.Name == "refresh" })
	plan.Split = split(s.batch, s.carrier, []string{"energy", "parents"}, s.stages)
	return engine.Compile(plan, b)
}

// stages are the plan's for a batch and its carrier, or for a part of them.
func (s *Annealer) stages(b batch, c carrier) (stages []engine.Stage, err error) {
	add := func(name string, repeat int, build func(g *graph) map[string]node) {
		if err != nil {
			return
		}
		var stage engine.Stage
		g := newGraph(b)
		stage, err = g.Stage(name, repeat, build(g))
		stages = append(stages, stage)
	}
	add("sweep", s.Sweeps, func(g *graph) map[string]node { return map[string]node{"state": c.sweep(g)} })
	if c.follows() {
		add("follow", 0, func(g *graph) map[string]node { return c.follow(g, g.ladder()) })
	}
	if c.refresh(newGraph(b)) != nil {
		add("refresh", 0, func(g *graph) map[string]node { return map[string]node{"state": c.refresh(g)} })
	}
	if s.Population {
		add("resample", 0, func(g *graph) map[string]node {
			return map[string]node{"state": c.resample(g, g.Typed("parents", tensor.Int32, b.systems, b.walkers()))}
		})
	}
	add("energy", 0, func(g *graph) map[string]node { return map[string]node{"energy": c.energies(g)} })
	return stages, err
}

// begin puts every walker in a random state.
func (s *Annealer) begin() error {
	s.Step = 0
	if s.families == nil {
		s.families, s.logZ = make([]int32, len(s.energies)), make([]float64, s.Systems)
	}
	for i := range s.families {
		s.families[i] = int32(i % s.Walkers)
	}
	for i := range s.logZ {
		s.logZ[i] = float64(s.batch.n) * math.Ln2
	}
	if err := s.carrier.randomise(s.Program, int(s.Run)); err != nil || !s.stale {
		return err
	}
	return s.Program.Once("refresh")
}

// Done reports whether all runs are complete.
func (s *Annealer) Done() bool { return s.Run >= int64(s.Runs) }

// Next goes to the next temperature of the present run, and on to the next run after the last. Between two calls nothing
// depends on the time that passes.
func (s *Annealer) Next(ctx context.Context) error {
	if s.Done() {
		return fmt.Errorf("spin: the annealing is complete")
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	beta, err := s.cool()
	if err != nil {
		return err
	}
	if err := s.set(beta); err != nil {
		return err
	}
	if err := s.Program.Step(context.Background(), 1); err != nil {
		return err
	}
	if err := s.look(); err != nil {
		return err
	}
	s.record(beta)
	s.Step++
	if s.last(beta) {
		if s.Run++; !s.Done() {
			return s.begin()
		}
	}
	return nil
}

// last reports whether the run ends at a temperature.
func (s *Annealer) last(beta float64) bool {
	if s.Population {
		return beta >= 1/s.Cold
	}
	return s.Step == int64(len(s.schedule))
}

// set gives all walkers an inverse temperature.
func (s *Annealer) set(beta float64) error {
	if _, used := s.Program.Slots()["beta"]; used {
		if err := s.Program.Write("beta", []float64{beta}); err != nil {
			return err
		}
	}
	if err := s.carrier.retune(s.Program, []float64{beta}); err != nil || !s.carrier.follows() {
		return err
	}
	return s.Program.Once("follow")
}

// look measures the energies and keeps the lowest states.
func (s *Annealer) look() error {
	if err := s.Program.Once("energy"); err != nil {
		return err
	}
	if err := s.Program.Read("energy", s.energies); err != nil {
		return err
	}
	lowest := s.lowest[int(s.Run)*len(s.energies):]
	for i, e := range s.energies {
		lowest[i] = min(lowest[i], e)
	}
	var lower []walker
	var into [][]int8
	for q := range s.Systems {
		e := s.energies[q*s.Walkers : (q+1)*s.Walkers]
		w := slices.Index(e, slices.Min(e))
		if e[w] < s.best[q].Energy-1e-7*float64(s.batch.n) {
			s.best[q].Energy = e[w]
			lower, into = append(lower, walker{q, w}), append(into, s.spins[q])
		}
	}
	if lower == nil {
		return nil
	}
	return s.carrier.spins(s.Program, lower, into)
}

// Carrier, Bytes and Flips tell how the instances are held, in how much memory, and the attempted flips of a temperature.
func (s *Annealer) Carrier() string { return s.carrier.name() }
func (s *Annealer) Bytes() int64    { return s.carrier.bytes() }
func (s *Annealer) Flips() float64 {
	return float64(s.Sweeps) * float64(s.batch.systems) * float64(s.batch.walkers()) * float64(s.batch.n)
}

// Progress is the share of the work that is done, between 0 and 1.
func (s *Annealer) Progress() float64 {
	in := 0.0
	switch {
	case s.Done():
	case !s.Population:
		in = float64(s.Step) / float64(s.Steps)
	case s.Step > 0:
		in = s.schedule[s.Step-1] * s.Cold
	}
	return (float64(s.Run) + in) / float64(s.Runs)
}

// Best is a system's lowest state.
func (s *Annealer) Best(system int) (Ground, []int8) { return s.best[system], s.spins[system] }
