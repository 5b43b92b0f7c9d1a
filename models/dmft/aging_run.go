package dmft

import (
	"encoding/gob"
	"fmt"
	"io"
	"math"
)

// AgingRun is a long quench under way.
type AgingRun struct {
	step      float64
	total     int
	snapshots []float64
	h         *history
	out       Aging
	next      int // the step at which the energy is recorded next
}

// Start checks the problem and begins at t = 0.
func (l LongQuench) Start(m PSpin, time float64) (*AgingRun, error) {
	if l.Thinning == 0 {
		l.Thinning = .08
	}
	if err := m.check(); err != nil {
		return nil, err
	}
	if err := m.CheckStep(l.Step); err != nil {
		return nil, err
	}
	if !(l.Thinning > 0) || l.Thinning > .5 {
		return nil, fmt.Errorf("dmft: long quench: thinning %v, want more than 0 and at most 0.5", l.Thinning)
	}
	steps := math.Round(time / l.Step)
	if !(time > 0) || !(steps >= 1 && steps <= 1<<31) {
		return nil, fmt.Errorf("dmft: long quench: time %v is %v steps of %v, want 1 to 2^31", time, steps, l.Step)
	}
	return &AgingRun{step: l.Step, total: int(steps), snapshots: l.Snapshots, h: newHistory(m, l.Step, l.Thinning),
		out: Aging{Time: []float64{0}, Energy: []float64{0}, Steps: int(steps)}, next: 1}, nil
}

// Steps is the number of steps made, Total that of all; Done tells whether they are equal.
func (r *AgingRun) Steps() int { return r.h.n }

// Total is the number of steps from t = 0 to the end.
func (r *AgingRun) Total() int { return r.total }

// Done tells whether the end is reached.
func (r *AgingRun) Done() bool { return r.h.n >= r.total }

// Advance makes so many steps, or those that are left.
func (r *AgingRun) Advance(steps int) {
	for h := r.h; steps > 0 && h.n < r.total; steps-- {
		h.advance()
		if h.n >= r.next || h.n == r.total {
			r.out.Time, r.out.Energy = append(r.out.Time, GridTime(h.n, r.step)), append(r.out.Energy, h.energy)
			r.next = h.n + 1 + h.n/100
		}
		for k := len(r.out.Rows); k < len(r.snapshots) && float64(h.n) >= math.Round(r.snapshots[k]/r.step); k++ {
			r.out.Rows = append(r.out.Rows, h.snapshot())
		}
	}
}

// Result is what has been found so far.
func (r *AgingRun) Result() *Aging {
	out := r.out
	out.Kept = len(r.h.order)
	return &out
}

// agingState is everything in a run that its problem does not tell.
type agingState struct {
	Out                  Aging
	Next, N, Size        int
	Energy, Z            float64
	Order, Free, Born    []int
	At, P, Q, V, W, D, S []float64
	C, R                 [6][]float64
	Latest               [3]int
	PC, PR, MC, MR       []float64
	SlopesC, SlopesR     [2]float64
	Step, Thinning       float64
	Model                PSpin
}

func (t *track) columns() [6][]float64 { return [6][]float64{t.y, t.y1, t.y2, t.f, t.f1, t.f2} }

func trackOf(c [6][]float64) track { return track{c[0], c[1], c[2], c[3], c[4], c[5]} }

// Save writes everything that an exact resumption needs.
func (r *AgingRun) Save(w io.Writer) error {
	h := r.h
	return gob.NewEncoder(w).Encode(agingState{
		Out: r.out, Next: r.next, N: h.n, Size: h.size, Energy: h.energy, Z: h.z, Order: h.order, Free: h.free, Born: h.born,
		At: h.at, P: h.p, Q: h.q, V: h.v, W: h.w, D: h.d, S: h.s, C: h.c.columns(), R: h.r.columns(), Latest: h.latest,
		PC: h.pc, PR: h.pr, MC: h.mc, MR: h.mr, SlopesC: h.gc, SlopesR: h.gr, Step: r.step, Thinning: h.thin, Model: h.m,
	})
}

// Load goes on where Save was called, on a run of the same problem.
func (r *AgingRun) Load(from io.Reader) error {
	var s agingState
	if err := gob.NewDecoder(from).Decode(&s); err != nil {
		return fmt.Errorf("dmft: a damaged state: %w", err)
	}
	same := len(s.Model.Terms) == len(r.h.m.Terms)
	for k := 0; same && k < len(s.Model.Terms); k++ {
		same = s.Model.Terms[k] == r.h.m.Terms[k]
	}
	if !same || s.Step != r.step || s.Thinning != r.h.thin || s.Model.Temperature != r.h.m.Temperature || s.N > r.total {
		return fmt.Errorf("dmft: the state is that of another quench")
	}
	r.out, r.next = s.Out, s.Next
	r.h = &history{m: s.Model, h: s.Step, thin: s.Thinning, n: s.N, energy: s.Energy, z: s.Z, size: s.Size, order: s.Order, free: s.Free, born: s.Born,
		at: s.At, p: s.P, q: s.Q, v: s.V, w: s.W, d: s.D, s: s.S, c: trackOf(s.C), r: trackOf(s.R), latest: s.Latest,
		pc: s.PC, pr: s.PR, mc: s.MC, mr: s.MR, gc: s.SlopesC, gr: s.SlopesR}
	return nil
}
