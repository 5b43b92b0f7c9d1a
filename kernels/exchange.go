package kernels

import (
	"fmt"
	"math"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/rng"
	"cavity/kernels/internal/chance"
)

// The rows of a ladder: int32 [LadderRows, systems, copies, temperatures]. A copy's walkers and its temperatures are
// numbered alike, walker w starting at temperature w; replica copy·temperatures + w of a sweep is walker w of that copy.
const (
	LadderAt        = iota // temperature of walker w: the index that sweeps take
	LadderWalker           // walker at temperature k
	LadderLabel            // end of the ladder where walker w was last: 0 none yet, 1 temperature 0, 2 the last temperature
	LadderAttempts         // exchanges tried between temperatures k and k+1
	LadderAccepts          // and accepted
	LadderTrips            // round trips of walker w: to the last temperature and back to temperature 0
	LadderFromFirst        // visits at temperature k by walkers of label 1
	LadderFromLast         // and of label 2
	LadderRows
)

// NewLadder is a ladder at its beginning: walker w at temperature w, counts zero.
func NewLadder(systems, copies, temperatures int) []int32 {
	n := systems * copies * temperatures
	l := make([]int32, LadderRows*n)
	for i := range n {
		l[LadderAt*n+i] = int32(i % temperatures)
		l[LadderWalker*n+i] = int32(i % temperatures)
	}
	return l
}

// exchange swaps the temperatures of neighbouring walkers.
type exchange struct {
	op
	temperatures int
	stream       uint16
	first        uint64 // walkers before, in a part of a larger run
}

// Exchange is one round of replica exchange (parallel tempering) in every copy of every system.
//
//	ladder    int32   [LadderRows, systems, copies, temperatures]
//	energies  float64 [systems, copies·temperatures]   H of every walker
//	beta      float64 [temperatures]                   1/T, in order of temperature
//
// The value is the new ladder. At even passes the pairs (0,1), (2,3), … are tried, at odd passes (1,2), (3,4), …: walkers
// a at temperature k and b at k+1 change places when
//
//	(β_k - β_{k+1}) (H_a - H_b) ≥ ln u
//
// that is with probability min(1, exp Δ). u comes from word (system·copies + copy)·temperatures + k of the stream and its
// logarithm in float32 is the same on every backend. Walkers keep their spins: only the temperatures move.
// (Hukushima, Nemoto 1996, doi:10.1143/JPSJ.65.1604; labels as in Katzgraber, Trebst, Huse, Troyer 2006,
// doi:10.1088/1742-5468/2006/03/P03018.)
func Exchange(stream uint16, ladder, energies, beta *gorgonia.Node) (*gorgonia.Node, error) {
	if err := operand("exchange", "ladder", ladder, tensor.Int32, LadderRows, anySize, anySize, anySize); err != nil {
		return nil, err
	}
	s := ladder.Shape()
	if err := first(
		operand("exchange", "energies", energies, tensor.Float64, s[1], s[2]*s[3]),
		operand("exchange", "beta", beta, tensor.Float64, s[3]),
	); err != nil {
		return nil, err
	}
	form := fmt.Sprintf("Exchange{stream %d}", stream)
	k := &exchange{newOp(form, tensor.Int32, s, ladder, energies, beta), s[3], stream, 0}
	return gorgonia.ApplyOp(k, ladder, energies, beta)
}

// InPlace is the ladder.
func (k *exchange) InPlace() int { return 0 }

// Host is the definition.
func (k *exchange) Host(c engine.Clock, out engine.Buffer, in []engine.Buffer) error {
	ladder, energies, beta := engine.Slice[int32](out), engine.Slice[float64](in[1]), engine.Slice[float64](in[2])
	n, t := len(energies), k.temperatures
	if err := checkWalkers("exchange", ladder, n, t); err != nil {
		return err
	}
	s := c.Stream(k.stream)
	for first := 0; first < n; first += t {
		row := rungsOf(ladder, n, first, t)
		for j := int(c.Pass & 1); j+1 < t; j += 2 {
			gain := (beta[j] - beta[j+1]) * (energies[first+int(row[LadderWalker][j])] - energies[first+int(row[LadderWalker][j+1])])
			row.try(j, gain >= float64(chance.LogUniform(s.Uint32(k.first+uint64(first+j)))))
		}
		row.label()
	}
	return nil
}

