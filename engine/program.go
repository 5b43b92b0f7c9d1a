package engine

import (
	"context"
	"fmt"
	"sort"
	"strings"

	"gorgonia.org/gorgonia"

	"cavity/engine/rng"
)

// A Program is a compiled Plan: a flat list of launches per stage, and the slots. It is not safe for concurrent use.
type Program struct {
	Copies int // next values that could not be made in place and are copied at the end of their stage

	backend Backend
	seed    uint64
	step    uint64
	clock   Clock
	stages  []stage
	slots   map[string]Buffer
	pool    *pool
	free    int64   // bytes of a Bounded backend when compilation began, 0 where unknown
	taken   float64 // bytes, counted against free
	consts  map[string]Buffer
	moment  *Moment
	first   map[*gorgonia.Node]uint64 // see lowering
}

type stage struct {
	name     string
	repeat   int
	pass     uint64
	steps    []Step
	launches []Launch
}

// Compile lowers a plan to a backend. It checks names, shapes, dtypes, cycles and hash collisions of the graphs, removes
// what no slot needs, fuses, assigns memory, and lets the backend prepare every step. The error names the stage and the
// model's operation.
func Compile(p Plan, b Backend) (*Program, error) {
	if s, ok := b.(Several); ok {
		return compileParts(p, s)
	}
	if r, ok := b.(Rehearser); ok {
		rehearsal, fits := r.Rehearse()
		if _, err := compile(p, rehearsal); err != nil {
			return nil, err
		}
		if err := fits(); err != nil {
			return nil, fmt.Errorf("engine: %w", err)
		}
	}
	return compile(p, b)
}

func compile(p Plan, b Backend) (*Program, error) {
	if len(p.Stages) == 0 || len(p.Stages) > 255 {
		return nil, fmt.Errorf("engine: a plan of %d stages: 1 to 255", len(p.Stages))
	}
	pr := &Program{backend: b, seed: p.Seed, slots: map[string]Buffer{}, consts: map[string]Buffer{}, first: p.first}
	if b, ok := b.(Bounded); ok {
		pr.free = b.Free()
	}
	pr.pool = &pool{alloc: pr.alloc, idle: map[poolKey][]Buffer{}, held: map[*value]Buffer{}}
	seen := map[string]bool{}
	for _, s := range p.Stages {
		if s.Name == "" || seen[s.Name] {
			return nil, fmt.Errorf("engine: stage %q: every stage needs a name of its own", s.Name)
		}
		seen[s.Name] = true
		st, err := pr.compileStage(s)
		if err != nil {
			return nil, fmt.Errorf("engine: stage %s: %w", s.Name, err)
		}
		pr.stages = append(pr.stages, st)
	}
	return pr, pr.keep(p.Moment)
}

func (pr *Program) compileStage(s Stage) (stage, error) {
	st := stage{name: s.Name, repeat: s.Repeat}
	if s.Graph == nil || len(s.Next) == 0 {
		return st, fmt.Errorf("a graph and at least one next value are needed")
	}
	if s.Repeat < 0 {
		return st, fmt.Errorf("repeat %d is negative", s.Repeat)
	}
	if err := checkHashes(s.Graph); err != nil {
		return st, err
	}
	sp := &stagePlan{pr: pr, next: map[string]*value{}, shape: map[string][]int{}, where: map[*value]int{}, last: map[*value]int{}, taken: map[*value]bool{}, late: map[*value]bool{}}
	for k, n := range s.Next {
		if n == nil {
			return st, fmt.Errorf("the next value of slot %q is nil", k)
		}
		sp.names = append(sp.names, k)
	}
	sort.Strings(sp.names)
	l := newLowering(s.Graph, pr.first)
	for _, k := range sp.names {
		v, err := l.value(s.Next[k])
		if err != nil {
			return st, err
		}
		sp.next[k], sp.shape[k] = v, v.shape
	}
	sp.leaf = l.leaf
	for name, v := range l.leaf {
		buf, err := pr.slot(name, v.dtype, v.shape)
		if err != nil {
			return st, err
		}
		v.buf, v.placed = buf, true
	}
	if g, ok := pr.backend.(GraphBackend); ok {
		return pr.whole(g, s, sp, st)
	}
	if err := sp.lowerTo(&st); err != nil {
		return st, err
	}
	if f, ok := pr.backend.(Fuser); ok {
		st.steps = pr.fuse(st.steps, f)
	}
	for _, step := range st.steps {
		launch, err := pr.backend.Lower(step)
		if err != nil {
			return st, fmt.Errorf("%s: %s: %w", step.Label(), Describe(step), err)
		}
		st.launches = append(st.launches, launch)
	}
	return st, nil
}

