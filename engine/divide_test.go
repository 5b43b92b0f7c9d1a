package engine_test

import (
	"fmt"
	"hash"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/cpu"
	"cavity/engine/enginetest"
	"cavity/engine/expr"
	"cavity/kernels"
	"cavity/kernels/kerneltest"
)

// Random numbers do not depend on the division, on the definition and on the CPU, where the steps count from the parts' own numbers.
func TestSplitRandom(t *testing.T) {
	for name, open := range map[string]func() engine.Backend{
		"plain": func() engine.Backend { return enginetest.Plain{} },
		"cpu": func() engine.Backend {
			b := cpu.New(engine.Options{Workers: 2})
			t.Cleanup(func() { b.Close() })
			return b
		},
	} {
		t.Run(name, func(t *testing.T) {
			var several []engine.Backend
			for _, n := range []int{2, 3, 5} {
				var p enginetest.Parts
				for range n {
					p = append(p, open())
				}
				several = append(several, p)
			}
			kerneltest.Divided(t, open(), several...)
		})
	}
}

// meeting is a kernel that says nothing about its systems.
type meeting struct{ engine.Kernel }

func (meeting) String() string        { return "Meeting" }
func (meeting) WriteHash(h hash.Hash) { fmt.Fprint(h, "meeting") }
func (meeting) Hashcode() uint32      { return 1 }

