package enginetest

import (
	"context"
	"fmt"
	"math"
	"testing"

	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/rng"
)

// Run holds a backend against the reference (the tape backend, or Plain) on all Cases: every slot within
// abs + rel·|reference|, 1e-6 and 1e-5 in float32, 1e-13 and 1e-12 in float64.
func Run(t *testing.T, b, reference engine.Backend) {
	for _, c := range Cases {
		for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
			t.Run(fmt.Sprintf("%s/%v", c.Name, dt), func(t *testing.T) {
				got, err := run(c, dt, b)
				if err != nil {
					t.Fatalf("%s: %v", b.Name(), err)
				}
				want, err := run(c, dt, reference)
				if err != nil {
					t.Fatalf("%s: %v", reference.Name(), err)
				}
				compare(t, dt, got, want)
			})
		}
	}
}

func compare(t *testing.T, dt tensor.Dtype, got, want map[string][]float64) {
	abs, rel := 1e-6, 1e-5
	if dt == tensor.Float64 {
		abs, rel = 1e-13, 1e-12
	}
	if len(got) != len(want) {
		t.Fatalf("%d slots, %d expected", len(got), len(want))
	}
	for name, w := range want {
		g := got[name]
		for i := range w {
			if d := math.Abs(g[i] - w[i]); !(d <= abs+rel*math.Abs(w[i])) {
				t.Errorf("slot %s[%d] = %v, want %v", name, i, g[i], w[i])
				break
			}
		}
	}
}

// run compiles a case, fills the slots with numbers that depend on their names only, steps, and reads every slot.
func run(c Case, dt tensor.Dtype, b engine.Backend) (map[string][]float64, error) {
	bl := &Builder{Dtype: dt}
	plan := c.Plan(bl)
	if bl.Err != nil {
		return nil, bl.Err
	}
	p, err := engine.Compile(plan, b)
	if err != nil {
		return nil, err
	}
	if err := Fill(p); err != nil {
		return nil, err
	}
	if err := p.Step(context.Background(), c.Steps); err != nil {
		return nil, err
	}
	return readAll(p)
}

// Fill writes numbers of variance 1 into all float slots, the same for the same name and shape.
func Fill(p *engine.Program) error {
	for name, b := range p.Slots() {
		h := uint16(0)
		for _, r := range name {
			h = h*31 + uint16(r)
		}
		s := rng.At(99, 0, 255, h)
		var err error
		if b.Dtype == tensor.Float32 {
			x := make([]float32, b.Len())
			s.FillNormal32(x, 0)
			err = p.Write(name, x)
		} else if b.Dtype == tensor.Float64 {
			x := make([]float64, b.Len())
			s.FillNormal64(x, 0)
			err = p.Write(name, x)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func readAll(p *engine.Program) (map[string][]float64, error) {
	all := map[string][]float64{}
	for name, b := range p.Slots() {
		x := make([]float64, b.Len())
		if b.Dtype == tensor.Float64 {
			if err := p.Read(name, x); err != nil {
				return nil, err
			}
		} else {
			y := make([]float32, b.Len())
			if err := p.Read(name, y); err != nil {
				return nil, err
			}
			for i := range y {
				x[i] = float64(y[i])
			}
		}
		all[name] = x
	}
	return all, nil
}
