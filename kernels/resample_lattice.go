package kernels

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
)

// latticeResample gives every replica on a lattice the spins of its parent.
type latticeResample struct {
	op
	lattice  Lattice
	replicas int
}

// LatticeResample is DenseResample for the spins of a lattice, uint64 [sites, Words] as in LatticeSweep: replica r of a system has the
// spins that replica parents[r] had, for parents int32 [systems, replicas]. Idle bits and words keep theirs.
func LatticeResample(l Lattice, spins, parents *gorgonia.Node) (*gorgonia.Node, error) {
	const name = "lattice resample"
	l.CouplingWords = 0
	in, err := latticeInputs(name, l, spins, nil)
	if err == nil {
		err = operand(name, "parents", parents, tensor.Int32, anySize, anySize)
	}
	if err != nil {
		return nil, err
	}
	p := parents.Shape()
	if err := latticeHolds(name, l, p[0], p[1]); err != nil {
		return nil, err
	}
	o := newOp(fmt.Sprintf("LatticeResample{%v}", latticeForm(l)), tensor.Uint64, spins.Shape(), append(in, parents)...)
	return gorgonia.ApplyOp(&latticeResample{o, l, p[1]}, append(in, parents)...)
}

// place is the word and the bit of replica i among all; with strips a replica has all bits of its word.
func (k *latticeResample) place(i int) (word, bit int) {
	if k.lattice.Strips {
		return i, 0
	}
	return i / 64, i % 64
}

// A heir is a replica whose parent is another.
type heir struct{ to, toBit, from, fromBit int }

// heirs appends to all those that parents name.
func (k *latticeResample) heirs(all []heir, parents []int32) ([]heir, error) {
	for i, p := range parents {
		if p < 0 || int(p) >= k.replicas {
			return all, fmt.Errorf("lattice resample: replica %d of system %d has parent %d of %d", i%k.replicas, i/k.replicas, p, k.replicas)
		}
		if from := i - i%k.replicas + int(p); from != i {
			var h heir
			h.to, h.toBit = k.place(i)
			h.from, h.fromBit = k.place(from)
			all = append(all, h)
		}
	}
	return all, nil
}

// inherit makes the words of some sites.
func (k *latticeResample) inherit(out, in []uint64, all []heir) {
	copy(out, in)
	for n := k.lattice.Words; len(out) > 0; out, in = out[n:], in[n:] {
		for _, h := range all {
			if k.lattice.Strips {
				out[h.to] = in[h.from]
			} else {
				out[h.to] = out[h.to]&^(1<<h.toBit) | in[h.from]>>h.fromBit&1<<h.toBit
			}
		}
	}
}

// Host is the definition.
func (k *latticeResample) Host(_ engine.Clock, out engine.Buffer, in []engine.Buffer) error {
	all, err := k.heirs(nil, engine.Slice[int32](in[1]))
	if err == nil {
		k.inherit(engine.Slice[uint64](out), engine.Slice[uint64](in[0]), all)
	}
	return err
}

// Bind splits the sites.
func (k *latticeResample) Bind(w engine.Workers, out engine.Buffer, in []engine.Buffer) (func(*engine.Clock) error, error) {
	const sites = 256 // of a task
	to, from, parents := engine.Slice[uint64](out), engine.Slice[uint64](in[0]), engine.Slice[int32](in[1])
	all := make([]heir, 0, len(parents))
	part := sites * k.lattice.Words
	task := func(t, _ int) {
		begin, end := t*part, min((t+1)*part, len(to))
		k.inherit(to[begin:end], from[begin:end], all)
	}
	return func(*engine.Clock) (err error) {
		if all, err = k.heirs(all[:0], parents); err == nil {
			w.Do((len(to)+part-1)/part, task)
		}
		return err
	}, nil
}