// Graphs whose systems meet, change their order, or are not where the Split says are refused, and the error names the operation.
func TestSplitRefuses(t *testing.T) {
	const systems = 6
	type graph = *expr.Graph
	x := func(g graph, n int) expr.Node { return g.Slot("x", n, 4) }
	for _, c := range []struct {
		want string
		axes map[string]int
		next func(g graph, n int) map[string]expr.Node
	}{
		{`x": its systems lie along axis 0, not no axis`, nil, func(g graph, n int) map[string]expr.Node {
			return map[string]expr.Node{"x": g.Add(x(g, n), x(g, n))}
		}},
		{`x": its systems lie along axis 0, not axis 1`, map[string]int{"x": 1}, func(g graph, n int) map[string]expr.Node {
			return map[string]expr.Node{"x": g.Add(x(g, n), x(g, n))}
		}},
		{`y": its systems lie along axis 0, not no axis`, map[string]int{"x": 0}, func(g graph, n int) map[string]expr.Node {
			return map[string]expr.Node{"y": g.Add(x(g, n), x(g, n))}
		}},
		{`z": its systems lie along no axis, not axis 0`, map[string]int{"x": 0, "z": 0}, func(g graph, n int) map[string]expr.Node {
			return map[string]expr.Node{"x": g.AddRow(x(g, n), g.Slot("z", 4))}
		}},
		{"Σ[0] of (4): systems meet here", map[string]int{"x": 0}, func(g graph, n int) map[string]expr.Node {
			return map[string]expr.Node{"y": g.Sum(x(g, n), 0)}
		}},
		{"Σ[0] of (4): systems meet here", map[string]int{"x": 0}, func(g graph, n int) map[string]expr.Node {
			return map[string]expr.Node{"x": g.AddRow(x(g, n), g.Mean(x(g, n), 0))}
		}},
		{"of (4, 4): systems meet here", map[string]int{"x": 0}, func(g graph, n int) map[string]expr.Node {
			return map[string]expr.Node{"y": g.Mul(g.T(x(g, n)), x(g, n))}
		}},
		{"want one axis shorter", map[string]int{"x": 0}, func(g graph, n int) map[string]expr.Node {
			return map[string]expr.Node{"y": g.Mul(x(g, n), g.T(x(g, n)))}
		}},
		{"Softmax", map[string]int{"x": 1}, func(g graph, n int) map[string]expr.Node {
			s := g.Do(func() (expr.Node, error) { return gorgonia.SoftMax(g.Slot("x", 4, n), 1) })
			return map[string]expr.Node{"x": s}
		}},
		{"takes systems apart that were axis 1", map[string]int{"x": 1, "y": 0}, func(g graph, n int) map[string]expr.Node {
			return map[string]expr.Node{"y": g.Reshape(g.Slot("x", 4, n), 4*n)}
		}},
		{"takes some of the systems", map[string]int{"x": 0, "y": 0}, func(g graph, n int) map[string]expr.Node {
			s := g.Do(func() (expr.Node, error) { return gorgonia.Slice(g.Slot("x", 2*n, 4), gorgonia.S(0, n)) })
			return map[string]expr.Node{"y": s}
		}},
		{"systems behind systems", map[string]int{"x": 0, "y": 0}, func(g graph, n int) map[string]expr.Node {
			s := g.Do(func() (expr.Node, error) { return gorgonia.Concat(0, x(g, n), g.Scale(x(g, n), 2)) })
			return map[string]expr.Node{"y": s}
		}},
		{"must not depend on how many systems", map[string]int{"x": 0}, func(g graph, n int) map[string]expr.Node {
			return map[string]expr.Node{"x": g.Scale(x(g, n), 1/float64(n))}
		}},
		{"its operands have none", map[string]int{"y": 0}, func(g graph, n int) map[string]expr.Node {
			s := g.Do(func() (expr.Node, error) { return gorgonia.Slice(g.Slot("w", systems, 4), gorgonia.S(0, n)) })
			return map[string]expr.Node{"y": s}
		}},
		{"must lie along its first axis, not 1", map[string]int{"x": 1}, func(g graph, n int) map[string]expr.Node {
			u := g.Do(func() (expr.Node, error) { return kernels.UniformLike(g.Slot("x", 4, n), 1) })
			return map[string]expr.Node{"x": u}
		}},
		{"is no multiple of 6 systems", map[string]int{"x": 0}, func(g graph, n int) map[string]expr.Node {
			u := g.Do(func() (expr.Node, error) { return kernels.UniformLike(g.Slot("x", n+1, 4), 1) })
			return map[string]expr.Node{"x": u}
		}},
		{"systems of this kernel may meet", map[string]int{"x": 0}, func(g graph, n int) map[string]expr.Node {
			r := g.Do(func() (expr.Node, error) { return kernels.RectifiedMean(x(g, n)) })
			return map[string]expr.Node{"x": g.Do(func() (expr.Node, error) { return gorgonia.ApplyOp(meeting{r.Op().(engine.Kernel)}, x(g, n)) })}
		}},
		{"systems of this kernel may meet", map[string]int{"x": 0, "table": 0, "y": 0}, func(g graph, n int) map[string]expr.Node {
			l := g.Do(func() (expr.Node, error) { return kernels.Lookup(g.Slot("table", n), g.Typed("x", tensor.Int32, n)) })
			return map[string]expr.Node{"y": l}
		}},
		{"systems of this kernel must lie along axis 0, not 1", map[string]int{"x": 1}, func(g graph, n int) map[string]expr.Node {
			return map[string]expr.Node{"x": g.Do(func() (expr.Node, error) { return kernels.Rectified(g.Slot("x", 4, n), 1) })}
		}},
		{"systems of this kernel may meet", map[string]int{"y": 0}, func(g graph, n int) map[string]expr.Node {
			a, b := g.Slot("a", 2, 2*systems), g.Slot("b", 2, 2*systems) // blocks of other sizes
			return map[string]expr.Node{"y": g.Do(func() (expr.Node, error) { return kernels.CorrelateBlocks(n, a, b) })}
		}},
		{"systems of this kernel may meet", map[string]int{"y": 0}, func(g graph, n int) map[string]expr.Node {
			return map[string]expr.Node{"y": g.Do(func() (expr.Node, error) { return kernels.Record(g.Slot("y", n, 4), g.Slot("x", 4)) })}
		}},
		{"values in its place", map[string]int{"x": 0}, func(g graph, n int) map[string]expr.Node {
			next := map[string]expr.Node{"x": g.Add(x(g, n), x(g, n))}
			if n == systems {
				next["y"] = next["x"]
			}
			return next
		}},
		{`no value for slot "x"`, map[string]int{"x": 0}, func(g graph, n int) map[string]expr.Node {
			name := "x"
			if n < systems {
				name = "other"
			}
			return map[string]expr.Node{name: g.Add(x(g, n), x(g, n))}
		}},
		{`"other" of the part stands where the whole has "x"`, map[string]int{"x": 0, "y": 0, "other": 0}, func(g graph, n int) map[string]expr.Node {
			from := x(g, n)
			if n < systems {
				from = g.Slot("other", n, 4)
			}
			return map[string]expr.Node{"y": g.Add(from, from)}
		}},
		{"is float64 in the part and float32 in the whole", map[string]int{"x": 0}, func(g graph, n int) map[string]expr.Node {
			if n < systems {
				g.Dtype = tensor.Float64
			}
			return map[string]expr.Node{"x": g.Add(x(g, n), x(g, n))}
		}},
		{"stands where the whole has", map[string]int{"x": 0}, func(g graph, n int) map[string]expr.Node {
			if n == systems {
				return map[string]expr.Node{"x": g.Add(x(g, n), x(g, n))}
			}
			return map[string]expr.Node{"x": g.Sub(x(g, n), x(g, n))}
		}},
	} {
		stages := func(_, n int) ([]engine.Stage, error) {
			g := expr.New(tensor.Float32)
			next := c.next(g, n)
			s, err := g.Stage("meet", 1, next)
			if err != nil {
				t.Fatalf("%q: %v", c.want, err)
			}
			return []engine.Stage{s}, nil
		}
		all, _ := stages(0, systems)
		split := &engine.Split{Systems: systems, Axes: c.axes, Part: stages}
		_, err := engine.Compile(engine.Plan{Stages: all, Split: split}, enginetest.PlainParts(2))
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "stage meet does not divide") {
			t.Errorf("want %q, got %v", c.want, err)
		}
		if _, err := engine.Compile(engine.Plan{Stages: all, Split: split}, enginetest.PlainParts(1)); err != nil {
			t.Errorf("%q: on one device: %v", c.want, err)
		}
	}
	all, err := kerneltest.DividedPlan(systems)
	if err != nil {
		t.Fatal(err)
	}
	all.Split.Part = func(int, int) ([]engine.Stage, error) { return nil, nil }
	if _, err = engine.Compile(all, enginetest.PlainParts(2)); err == nil || !strings.Contains(err.Error(), "a part of 0 stages of a plan of 2") {
		t.Errorf("too few stages: %v", err)
	}
}
