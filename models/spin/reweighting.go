package spin

import (
	"errors"
	"fmt"
	"io"
	"math"

	"cavity/engine/stats"
)

// mostEnergies bounds the energies that are kept for reweighting: 16 MB of them.
const mostEnergies = 1 << 21

// energySeries keeps the total energies of the first copy of as many samples as memory allows, in pace with the walks.
type energySeries struct {
	systems, temperatures int
	points                [][]float64 // [point][system·temperatures + temperature]
}

func newEnergySeries(b batch) energySeries {
	return energySeries{systems: min(b.systems, max(1, mostEnergies/(maxWalk*b.temperatures))), temperatures: b.temperatures}
}

// take keeps the energies [systems, copies, temperatures] of a measurement.
func (s *energySeries) take(energies []float64, copies int) {
	row := make([]float64, s.systems*s.temperatures)
	for q := range s.systems {
		copy(row[q*s.temperatures:], energies[q*copies*s.temperatures:][:s.temperatures])
	}
	s.points = append(s.points, row)
}

// thin drops every other point, as the walks do.
func (s *energySeries) thin() {
	for i := range len(s.points) / 2 {
		s.points[i] = s.points[2*i]
	}
	s.points = s.points[:len(s.points)/2]
}

func (s *energySeries) save(out io.Writer) error {
	for _, row := range s.points {
		if err := writeAll(out, row); err != nil {
			return err
		}
	}
	return nil
}

func (s *energySeries) load(in io.Reader, points int) error {
	s.points = nil
	for range points {
		row := make([]float64, s.systems*s.temperatures)
		if err := readAll(in, row); err != nil {
			return err
		}
		for _, x := range row {
			if math.IsNaN(x) || math.IsInf(x, 0) {
				return fmt.Errorf("spin: the saved energies hold %v", x)
			}
		}
		s.points = append(s.points, row)
	}
	return nil
}

// runs are the energies of a system as the input of reweighting.
func (s *energySeries) runs(system int, betas []float64) stats.Runs {
	r := stats.Runs{Beta: betas}
	for k := range s.temperatures {
		x := make([]float64, len(s.points))
		for i, row := range s.points {
			x[i] = row[system*s.temperatures+k]
		}
		r.Energy = append(r.Energy, x)
	}
	return r
}

const (
	reweightPoints  = 64 // measurements from which the equations are solved
	reweightBlocks  = 16 // of the jackknife of a single sample
	reweightSamples = 64 // of which at most the free energy is averaged
)

// reweighted is the free energy per spin by multi-histogram reweighting of all temperatures together, which needs no rule of
// integration between them; only the highest temperature is reached by integration from β = 0. It is averaged over at most
// reweightSamples samples, with the error of their scatter and of the first interval, or for one a jackknife over time and the error of the
// integration, topErr, which the highest temperature hands down as one of ln Z; nil where there are too few measurements, or neighbouring
// temperatures have too few energies in common.
func (m *Measurement) reweighted(full view, topErr float64) ([]Estimate, error) {
	s, b := &m.series, m.s.batch
	if len(s.points) < reweightPoints || b.temperatures < 2 {
		return nil, nil
	}
	n := float64(b.n)
	betas := make([]float64, b.temperatures)
	for k, t := range m.s.Temperatures {
		betas[k] = 1 / t
	}
	last := b.temperatures - 1
	free := func(system, k int, h *stats.MultiHistogram) float64 {
		top := -betas[last] * n * m.freeEnergy(full, system, last)
		return -(top + h.LogZ(betas[k]) - h.LogZ(betas[last])) / betas[k] / n
	}
	if !m.s.carrier.disordered() || b.systems == 1 {
		e, err := stats.CombineJackknife(s.runs(0, betas), reweightBlocks, b.temperatures, func(out []float64, h *stats.MultiHistogram) {
			for k := range out {
				out[k] = free(0, k, h)
			}
		})
		var list []Estimate
		for k, x := range e {
			list = append(list, Estimate{x.Value, math.Hypot(x.Err, topErr*betas[last]/betas[k])})
		}
		if errors.Is(err, stats.ErrOverlap) {
			return nil, nil
		}
		return list, err
	}
	over := make([]stats.Moments, b.temperatures)
	for q := range min(s.systems, reweightSamples) {
		h, err := stats.Combine(s.runs(q, betas))
		if errors.Is(err, stats.ErrOverlap) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		for k := range over {
			over[k].Add(free(q, k, h))
		}
	}
	list, gap := make([]Estimate, b.temperatures), m.gap(full)
	for k := range over {
		list[k] = Estimate{over[k].Mean(), math.Hypot(math.Sqrt(over[k].Variance()/float64(over[k].N())), gap/betas[k])}
	}
	return list, nil
}
