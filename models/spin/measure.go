package spin

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"cavity/engine/store"
	"cavity/kernels"
)

// moments of one cell (system, temperature), averaged over copies or pairs of copies; energies and m per spin.
var copyMoments = []string{"e", "e2", "m", "|m|", "m2", "m4"}
var pairMoments = []string{"q", "|q|", "q2", "q4"}
var linkMoments = []string{"l", "l2"}
var waveMoments = []string{"qk2"} // |q(k)|² at the smallest wave number, averaged over the axes

// A Measurement accumulates what a Sampler measures.
type Measurement struct {
	s        *Sampler
	rec      *record
	values   map[string][]float64 // of the measured slots
	ladder   []int32
	wave     [][2]float64 // cos and sin of 2πx/L
	walks    walks
	series   energySeries
	chains   *energyChains
	energies energyHistogram
	hist     [][]float64 // counts of overlaps [temperature][bin]
	ground   []Ground    // lowest energy seen, per system; States is not known
	best     [][]int8    // its spins
	lower    []walker    // at which copy and temperature it was, where the last measurement found it
	begun    bool        // and not finished
}

// overlapBins is the resolution of P(q).
const overlapBins = 64

// Measure prepares to accumulate; nothing of the warm-up may be in it, so it begins after.
func (s *Sampler) Measure() *Measurement {
	moments := append([]string{}, copyMoments...)
	b := s.batch
	if b.copies > 1 {
		moments = append(moments, pairMoments...)
		if slices.Contains(s.slots, "link_overlap") {
			moments = append(moments, linkMoments...)
		}
		if slices.Contains(s.slots, "slices") {
			moments = append(moments, waveMoments...)
		}
	}
	m := &Measurement{s: s, rec: newRecord(moments, b.systems*b.temperatures), values: map[string][]float64{}, ladder: make([]int32, kernels.LadderRows*b.systems*b.walkers())}
	if l, ok := s.Model.(Lattice); ok {
		for x := range l.Side() {
			sin, cos := math.Sincos(2 * math.Pi * float64(x) / float64(l.Side()))
			m.wave = append(m.wave, [2]float64{cos, sin})
		}
	}
	for _, k := range s.slots {
		m.values[k] = make([]float64, s.Program.Slots()[k].Len())
	}
	m.walks.every, m.series, m.chains = 1, newEnergySeries(b), newEnergyChains(b)
	for range b.temperatures {
		m.energies.counts = append(m.energies.counts, make([]float64, energyBins))
		m.hist = append(m.hist, make([]float64, overlapBins))
	}
	m.best = make([][]int8, b.systems)
	for i := 0; i < b.systems; i++ {
		m.ground = append(m.ground, Ground{Energy: math.Inf(1)})
		m.best[i] = make([]int8, b.n)
	}
	return m
}

// Take measures the present state and adds the values.
func (m *Measurement) Take() error {
	if err := m.Begin(); err != nil {
		return err
	}
	return m.Finish()
}

// Begin measures the present state. Its values are added by Finish or by the next Begin: a device makes the steps in between meanwhile.
func (m *Measurement) Begin() error {
	if err := m.Finish(); err != nil {
		return err
	}
	if err := m.s.Program.Once("measure"); err != nil {
		return err
	}
	moment := m.s.Program.Moment()
	if err := moment.Take(); err != nil {
		return err
	}
	m.begun = true
	if !moment.Apart() { // the next step would change what it reads
		return m.Finish()
	}
	return nil
}

// Finish adds the values of a measurement that has begun.
func (m *Measurement) Finish() error {
	if !m.begun {
		return nil
	}
	m.begun = false
	moment := m.s.Program.Moment()
	for k, v := range m.values {
		if err := moment.Read(k, v); err != nil {
			return err
		}
	}
	b, r := m.s.batch, m.rec
	n := float64(b.n)
	e, mag := m.values["energy"], m.values["magnetisation"]
	if r.count == 0 {
		unit := 0.0
		if c, ok := m.s.carrier.(interface{ unit() float64 }); ok {
			unit = c.unit()
		}
		m.energies.set(e, n, unit)
	}
	if err := m.walks.take(m); err != nil {
		return err
	}
	m.chains.take(e, n)
	m.takeCopies(e, mag)
	if err := m.keepLowest(); err != nil {
		return err
	}
	if b.copies > 1 {
		m.takePairs("overlap", len(copyMoments), true)
		if m.values["link_overlap"] != nil {
			m.takePairs("link_overlap", r.index("l"), false)
		}
		if m.values["slices"] != nil {
			m.takeWaves()
		}
	}
	r.close()
	return nil
}