// lowerTo runs the passes from values to finished steps.
func (sp *stagePlan) lowerTo(st *stage) error {
	list := simplify(settle(sp.next, sp.names))
	if err := sp.pr.constants(list); err != nil {
		return err
	}
	schedule(list)
	sp.arrange(list)
	if err := sp.inPlace(); err != nil {
		return err
	}
	if err := sp.place(); err != nil {
		return err
	}
	steps, err := sp.bind()
	st.steps = steps
	return err
}

// whole hands the graph itself to a backend that runs it whole.
func (pr *Program) whole(g GraphBackend, s Stage, sp *stagePlan, st stage) (stage, error) {
	for _, k := range sp.names {
		v := sp.next[k]
		if _, err := pr.slot(k, v.dtype, v.shape); err != nil {
			return st, err
		}
	}
	launch, err := g.LowerGraph(s, func(name string) Buffer { return pr.slots[name] })
	st.launches = []Launch{launch}
	return st, err
}

// Step runs all stages n times. It stops between two steps when ctx is done, and returns the context's error; the
// Program is then at a clean step boundary.
func (pr *Program) Step(ctx context.Context, n int) error {
	done := ctx.Done()
	c := &pr.clock
	c.Seed = pr.seed
	for ; n > 0; n-- {
		if done != nil {
			select {
			case <-done:
				return ctx.Err()
			default:
			}
		}
		c.Step = pr.step
		for i := range pr.stages {
			for r := 0; r < pr.stages[i].repeat; r++ {
				if err := pr.once(i, r); err != nil {
					return err
				}
			}
		}
		pr.step++
	}
	return nil
}

// once runs a stage.
func (pr *Program) once(i, inner int) error {
	s, c := &pr.stages[i], &pr.clock
	if s.pass >= rng.MaxPass { // here, because a device would go on and repeat them
		return fmt.Errorf("engine: stage %s has run 2^40 times: its random numbers would repeat", s.name)
	}
	c.Stage, c.Inner, c.Pass = uint8(i), uint32(inner), s.pass
	for k, launch := range s.launches {
		if err := launch(c); err != nil {
			return pr.failed(s, k, err)
		}
	}
	s.pass++
	return nil
}

// Once runs one stage between two steps: a measurement whose Repeat is 0, for example.
func (pr *Program) Once(stage string) error {
	for i := range pr.stages {
		if pr.stages[i].name == stage {
			pr.clock.Seed, pr.clock.Step = pr.seed, pr.step
			return pr.once(i, 0)
		}
	}
	return fmt.Errorf("engine: no stage %q", stage)
}

// A StepError stopped a program while it ran: a device's fault, or data that a kernel refuses.
type StepError struct {
	Step  uint64
	Stage string
	Label string // the model's operation
	Err   error
}

func (e *StepError) Error() string {
	return fmt.Sprintf("engine: step %d, stage %s, %s: %v", e.Step, e.Stage, e.Label, e.Err)
}

func (e *StepError) Unwrap() error { return e.Err }

func (pr *Program) failed(s *stage, k int, err error) error {
	label := "graph"
	if k < len(s.steps) {
		label = s.steps[k].Label()
	}
	return &StepError{Step: pr.step, Stage: s.name, Label: label, Err: err}
}

// Steps is the number of steps run since the beginning.
func (pr *Program) Steps() uint64 { return pr.step }

// Clock tells the Program's seed and step.
func (pr *Program) Clock() Clock { return Clock{Seed: pr.seed, Step: pr.step} }

// Backend is where the Program runs.
func (pr *Program) Backend() Backend { return pr.backend }

// SetRepeat changes how often a stage runs in the following steps.
func (pr *Program) SetRepeat(stage string, n int) error {
	if n < 0 {
		return fmt.Errorf("engine: stage %s: repeat %d is negative", stage, n)
	}
	for i := range pr.stages {
		if pr.stages[i].name == stage {
			pr.stages[i].repeat = n
			return nil
		}
	}
	return fmt.Errorf("engine: no stage %q", stage)
}

// Sync waits until the device has done all that the Program launched, which reads do by themselves: it is for whoever reads a clock.
func (pr *Program) Sync() error {
	if s, ok := pr.backend.(Syncer); ok {
		return broken(s.Sync())
	}
	return nil
}

// Explain lists what the compiler made of the plan, a line a step.
func (pr *Program) Explain() string {
	var b strings.Builder
	for _, s := range pr.stages {
		fmt.Fprintf(&b, "stage %s × %d: %d steps\n", s.name, s.repeat, len(s.steps))
		for _, st := range s.steps {
			fmt.Fprintf(&b, "  %s\n", Describe(st))
		}
	}
	slots, mid := pr.Bytes()
	fmt.Fprintf(&b, "slots %d bytes, intermediates %d bytes, %d copies\n", slots, mid, pr.Copies)
	return b.String()
}
