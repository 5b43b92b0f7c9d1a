package spin

import (
	"fmt"
	"io"
	"math"

	"cavity/engine/stats"
)

// The energies that are kept for autocorrelation times: at most chainNumbers of them, 8 MB, in chains of fewestPoints to
// mostPoints. A single sample with more temperatures than that has shorter chains.
const (
	chainNumbers = 1 << 20
	fewestPoints = 1 << 10
	mostPoints   = 1 << 16
	leastPoints  = 1 << 8
)

// energyChains are the energies per spin at every temperature of every copy of as many samples as memory allows: averages over
// bins of measurements, whose number is bounded like that of a record's blocks.
type energyChains struct {
	systems, copies, temperatures int
	rec                           *record   // cells [systems, copies, temperatures]
	sums, squares                 []float64 // of all measurements
}

func newEnergyChains(b batch) *energyChains {
	ladder := b.copies * b.temperatures
	points := mostPoints
	for points > fewestPoints && points*ladder*b.systems > chainNumbers {
		points /= 2
	}
	c := &energyChains{systems: min(b.systems, max(1, chainNumbers/(points*ladder))), copies: b.copies, temperatures: b.temperatures}
	for points > leastPoints && points*ladder*c.systems > chainNumbers {
		points /= 2
	}
	cells := c.systems * ladder
	c.rec = &record{moments: []string{"e"}, cells: cells, most: points, length: 1, open: make([]float64, cells)}
	c.sums, c.squares = make([]float64, cells), make([]float64, cells)
	return c
}

// take adds a measurement: the energies [systems, copies, temperatures] of n spins each.
func (c *energyChains) take(energies []float64, n float64) {
	for i := range c.rec.open {
		e := energies[i] / n
		c.rec.open[i] += e
		c.sums[i] += e
		c.squares[i] += e * e
	}
	c.rec.close()
}

// tau is the integrated autocorrelation time of the energy at a temperature in measurements, averaged over the samples that are
// kept, and the longest window of summation; NaN and 0 where the energy does not change or the chains are too short.
//
// For averages over bins of b measurements with variance σ_b² and autocorrelation time τ_b in bins, τ = b τ_b σ_b²/σ², because
// both give the same error 2τσ²/n of the mean: chains that no longer resolve τ still know it.
func (c *energyChains) tau(temperature int) (tau Estimate, window int) {
	length := float64(c.rec.length)
	var variance float64
	for s := range c.systems {
		var chains [][]float64
		var sum, square float64
		for copyNumber := range c.copies {
			cell := (s*c.copies+copyNumber)*c.temperatures + temperature
			x := make([]float64, len(c.rec.blocks))
			for i, b := range c.rec.blocks {
				x[i] = b[cell]
			}
			chains = append(chains, x)
			sum, square = sum+c.sums[cell], square+c.squares[cell]
		}
		a, err := stats.Tau(chains...)
		if err != nil {
			return Estimate{math.NaN(), math.NaN()}, 0
		}
		n := float64(c.rec.count) * float64(c.copies)
		single := square/n - sum/n*(sum/n) + a.Mean.Err*a.Mean.Err // the mean was taken from the same values
		scale := length * a.Variance / single / float64(c.systems)
		tau.Mean += scale * a.Tau.Value
		variance += scale * scale * a.Tau.Err * a.Tau.Err
		window = max(window, a.Window*int(c.rec.length))
	}
	tau.Err = math.Sqrt(variance)
	return tau, window
}

func (c *energyChains) save(w io.Writer) error {
	if err := c.rec.save(w); err != nil {
		return err
	}
	return writeAll(w, c.sums, c.squares)
}

func (c *energyChains) load(r io.Reader) error {
	if err := c.rec.load(r); err != nil {
		return err
	}
	if err := readAll(r, c.sums, c.squares); err != nil {
		return err
	}
	for i, x := range c.squares {
		if !(x >= 0) || math.IsInf(x, 0) || math.IsNaN(c.sums[i]) || math.IsInf(c.sums[i], 0) {
			return fmt.Errorf("spin: the saved sums of energies are damaged")
		}
	}
	return nil
}