// takeCopies adds the moments of energies and magnetisations, and notes where the lowest energies so far are.
func (m *Measurement) takeCopies(e, mag []float64) {
	b, r := m.s.batch, m.rec
	n, perCopy := float64(b.n), 1/float64(b.copies)
	m.lower = m.lower[:0]
	for s := range b.systems {
		lowest := -1 // number of the walker, in the order of temperatures
		for c := range b.copies {
			at := (s*b.copies + c) * b.temperatures
			for k := range b.temperatures {
				cell := s*b.temperatures + k
				x, y := e[at+k]/n, mag[at+k]
				m.energies.add(k, x)
				for i, v := range [...]float64{x, x * x, y, math.Abs(y), y * y, y * y * y * y} {
					r.at(i)[cell] += v * perCopy
				}
				if e[at+k] < m.ground[s].Energy-1e-7*n {
					m.ground[s], lowest = Ground{Energy: e[at+k]}, c*b.temperatures+k
				}
			}
		}
		if lowest >= 0 {
			m.lower = append(m.lower, walker{s, lowest})
		}
	}
}

// takePairs adds the moments of an overlap of pairs of copies.
func (m *Measurement) takePairs(slot string, first int, spins bool) {
	b, q := m.s.batch, m.values[slot]
	pairs := b.copies * (b.copies - 1) / 2
	for s := range b.systems {
		for p := range pairs {
			for k := range b.temperatures {
				x := q[(s*pairs+p)*b.temperatures+k]
				cell := s*b.temperatures + k
				if !spins {
					m.rec.at(first)[cell] += x / float64(pairs)
					m.rec.at(first + 1)[cell] += x * x / float64(pairs)
					continue
				}
				for i, v := range [...]float64{x, math.Abs(x), x * x, x * x * x * x} {
					m.rec.at(first + i)[cell] += v / float64(pairs)
				}
				bin := min(int((x+1)/2*overlapBins), overlapBins-1)
				m.hist[k][max(bin, 0)]++
			}
		}
	}
}

// takeWaves adds |q(k)|² from the overlaps of slices: q(k) = (1/N) Σ_x e^{ikx} slice(x), k = 2π/L.
func (m *Measurement) takeWaves() {
	b, q := m.s.batch, m.values["slices"]
	l := m.s.Model.(Lattice)
	side, dims := l.Side(), l.Dims()
	pairs := b.copies * (b.copies - 1) / 2
	sum := m.rec.at(m.rec.index("qk2"))
	for i := range b.systems * pairs * b.temperatures {
		at := q[i*side*dims : (i+1)*side*dims]
		power := 0.0
		for d := range dims {
			var re, im float64
			for x, v := range at[d*side : (d+1)*side] {
				re, im = re+v*m.wave[x][0], im+v*m.wave[x][1]
			}
			power += re*re + im*im
		}
		cell := i/(pairs*b.temperatures)*b.temperatures + i%b.temperatures
		sum[cell] += power / float64(b.n) / float64(b.n) / float64(dims*pairs)
	}
}

// keepLowest keeps the spins of the walkers with the lowest energies so far.
func (m *Measurement) keepLowest() error {
	if len(m.lower) == 0 {
		return nil
	}
	into := make([][]int8, len(m.lower))
	for i, w := range m.lower {
		into[i] = m.best[w.system]
	}
	return m.spins(m.s.Program.Moment(), m.lower, into)
}

// spins copies the spins ±1 of those who are at copy·temperatures + temperature of their systems.
func (m *Measurement) spins(from reader, at []walker, s [][]int8) error {
	if err := from.Read("ladder", m.ladder); err != nil {
		return err
	}
	b := m.s.batch
	of := m.ladder[kernels.LadderWalker*b.systems*b.walkers():]
	found := make([]walker, len(at))
	for i, w := range at {
		found[i] = walker{w.system, w.number/b.temperatures*b.temperatures + int(of[w.system*b.walkers()+w.number])}
	}
	return m.s.carrier.spins(from, found, s)
}

// Energy is H of a copy at a temperature at the last Take.
func (m *Measurement) Energy(system, copyNumber, temperature int) float64 {
	b := m.s.batch
	return m.values["energy"][(system*b.copies+copyNumber)*b.temperatures+temperature]
}

// Magnetisation is m of a copy at a temperature at the last Take.
func (m *Measurement) Magnetisation(system, copyNumber, temperature int) float64 {
	b := m.s.batch
	return m.values["magnetisation"][(system*b.copies+copyNumber)*b.temperatures+temperature]
}

