// Package tape is the oracle among the backends: it runs a stage's gorgonia graph whole on gorgonia's own TapeMachine,
// with nothing fused, reordered or reused. Kernels run their plain Go definitions. It is slow and allocates; every
// other backend is held against it.
package tape

import (
	"fmt"

	_ "go4.org/unsafe/assume-no-moving-gc" // gorgonia's older pin of it panics on this Go version
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
)

func init() {
	engine.Register(engine.Driver{
		Name:      "tape",
		Available: func() error { return nil },
		Open:      func(string, engine.Options) (engine.Backend, error) { return backend{}, nil },
		Describe: func() (string, map[string]string) {
			return "gorgonia's TapeMachine", map[string]string{"threads": "1"}
		},
	})
}

type backend struct{}

func (backend) Name() string { return "tape" }
func (backend) Close() error { return nil }

func (backend) Alloc(dt tensor.Dtype, n int) (engine.Buffer, error) {
	return engine.NewHostBuffer(dt, n), nil
}

func (backend) Free() int64 { return engine.FreeMemory() }

func (backend) Lower(s engine.Step) (engine.Launch, error) {
	return nil, fmt.Errorf("tape: runs graphs, not the step %s", s.Label())
}

// LowerGraph rebuilds the graph with kernels that know the clock, and compiles it for a TapeMachine.
func (backend) LowerGraph(s engine.Stage, slot func(string) engine.Buffer) (engine.Launch, error) {
	c := &copier{from: s.Graph, to: gorgonia.NewGraph(), clock: &engine.Clock{}, made: map[*gorgonia.Node]*gorgonia.Node{}, inputs: map[string]*gorgonia.Node{}}
	values := map[string]*gorgonia.Value{}
	for name, n := range s.Next {
		m, err := c.node(n)
		if err != nil {
			return nil, err
		}
		values[name] = new(gorgonia.Value)
		gorgonia.Read(m, values[name])
	}
	vm := gorgonia.NewTapeMachine(c.to)
	return func(clock *engine.Clock) error {
		*c.clock = *clock
		for name, in := range c.inputs {
			if err := let(in, slot(name)); err != nil {
				return err
			}
		}
		if err := vm.RunAll(); err != nil {
			return fmt.Errorf("tape: %w", err)
		}
		// All values are taken out before the first slot changes: a slot may feed another slot's next value.
		got := map[string]gorgonia.Value{}
		for name, v := range values {
			cp, err := gorgonia.CloneValue(*v)
			if err != nil {
				return fmt.Errorf("tape: slot %s: %w", name, err)
			}
			got[name] = cp
		}
		vm.Reset()
		for name, v := range got {
			if err := store(slot(name), v); err != nil {
				return fmt.Errorf("tape: slot %s: %w", name, err)
			}
		}
		return nil
	}, nil
}

// copier rebuilds the part of a graph that the next values need.
type copier struct {
	from, to *gorgonia.ExprGraph
	clock    *engine.Clock
	made     map[*gorgonia.Node]*gorgonia.Node
	inputs   map[string]*gorgonia.Node
}

func (c *copier) node(n *gorgonia.Node) (*gorgonia.Node, error) {
	if m := c.made[n]; m != nil {
		return m, nil
	}
	m, err := c.build(n)
	if err != nil {
		return nil, err
	}
	c.made[n] = m
	return m, nil
}

func (c *copier) build(n *gorgonia.Node) (*gorgonia.Node, error) {
	op := n.Op()
	if op == nil {
		m := engine.Input(c.to, n.Name(), n.Dtype(), n.Shape()...)
		c.inputs[n.Name()] = m
		return m, nil
	}
	if v, ok := op.(interface{ Value() gorgonia.Value }); ok && op.Arity() == 0 {
		return c.to.AddNode(gorgonia.NewConstant(v.Value().Data(), gorgonia.WithName(n.Name()))), nil
	}
	var cs []*gorgonia.Node
	for it := c.from.From(n.ID()); it != nil && it.Next(); {
		m, err := c.node(it.Node().(*gorgonia.Node))
		if err != nil {
			return nil, err
		}
		cs = append(cs, m)
	}
	if k, ok := op.(engine.Kernel); ok {
		op = clocked{k, c.clock, n.Dtype(), n.Shape()}
	}
	return gorgonia.ApplyOp(op, cs...)
}

// clocked lets the TapeMachine run a kernel.
type clocked struct {
	engine.Kernel
	clock *engine.Clock
	dtype tensor.Dtype
	shape []int
}

// Do runs the kernel's definition on fresh memory.
func (k clocked) Do(in ...gorgonia.Value) (gorgonia.Value, error) {
	bufs := make([]engine.Buffer, len(in))
	for i, v := range in {
		b, err := wrap(v)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", k, err)
		}
		bufs[i] = b
	}
	ob := engine.NewHostBuffer(k.dtype, k.shape...)
	if p, ok := k.Kernel.(engine.InPlacer); ok && p.InPlace() >= 0 {
		i := p.InPlace()
		engine.Copy(ob, bufs[i])
		bufs[i] = ob.View(0, bufs[i].Shape...)
	}
	if err := k.Host(*k.clock, ob, bufs); err != nil {
		return nil, fmt.Errorf("%s: %w", k, err)
	}
	return unwrap(ob)
}

// UsePreallocDo ignores the memory that the machine offers: another node may still read it.
func (k clocked) UsePreallocDo(_ gorgonia.Value, in ...gorgonia.Value) (gorgonia.Value, error) {
	return k.Do(in...)
}
