// Package kerneltest holds every version of every kernel to its definition: one table of cases, run on any backend.
package kerneltest

import (
	"context"
	"fmt"
	"math"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/enginetest"
)

// A Case is a small graph around one kernel with its inputs. Outputs must agree bit for bit unless Abs or Rel is set.
type Case struct {
	Name     string
	Steps    int // runs of the graph; state slots carry over
	Abs, Rel float64
	Build    func(b *Builder) map[string]*gorgonia.Node // what replaces which slot
}

// Builder makes a case's graph and remembers the values of its inputs.
type Builder struct {
	graph *gorgonia.ExprGraph
	data  map[string]any
	err   error
}

// In is an input with its first value: a slice of numbers in the given shape.
func (b *Builder) In(name string, data any, shape ...int) *gorgonia.Node {
	b.data[name] = data
	dt := tensor.Dtype{Type: reflect.TypeOf(data).Elem()}
	return gorgonia.NewTensor(b.graph, dt, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(name))
}

// Ok passes a node on and keeps the first error.
func (b *Builder) Ok(n *gorgonia.Node, err error) *gorgonia.Node {
	if err != nil && b.err == nil {
		b.err = err
	}
	return n
}

// fail ends the building of a case.
func (b *Builder) fail(err error) map[string]*gorgonia.Node {
	b.Ok(nil, err)
	return nil
}

// definitions remembers what enginetest.Plain gave for a case.
var definitions sync.Map

func definition(c Case) (map[string]reflect.Value, error) {
	if want, ok := definitions.Load(c.Name); ok {
		return want.(map[string]reflect.Value), nil
	}
	want, err := outcome(c, enginetest.Plain{})
	if err == nil {
		definitions.Store(c.Name, want)
	}
	return want, err
}

// Run holds a backend to enginetest.Plain, which runs the kernels' definitions. Cases have different names.
func Run(t *testing.T, backend engine.Backend) {
	for _, c := range Cases {
		t.Run(c.Name, func(t *testing.T) {
			want, err := definition(c)
			if err != nil {
				t.Fatal(err)
			}
			got, err := outcome(c, backend)
			if err != nil {
				t.Fatalf("%s: %v", backend.Name(), err)
			}
			for slot, w := range want {
				compare(t, c, slot, got[slot], w)
			}
		})
	}
}

// program compiles a case and writes its inputs.
func program(c Case, backend engine.Backend) (*engine.Program, map[string]engine.Buffer, error) {
	b := &Builder{graph: gorgonia.NewGraph(), data: map[string]any{}}
	next := c.Build(b)
	if b.err != nil {
		return nil, nil, b.err
	}
	p, err := engine.Compile(engine.Plan{Seed: 11, Stages: []engine.Stage{{Name: c.Name, Graph: b.graph, Next: next, Repeat: 1}}}, backend)
	if err != nil {
		return nil, nil, err
	}
	slots := p.Slots()
	for name, data := range b.data {
		if _, ok := slots[name]; !ok {
			return nil, nil, fmt.Errorf("no kernel reads %s", name)
		}
		if err := p.Write(name, data); err != nil {
			return nil, nil, err
		}
	}
	return p, slots, nil
}

// outcome runs a case and reads all its slots.
func outcome(c Case, backend engine.Backend) (map[string]reflect.Value, error) {
	p, slots, err := program(c, backend)
	if err != nil {
		return nil, err
	}
	if err := p.Step(context.Background(), c.Steps); err != nil {
		return nil, err
	}
	out := map[string]reflect.Value{}
	for name, s := range slots {
		v := reflect.MakeSlice(reflect.SliceOf(s.Dtype.Type), s.Len(), s.Len())
		if err := p.Read(name, v.Interface()); err != nil {
			return nil, err
		}
		out[name] = v
	}
	return out, nil
}

func compare(t *testing.T, c Case, slot string, got, want reflect.Value) {
	t.Helper()
	if !got.IsValid() || got.Len() != want.Len() {
		t.Fatalf("slot %s is missing or has another size", slot)
	}
	for i := range want.Len() {
		g, w := got.Index(i), want.Index(i)
		if w.CanFloat() {
			if g, w := g.Float(), w.Float(); math.Float64bits(g) == math.Float64bits(w) || math.Abs(g-w) < c.Abs+c.Rel*math.Abs(w) {
				continue
			}
		} else if g.Equal(w) {
			continue
		}
		t.Fatalf("slot %s: element %d is %v, want %v", slot, i, g, w)
	}
}

// Bound runs kernels by their fast CPU versions on Workers goroutines, and everything else plainly. It serves to test and
// to time kernels without a backend around them.
type Bound struct {
	enginetest.Plain
	Workers int
}

// Name says what runs.
func (b Bound) Name() string { return fmt.Sprintf("bound to %d workers", b.Workers) }

// Lower binds kernels.
func (b Bound) Lower(s engine.Step) (engine.Launch, error) {
	if c, ok := s.(*engine.Call); ok {
		if k, ok := c.Kernel.(engine.Binder); ok {
			return k.Bind(Pool(b.Workers), c.Out, c.In)
		}
	}
	return b.Plain.Lower(s)
}

// Pool is a number of workers.
type Pool int

// N is that number.
func (p Pool) N() int { return int(p) }

// Do runs the tasks on that many goroutines, one alone on the caller's.
func (p Pool) Do(tasks int, f func(task, worker int)) {
	if p == 1 {
		for t := range tasks {
			f(t, 0)
		}
		return
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for w := range int(p) {
		wg.Go(func() {
			for t := int(next.Add(1)) - 1; t < tasks; t = int(next.Add(1)) - 1 {
				f(t, w)
			}
		})
	}
	wg.Wait()
}
