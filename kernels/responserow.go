package kernels

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/kernels/internal/rows"
)

// piece is how many trajectories one task of a kernel of trajectories takes: rows of pieces lie in the first-level cache.
const piece = 1024

func pieces(m int) int { return (m + piece - 1) / piece }

// needTrajectories checks that the number of trajectories suits package rows.
func needTrajectories(kernel string, m int) error {
	if m%rows.Lanes != 0 {
		return fmt.Errorf("%s: %d trajectories, want a multiple of %d", kernel, m, rows.Lanes)
	}
	return nil
}

// responseRow averages the response of a population at the present time.
type responseRow struct {
	op
	past *Past
	m    int
}

// ResponseRow fills row i, the step's number modulo past.N, of the response function of a population of m trajectories,
//
//	R(i, s) = <slope χ(i, s)>,   s < i,
//
// from the tangents χ that [ResponseStep] keeps; rows at dropped times are interpolated.
//
//	r      float64 [N, N]                  advanced in place
//	state  float32 [Slots+1, Slots+1, m]   of ResponseStep
//	slope  float32 [m]                     φ'(x) at step i
func ResponseRow(past *Past, r, state, slope *gorgonia.Node) (*gorgonia.Node, error) {
	if err := first(
		operand("response row", "r", r, tensor.Float64, past.N, past.N),
		operand("response row", "slope", slope, tensor.Float32, anySize),
		operand("response row", "state", state, tensor.Float32, past.Slots+1, past.Slots+1, slope.Shape()[0]),
		needTrajectories("response row", slope.Shape()[0]),
	); err != nil {
		return nil, err
	}
	form := fmt.Sprintf("ResponseRow{%d steps, gaps %d}", past.N, past.Widest)
	k := &responseRow{newOp(form, tensor.Float64, r.Shape(), r, state, slope), past, slope.Shape()[0]}
	return gorgonia.ApplyOp(k, r, state, slope)
}

// InPlace is r.
func (k *responseRow) InPlace() int { return 0 }

// tangent is where χ of a slot lies in the state.
func tangent(p *Past, slot, m int) int { return (slot*(p.Slots+1) + p.Slots) * m }

// Host is the definition.
func (k *responseRow) Host(c engine.Clock, out engine.Buffer, in []engine.Buffer) error {
	state, slope := engine.Slice[float32](in[1]), engine.Slice[float32](in[2])
	i := int(c.Step % uint64(k.past.N))
	row := engine.Slice[float64](out)[i*k.past.N : (i+1)*k.past.N]
	clear(row)
	step := &k.past.steps[i]
	for a, s := range step.kept {
		chi := state[tangent(k.past, step.slots[a], k.m):]
		sum := 0.
		for m, d := range slope {
			sum += float64(d) * float64(chi[m])
		}
		row[s] = sum / float64(k.m)
	}
	k.past.fill(i, row)
	return nil
}

// Bind sums pieces of the population in parallel and adds them in order.
func (k *responseRow) Bind(w engine.Workers, out engine.Buffer, in []engine.Buffer) (func(*engine.Clock) error, error) {
	r, state, slope := engine.Slice[float64](out), engine.Slice[float32](in[1]), engine.Slice[float32](in[2])
	n, parts := k.past.N, make([]float64, pieces(k.m)*k.past.Slots)
	var step *pastStep
	task := func(t, _ int) {
		lo, hi := t*piece, min((t+1)*piece, k.m)
		for a, slot := range step.slots {
			at := tangent(k.past, slot, k.m)
			parts[t*k.past.Slots+a] = rows.Dot(slope[lo:hi], state[at+lo:at+hi])
		}
	}
	return func(c *engine.Clock) error {
		i := int(c.Step % uint64(n))
		step = &k.past.steps[i]
		w.Do(pieces(k.m), task)
		row := r[i*n : (i+1)*n]
		clear(row)
		for a, s := range step.kept {
			sum := 0.
			for t := range pieces(k.m) {
				sum += parts[t*k.past.Slots+a]
			}
			row[s] = sum / float64(k.m)
		}
		k.past.fill(i, row)
		return nil
	}, nil
}
