package kernels

import "cavity/engine"

// Kernels whose systems do not meet (see [engine.Apart]): those that draw numbers count their systems from [engine.Clock].First on CUDA
// devices, or from the first word of their [Lattice]. Cluster moves and populations are missing, because their systems share numbers or
// lists; kernels of random tensors are [engine.Drawer].

func (*denseSweep) Apart([]bool) bool         { return true }
func (*denseFields) Apart([]bool) bool        { return true }
func (*denseEnergy) Apart([]bool) bool        { return true }
func (*denseMagnetisation) Apart([]bool) bool { return true }
func (*denseOverlaps) Apart([]bool) bool      { return true }

func (*bitSweep) Apart([]bool) bool         { return true }
func (*bitEnergy) Apart([]bool) bool        { return true }
func (*bitMagnetisation) Apart([]bool) bool { return true }
func (*bitOverlaps) Apart([]bool) bool      { return true }
func (*bitPairs) Apart([]bool) bool         { return true }

func (*hopfieldSampler) Apart([]bool) bool  { return true }
func (*hopfieldEnergy) Apart([]bool) bool   { return true }
func (*hopfieldOverlaps) Apart([]bool) bool { return true }

// Apart: on one graph, the same for all systems.
func (k *sparseSweep) Apart([]bool) bool     { return len(k.model.Graphs) == 1 }
func (k *sparseEnergy) Apart([]bool) bool    { return len(k.model.Graphs) == 1 }
func (k *linkOverlaps) Apart([]bool) bool    { return len(k.model.Graphs) == 1 }
func (*laneMagnetisation) Apart([]bool) bool { return true }
func (*laneOverlaps) Apart([]bool) bool      { return true }
func (*laneSlices) Apart([]bool) bool        { return true }

// Apart: unless replicas share random numbers.
func (k *latticeSweep) Apart([]bool) bool       { return !k.lattice.Shared && !k.lattice.Strips }
func (*latticeThresholds) Apart([]bool) bool    { return true }
func (*latticeEnergy) Apart([]bool) bool        { return true }
func (*latticeMagnetisation) Apart([]bool) bool { return true }
func (*latticeOverlaps) Apart([]bool) bool      { return true }

func (*byTemperature) Apart([]bool) bool { return true }

// Apart: every system looks its numbers up in one table.
func (*lookup) Apart(in []bool) bool { return !in[0] }
func (*widen) Apart([]bool) bool     { return true }

// Apart: systems are columns, or whole blocks of them.
func (*record) Apart([]bool) bool    { return true }
func (*recall) Apart([]bool) bool    { return true }
func (*correlate) Apart([]bool) bool { return true }

// From draws the groups of rows after others.
func (k *categorical) From(first uint64) engine.Kernel { c := *k; c.first = first; return &c }

// From draws the elements after others.
func (k *rectified) From(first uint64) engine.Kernel { c := *k; c.first = first; return &c }

// From draws the rows after others, of as many columns.
func (k *oneHot) From(first uint64) engine.Kernel {
	c := *k
	c.first = first / uint64(k.shape[1])
	return &c
}

// From draws the matrices after others.
func (k *elliptic) From(first uint64) engine.Kernel { c := *k; c.first = first; return &c }

// From exchanges the ladders after others.
func (k *exchange) From(first uint64) engine.Kernel { c := *k; c.first = first; return &c }
