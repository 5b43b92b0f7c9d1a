package kernels

import "cavity/engine"

// Kernels whose systems do not meet (see [engine.Separable]): those that draw numbers count their systems from [engine.Clock].First on CUDA
// devices, or from the first word of their [Lattice]. Cluster moves are missing, because their systems share numbers or lists; kernels of
// random tensors are [engine.Drawer].

func (*denseSweep) Separable([]bool) bool         { return true }
func (*denseFields) Separable([]bool) bool        { return true }
func (*denseEnergy) Separable([]bool) bool        { return true }
func (*denseMagnetisation) Separable([]bool) bool { return true }
func (*denseOverlaps) Separable([]bool) bool      { return true }

func (*bitSweep) Separable([]bool) bool         { return true }
func (*bitEnergy) Separable([]bool) bool        { return true }
func (*bitMagnetisation) Separable([]bool) bool { return true }
func (*bitOverlaps) Separable([]bool) bool      { return true }
func (*bitPairs) Separable([]bool) bool         { return true }

func (*hopfieldSampler) Separable([]bool) bool  { return true }
func (*hopfieldEnergy) Separable([]bool) bool   { return true }
func (*hopfieldOverlaps) Separable([]bool) bool { return true }

// Separable: on one graph, the same for all systems.
func (k *sparseSweep) Separable([]bool) bool     { return len(k.model.Graphs) == 1 }
func (k *sparseEnergy) Separable([]bool) bool    { return len(k.model.Graphs) == 1 }
func (k *linkOverlaps) Separable([]bool) bool    { return len(k.model.Graphs) == 1 }
func (*laneMagnetisation) Separable([]bool) bool { return true }
func (*laneOverlaps) Separable([]bool) bool      { return true }
func (*laneSlices) Separable([]bool) bool        { return true }

// Separable: unless replicas share random numbers.
func (k *latticeSweep) Separable([]bool) bool       { return !k.lattice.Shared && !k.lattice.Strips }
func (*latticeThresholds) Separable([]bool) bool    { return true }
func (*latticeEnergy) Separable([]bool) bool        { return true }
func (*latticeMagnetisation) Separable([]bool) bool { return true }
func (*latticeOverlaps) Separable([]bool) bool      { return true }

func (*byTemperature) Separable([]bool) bool   { return true }
func (*resample) Separable([]bool) bool        { return true }
func (*latticeResample) Separable([]bool) bool { return true }

// Separable: every system looks its numbers up in one table.
func (*lookup) Separable(in []bool) bool { return !in[0] }
func (*widen) Separable([]bool) bool     { return true }
func (*erf) Separable([]bool) bool       { return true }

// Separable: systems are columns, or whole blocks of them.
func (*record) Separable([]bool) bool    { return true }
func (*recall) Separable([]bool) bool    { return true }
func (*correlate) Separable([]bool) bool { return true }

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
