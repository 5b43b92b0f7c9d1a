package kernels

import (
	"fmt"
	"math"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
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
	k := &exchange{newOp(form, tensor.Int32, s, ladder, energies, beta), s[3], stream}
	return gorgonia.ApplyOp(k, ladder, energies, beta)
}

// InPlace is the ladder.
func (k *exchange) InPlace() int { return 0 }

// Host is the definition; it is fast enough to be the only version.
func (k *exchange) Host(c engine.Clock, out engine.Buffer, in []engine.Buffer) error {
	ladder, energies, beta := engine.Slice[int32](out), engine.Slice[float64](in[1]), engine.Slice[float64](in[2])
	n, t := len(energies), k.temperatures
	if err := checkWalkers("exchange", ladder, n, t); err != nil {
		return err
	}
	s := c.Stream(k.stream)
	for first := 0; first < n; first += t {
		var row [LadderRows][]int32
		for r := range row {
			row[r] = ladder[r*n+first:][:t]
		}
		for j := int(c.Pass & 1); j+1 < t; j += 2 {
			a, b := row[LadderWalker][j], row[LadderWalker][j+1]
			count(&row[LadderAttempts][j])
			gain := (beta[j] - beta[j+1]) * (energies[first+int(a)] - energies[first+int(b)])
			if gain >= float64(chance.LogUniform(s.Uint32(uint64(first+j)))) {
				row[LadderWalker][j], row[LadderWalker][j+1] = b, a
				row[LadderAt][a], row[LadderAt][b] = int32(j+1), int32(j)
				count(&row[LadderAccepts][j])
			}
		}
		label(&row)
	}
	return nil
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
func label(row *[LadderRows][]int32) {
	last := len(row[LadderWalker]) - 1
	if cold := row[LadderWalker][0]; last > 0 {
		if row[LadderLabel][cold] == 2 {
			count(&row[LadderTrips][cold])
		}
		row[LadderLabel][cold] = 1
		row[LadderLabel][row[LadderWalker][last]] = 2
	}
	for j, w := range row[LadderWalker] {
		switch row[LadderLabel][w] {
		case 1:
			count(&row[LadderFromFirst][j])
		case 2:
			count(&row[LadderFromLast][j])
		}
	}
}

// count adds one and stays at the largest number instead of turning negative.
func count(x *int32) {
	if *x < math.MaxInt32 {
		*x++
	}
}
