package spin

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"

	"cavity/kernels"
)

// maxWalk is the number of points of a walk that are kept: when there are as many, every other is dropped.
const maxWalk = 512

// walks remembers where on the ladder the walkers of the first copy of the first sample were, in bounded memory.
type walks struct {
	every, wait int64     // measurements between points, and until the next
	points      [][]int32 // [point][walker]: the temperature's number
}

func (w *walks) take(m *Measurement) error {
	if w.wait > 0 {
		w.wait--
		return nil
	}
	w.wait = w.every - 1
	b := m.s.batch
	at := make([]int32, b.temperatures)
	if err := m.s.Program.Moment().ReadAt("ladder", kernels.LadderAt*b.systems*b.walkers(), at); err != nil {
		return err
	}
	m.series.take(m.values["energy"], b.copies)
	if w.points = append(w.points, at); len(w.points) < maxWalk {
		return nil
	}
	m.series.thin()
	for i := range maxWalk / 2 {
		w.points[i] = w.points[2*i]
	}
	w.points = w.points[:maxWalk/2]
	w.every *= 2
	w.wait = w.every - 1 + w.every/2
	return nil
}

func (w *walks) save(out io.Writer) error {
	return writeAll(out, w.every, w.wait, int64(len(w.points)), slices.Concat(w.points...))
}

func (w *walks) load(in io.Reader, walkers int) error {
	var n int64
	if err := readAll(in, &w.every, &w.wait, &n); err != nil {
		return err
	}
	if n < 0 || n >= maxWalk || w.every < 1 || w.wait < 0 || w.wait > 2*w.every {
		return fmt.Errorf("spin: the saved walks of replicas are damaged")
	}
	all := make([]int32, int(n)*walkers)
	if err := readAll(in, all); err != nil {
		return err
	}
	for _, k := range all {
		if k < 0 || int(k) >= walkers {
			return fmt.Errorf("spin: the saved walks of replicas are damaged: temperature %d of %d", k, walkers)
		}
	}
	w.points = nil
	for i := range int(n) {
		w.points = append(w.points, all[i*walkers:(i+1)*walkers])
	}
	return nil
}

// Walks gives the walkers of the first copy of the first sample: the number of the temperature of each, [point][walker], at
// points that many measurements apart.
func (m *Measurement) Walks() (points [][]int32, every int64) { return m.walks.points, m.walks.every }

// energyBins is the resolution of histograms of energies.
const energyBins = 128

// energyHistogram counts energies per spin at every temperature, over a range that the first measurement sets.
type energyHistogram struct {
	lo, hi float64
	counts [][]float64 // [temperature][bin]
}

// set chooses the range: that of the energies now, by half of it wider on both sides. Where the energies of a sample lie a
// multiple of unit apart every bin holds as many of them, and none at its ends.
func (h *energyHistogram) set(energies []float64, spins, unit float64) {
	lo, hi := slices.Min(energies), slices.Max(energies)
	room := max((hi-lo)/2, .05*math.Abs(lo), 1e-3*spins)
	lo, hi = lo-room, hi+room
	if unit > 0 {
		lo = math.Floor(lo/unit)*unit - unit/4
		hi = lo + energyBins*unit*math.Ceil((hi-lo)/(energyBins*unit))
	}
	h.lo, h.hi = lo/spins, hi/spins
}

// add counts an energy per spin; those beyond the range go to the last bin on their side.
func (h *energyHistogram) add(temperature int, e float64) {
	bin := int((e - h.lo) / (h.hi - h.lo) * energyBins)
	h.counts[temperature][min(max(bin, 0), energyBins-1)]++
}

func (h *energyHistogram) save(out io.Writer) error {
	return writeAll(out, h.lo, h.hi, slices.Concat(h.counts...))
}

func (h *energyHistogram) load(in io.Reader) error {
	if err := readAll(in, &h.lo, &h.hi); err != nil {
		return err
	}
	for _, row := range h.counts {
		if err := binary.Read(in, binary.LittleEndian, row); err != nil {
			return errTruncated
		}
	}
	if h.lo > h.hi || math.IsNaN(h.hi-h.lo) {
		return fmt.Errorf("spin: the saved histograms of energies are damaged")
	}
	return nil
}

// Energies is the distribution of energies per spin at a temperature: the bins' middles and the density.
func (m *Measurement) Energies(temperature int) (e, density []float64) {
	h := &m.energies
	total := 0.0
	for _, n := range h.counts[temperature] {
		total += n
	}
	width := (h.hi - h.lo) / energyBins
	for b, n := range h.counts[temperature] {
		e = append(e, h.lo+width*(float64(b)+.5))
		density = append(density, n/total/width)
	}
	return e, density
}