// State copies the present spins ±1 of the walker that a copy has at a temperature.
func (m *Measurement) State(system, copyNumber, temperature int, s []int8) error {
	return m.spins(m.s.Program, []walker{{system, copyNumber*m.s.batch.temperatures + temperature}}, [][]int8{s})
}

// Overlaps is the distribution of overlaps at a temperature: the bins' middles and the density.
func (m *Measurement) Overlaps(temperature int) (q, density []float64) {
	total := 0.0
	for _, n := range m.hist[temperature] {
		total += n
	}
	const width = 2.0 / overlapBins
	for b, n := range m.hist[temperature] {
		q = append(q, -1+width*(float64(b)+.5))
		density = append(density, n/total/width)
	}
	return q, density
}

// Count is the number of measurements.
func (m *Measurement) Count() int64 { return m.rec.count }

// Series are, for every moment, the time series of block averages [blocks, systems, temperatures] and the averages of the
// samples [systems, temperatures]; the histograms of overlaps [temperatures, bins] over [-1, 1] and of energies; the walks of
// replicas; and the lowest states [systems, spins] with their energies.
func (m *Measurement) Series() []store.Array {
	b := m.s.batch
	var out []store.Array
	average := m.rec.average()
	for i, name := range m.rec.moments {
		x := make([]float64, 0, len(m.rec.blocks)*m.rec.cells)
		for _, blk := range m.rec.blocks {
			x = append(x, blk[i*m.rec.cells:(i+1)*m.rec.cells]...)
		}
		file := strings.Trim(name, "|") + abs(name)
		out = append(out, store.Of("block_"+file, x, len(m.rec.blocks), b.systems, b.temperatures),
			store.Of("sample_"+file, average[i*m.rec.cells:][:m.rec.cells], b.systems, b.temperatures))
	}
	if b.copies > 1 {
		var h []float64
		for _, row := range m.hist {
			h = append(h, row...)
		}
		out = append(out, store.Of("overlap_histogram", h, b.temperatures, overlapBins))
	}
	out = append(out, store.Of("energy_histogram", slices.Concat(m.energies.counts...), b.temperatures, energyBins),
		store.Of("energy_range", []float64{m.energies.lo, m.energies.hi}),
		store.Of("walks", slices.Concat(m.walks.points...), len(m.walks.points), b.temperatures), store.Scalar("walk_every", m.walks.every))
	var best []int8
	var lowest []float64
	for i, s := range m.best {
		best, lowest = append(best, s...), append(lowest, m.ground[i].Energy)
	}
	return append(out, store.Of("ground_spins", best, b.systems, b.n), store.Of("ground_energy", lowest))
}

// abs marks moments of absolute values in file names.
func abs(name string) string {
	if strings.HasPrefix(name, "|") {
		return "_abs"
	}
	return ""
}

// Save writes everything that a resumed run needs; Load takes it back.
func (m *Measurement) Save(w io.Writer) error {
	if err := m.Finish(); err != nil {
		return err
	}
	if err := m.rec.save(w); err != nil {
		return err
	}
	for _, h := range m.hist {
		if err := writeAll(w, h); err != nil {
			return err
		}
	}
	if err := m.walks.save(w); err != nil {
		return err
	}
	if err := m.series.save(w); err != nil {
		return err
	}
	if err := m.chains.save(w); err != nil {
		return err
	}
	if err := m.energies.save(w); err != nil {
		return err
	}
	for i, g := range m.ground {
		if err := writeAll(w, g.Energy, m.best[i]); err != nil {
			return err
		}
	}
	return nil
}

// Load takes back what Save wrote.
func (m *Measurement) Load(r io.Reader) error {
	if err := m.rec.load(r); err != nil {
		return err
	}
	for _, h := range m.hist {
		if err := readAll(r, h); err != nil {
			return err
		}
	}
	if err := m.walks.load(r, m.s.batch.temperatures); err != nil {
		return err
	}
	if err := m.series.load(r, len(m.walks.points)); err != nil {
		return err
	}
	if err := m.chains.load(r); err != nil {
		return err
	}
	if err := m.energies.load(r); err != nil {
		return err
	}
	for i := range m.ground {
		if err := readAll(r, &m.ground[i].Energy, m.best[i]); err != nil {
			return err
		}
	}
	return nil
}

var errTruncated = fmt.Errorf("spin: the saved measurements are truncated")
