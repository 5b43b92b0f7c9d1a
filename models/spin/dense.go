package spin

import (
	"hash/maphash"
	"slices"
	"unsafe"

	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/kernels"
)

// rows is one instance of a matrix of couplings, a row at a time.
type rows struct {
	write  func(i int, dst []float64) // J_ij into dst[j] for j > i
	fields []float64                  // nil: none
}

// learned is what dense carriers learn about their samples while they make them.
type learned struct {
	variances []float64 // ΣJ² + Σh² of each system
	sums      []uint64  // checksums
}

var learnedSeed = maphash.MakeSeed()

func (l *learned) begin() { l.variances, l.sums = append(l.variances, 0), append(l.sums, 0) }

func (l *learned) row(x []float64) {
	k := len(l.sums) - 1
	for _, v := range x {
		l.variances[k] += v * v
	}
	if len(x) > 0 {
		l.sums[k] = 31*l.sums[k] + maphash.Bytes(learnedSeed, unsafe.Slice((*byte)(unsafe.Pointer(&x[0])), 8*len(x)))
	}
}

// infinite is the variance of H at infinite temperature, ΣJ² + Σh².
func (l *learned) infinite(system int) float64 { return l.variances[system] }

func (l *learned) disordered() bool {
	return slices.ContainsFunc(l.sums, func(s uint64) bool { return s != l.sums[0] })
}

// denseCarrier holds the whole matrix of couplings and every walker's local fields: SK, Hopfield, any small instance.
type denseCarrier struct {
	batch
	learned
	rows  func(sample int) (rows, error)
	saved []float32 // scratch memory of spins
}

func (d *denseCarrier) name() string { return "dense couplings, float32 fields" }

// bytes counts the scratch memory in which one sample is made.
func (d *denseCarrier) bytes() int64 {
	return kernels.DenseBytes(d.systems, d.n, d.walkers()) + 4*int64(d.n)*int64(kernels.DenseStride(d.n))
}

func (d *denseCarrier) state(g *graph) node {
	return g.Typed("state", tensor.Float32, d.systems, 2, d.walkers(), kernels.DenseStride(d.n))
}

func (d *denseCarrier) external(g *graph) node {
	return g.Typed("external", tensor.Float32, d.systems, kernels.DenseStride(d.n))
}

func (d *denseCarrier) couplings(g *graph) node {
	return g.Typed("couplings", tensor.Float32, d.systems, d.n, kernels.DenseStride(d.n))
}

func (d *denseCarrier) refresh(g *graph) node {
	return g.Do(func() (node, error) { return kernels.DenseFields(d.state(g), d.couplings(g), d.external(g)) })
}

func (d *denseCarrier) sweep(g *graph) node {
	couplings := d.couplings(g)
	index := g.indexOf(g.ladder())
	return g.Do(func() (node, error) {
		return kernels.DenseSweep(d.rule, sweepStream, d.state(g), couplings, d.external(g), g.beta(), index)
	})
}

func (d *denseCarrier) follows() bool { return false }

func (d *denseCarrier) follow(*graph, node) map[string]node { return nil }

func (d *denseCarrier) retune(*engine.Program, []float64) error { return nil }

func (d *denseCarrier) energies(g *graph) node {
	return g.Do(func() (node, error) { return kernels.DenseEnergy(d.state(g), d.external(g)) })
}

func (d *denseCarrier) observe(g *graph) map[string]node {
	m := g.Do(func() (node, error) { return kernels.DenseMagnetisation(d.n, d.state(g)) })
	next := map[string]node{"magnetisation": g.Do(func() (node, error) { return kernels.ByTemperature(g.ladder(), m) })}
	if d.copies > 1 {
		next["overlap"] = g.Do(func() (node, error) { return kernels.DenseOverlaps(d.n, d.state(g), g.ladder()) })
	}
	return next
}

func (d *denseCarrier) fill(p *engine.Program) error {
	ld := kernels.DenseStride(d.n)
	couplings, external := make([]float32, d.n*ld), make([]float32, d.systems*ld)
	row := make([]float64, d.n)
	for i := range d.systems {
		r, err := d.rows(i)
		if err != nil {
			return err
		}
		d.begin()
		d.row(r.fields)
		for k, h := range r.fields {
			external[i*ld+k] = float32(h)
		}
		for a := range d.n {
			r.write(a, row)
			d.row(row[a+1:])
			for b := a + 1; b < d.n; b++ {
				couplings[a*ld+b], couplings[b*ld+a] = float32(row[b]), float32(row[b])
			}
		}
		if err := p.WriteAt("couplings", i*d.n*ld, couplings); err != nil {
			return err
		}
	}
	return p.Write("external", external)
}

func (d *denseCarrier) randomise(p *engine.Program, run int) error {
	ld := kernels.DenseStride(d.n)
	state := make([]float32, d.systems*2*d.walkers()*ld)
	s := make([]int8, d.n)
	for i := range d.systems {
		for w := range d.walkers() {
			d.randomSpins(run, i, w, s)
			row := state[(2*i*d.walkers()+w)*ld:]
			for k, x := range s {
				row[k] = float32(x)
			}
		}
	}
	return p.Write("state", state)
}

func (d *denseCarrier) resample(g *graph, parents node) node {
	return g.Do(func() (node, error) { return kernels.DenseResample(d.state(g), parents) })
}

func (d *denseCarrier) spins(from reader, of []walker, s [][]int8) error {
	ld := kernels.DenseStride(d.n)
	d.saved = slices.Grow(d.saved[:0], ld)[:ld]
	for i, w := range of {
		if err := from.ReadAt("state", (2*w.system*d.walkers()+w.number)*ld, d.saved); err != nil {
			return err
		}
		for k := range s[i] {
			s[i][k] = int8(d.saved[k])
		}
	}
	return nil
}

// rows is the list of bonds as a matrix.
func (c *Couplings) rows() rows {
	start, spin, strength := c.Neighbours()
	return rows{fields: c.Fields, write: func(i int, dst []float64) {
		clear(dst[i+1:])
		for q := start[i]; q < start[i+1]; q++ {
			if j := spin[q]; int(j) > i {
				dst[j] = strength[q]
			}
		}
	}}
}
