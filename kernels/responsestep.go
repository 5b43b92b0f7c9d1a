package kernels

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/kernels/internal/rows"
)

// responseStep advances the tangents of a population and its memory.
type responseStep struct {
	op
	past *Past
	m    int
	leak float32
	gain float64
}

// ResponseStep takes step i, the step's number modulo past.N, of the tangents χ(i, t') of m trajectories,
//
//	χ(i+1, t') = leak χ(i, t') + gain Σ_{t'<s<i} R(i, s) slope(s) χ(s, t'),   χ(t'+1, t') = 1,
//
// and leaves the force Σ_{s<i} R(i, s) φ(s) of each trajectory's own past in state[Slots, Slots].
//
//	state  float32 [Slots+1, Slots+1, m]   advanced in place; any value to begin with
//	r      float64 [N, N]                  its row i is read
//	slope  float32 [m]                     φ'(x) at step i
//	phi    float32 [m]                     φ(x) at step i
//
// state[c, a] is the weighed past slope χ of the column in slot c at the time in slot a, state[c, Slots] its χ(i, ·), state[Slots, a]
// the weighed past φ.
func ResponseStep(past *Past, leak, gain float64, state, r, slope, phi *gorgonia.Node) (*gorgonia.Node, error) {
	if err := first(
		operand("response step", "slope", slope, tensor.Float32, anySize),
		operand("response step", "phi", phi, tensor.Float32, slope.Shape()[0]),
		operand("response step", "r", r, tensor.Float64, past.N, past.N),
		operand("response step", "state", state, tensor.Float32, past.Slots+1, past.Slots+1, slope.Shape()[0]),
		needTrajectories("response step", slope.Shape()[0]),
	); err != nil {
		return nil, err
	}
	form := fmt.Sprintf("ResponseStep{%d steps, gaps %d, leak %x, gain %x}", past.N, past.Widest, leak, gain)
	k := &responseStep{newOp(form, tensor.Float32, state.Shape(), state, r, slope, phi), past, slope.Shape()[0], float32(leak), gain}
	return gorgonia.ApplyOp(k, state, r, slope, phi)
}

// InPlace is the state.
func (k *responseStep) InPlace() int { return 0 }

// Host is the definition.
func (k *responseStep) Host(c engine.Clock, out engine.Buffer, in []engine.Buffer) error {
	state, r := engine.Slice[float32](out), engine.Slice[float64](in[1])
	slope, phi := engine.Slice[float32](in[2]), engine.Slice[float32](in[3])
	p, i := k.past, int(c.Step%uint64(k.past.N))
	step, row := &p.steps[i], r[i*p.N:(i+1)*p.N]
	at := func(c, a, m int) *float32 { return &state[(c*(p.Slots+1)+a)*k.m+m] }
	own := p.Slots
	for m := range k.m {
		force := 0.
		for a, s := range step.kept {
			force += row[s] * float64(*at(own, step.slots[a], m))
		}
		*at(own, own, m) = float32(force)
		*at(own, step.slot, m) = phi[m]
		for b, col := range step.slots {
			chi := at(col, own, m)
			*at(col, step.slot, m) = slope[m] * *chi
			sum := 0.
			for a := step.from[b]; a < len(step.kept); a++ {
				sum += row[step.kept[a]] * float64(*at(col, step.slots[a], m))
			}
			*chi = float32(float64(k.leak)*float64(*chi) + k.gain*sum)
			*at(step.slot, col, m) = 0
		}
		*at(step.slot, step.slot, m), *at(step.slot, own, m) = 0, 1
		for _, d := range step.drops {
			drop := &p.drops[d]
			for b := -1; b < len(drop.columns); b++ {
				col := own
				if b >= 0 {
					col = drop.columns[b]
				}
				x := *at(col, drop.slot, m)
				for a, near := range drop.nearSlots {
					*at(col, near, m) += float32(drop.weights[a]) * x
				}
			}
		}
	}
	return nil
}

// Bind takes the population piece by piece, every row of history once.
func (k *responseStep) Bind(w engine.Workers, out engine.Buffer, in []engine.Buffer) (func(*engine.Clock) error, error) {
	b := &boundResponse{k: k, state: engine.Slice[float32](out), slope: engine.Slice[float32](in[2]), phi: engine.Slice[float32](in[3]),
		at: make([]int, k.past.Slots), r: make([]float32, k.past.Slots), gr: make([]float32, k.past.Slots)}
	r, task := engine.Slice[float64](in[1]), b.piece
	return func(c *engine.Clock) error {
		i := int(c.Step % uint64(k.past.N))
		b.step = &k.past.steps[i]
		for a, s := range b.step.kept {
			x := r[i*k.past.N+s]
			b.at[a], b.r[a], b.gr[a] = b.step.slots[a]*k.m, float32(x), float32(k.gain*x)
		}
		w.Do(pieces(k.m), task)
		return nil
	}, nil
}

type boundResponse struct {
	k                 *responseStep
	state, slope, phi []float32
	step              *pastStep
	at                []int     // of the kept times' slots within a column
	r, gr             []float32 // R(i, ·) at the kept times, and gain times it
}

func (b *boundResponse) piece(t, _ int) {
	p, m, step := b.k.past, b.k.m, b.step
	lo, hi := t*piece, min((t+1)*piece, m)
	column := func(c int) []float32 { return b.state[c*(p.Slots+1)*m+lo : ((c+1)*(p.Slots+1)-1)*m+hi] }
	in := func(col []float32, a int) []float32 { return col[a*m : a*m+hi-lo] }
	n := len(step.kept)
	own := column(p.Slots)
	force := in(own, p.Slots)
	clear(force)
	rows.Combine(force, own, b.at[:n], b.r[:n])
	copy(in(own, step.slot), b.phi[lo:hi])
	fresh := column(step.slot)
	for i, slot := range step.slots {
		col := column(slot)
		chi := in(col, p.Slots)
		rows.Mul(in(col, step.slot), b.slope[lo:hi], chi)
		rows.Add(chi, chi, b.k.leak-1)
		rows.Combine(chi, col, b.at[step.from[i]:n], b.gr[step.from[i]:n])
		clear(in(fresh, slot))
	}
	clear(in(fresh, step.slot))
	chi := in(fresh, p.Slots)
	for x := range chi {
		chi[x] = 1
	}
	for _, d := range step.drops {
		drop := &p.drops[d]
		b.give(own, drop, hi-lo)
		for _, slot := range drop.columns {
			b.give(column(slot), drop, hi-lo)
		}
	}
}

// give hands the share of a dropped time in a column to its neighbours.
func (b *boundResponse) give(col []float32, drop *pastDrop, n int) {
	m := b.k.m
	for a, near := range drop.nearSlots {
		rows.Add(col[near*m:near*m+n], col[drop.slot*m:drop.slot*m+n], float32(drop.weights[a]))
	}
}