// Bind shares out the copies and draws their numbers together, taking logarithms only where they decide.
func (k *exchange) Bind(w engine.Workers, out engine.Buffer, in []engine.Buffer) (func(*engine.Clock) error, error) {
	ladder, energies, beta := engine.Slice[int32](out), engine.Slice[float64](in[1]), engine.Slice[float64](in[2])
	n, t := len(energies), k.temperatures
	share := t * max(1, exchangeShare/t)
	words := make([][]uint32, w.N())
	for i := range words {
		words[i] = make([]uint32, share)
	}
	var s rng.Stream
	var odd int
	task := func(task, worker int) {
		from, to := task*share, min((task+1)*share, n)
		u := words[worker][:to-from]
		s.FillUint32(u, k.first+uint64(from))
		for first := from; first < to; first += t {
			row := rungsOf(ladder, n, first, t)
			e, walker, u := energies[first:first+t], row[LadderWalker], u[first-from:][:t]
			for j := odd; j+1 < t; j += 2 {
				gain := (beta[j] - beta[j+1]) * (e[walker[j]] - e[walker[j+1]])
				row.try(j, gain >= 0 || gain >= float64(chance.LogUniform(u[j])))
			}
			row.label()
		}
	}
	return func(c *engine.Clock) error {
		if err := checkWalkers("exchange", ladder, n, t); err != nil {
			return err
		}
		s, odd = c.Stream(k.stream), int(c.Pass&1)
		w.Do((n+share-1)/share, task)
		return nil
	}, nil
}

// exchangeShare is the number of walkers of a task: fewer are not worth waking a worker for.
const exchangeShare = 128

// rungs are the rows of one copy's ladder.
type rungs [LadderRows][]int32

// rungsOf are those of the copy whose first of n walkers in all is given.
func rungsOf(ladder []int32, n, first, t int) (row rungs) {
	for r := range row {
		row[r] = ladder[r*n+first:][:t]
	}
	return row
}

// try counts an attempt to exchange the walkers at temperatures j and j+1, and exchanges them where it succeeds.
func (row *rungs) try(j int, success bool) {
	count(&row[LadderAttempts][j], 1)
	if !success {
		return
	}
	a, b := row[LadderWalker][j], row[LadderWalker][j+1]
	row[LadderWalker][j], row[LadderWalker][j+1] = b, a
	row[LadderAt][a], row[LadderAt][b] = int32(j+1), int32(j)
	count(&row[LadderAccepts][j], 1)
}

// checkWalkers refuses a ladder of n walkers in all whose walkers are not below t.
func checkWalkers(kernel string, ladder []int32, n, t int) error {
	for i, w := range ladder[LadderWalker*n : (LadderWalker+1)*n] {
		if w < 0 || int(w) >= t {
			return fmt.Errorf("%s: walker %d at temperature %d of a ladder of %d", kernel, w, i%t, t)
		}
	}
	return nil
}

// label marks the walkers at the ends of the ladder and counts the visits of every temperature by label.
func (row *rungs) label() {
	walker, labels := row[LadderWalker], row[LadderLabel]
	last := len(walker) - 1
	if cold := walker[0]; last > 0 {
		if labels[cold] == 2 {
			count(&row[LadderTrips][cold], 1)
		}
		labels[cold] = 1
		labels[walker[last]] = 2
	}
	first, end := row[LadderFromFirst][:len(walker)], row[LadderFromLast][:len(walker)]
	for j, w := range walker { // without branches that depend on the labels, which are as good as random
		l := labels[w]
		count(&first[j], l&1)
		count(&end[j], l>>1)
	}
}

// count adds n, 0 or 1, and stays at the largest number instead of turning negative.
func count(x *int32, n int32) {
	if *x < math.MaxInt32 {
		*x += n
	}
}
