package kernels

import "cavity/engine"

// Kernels whose systems do not meet (see [engine.Separable]): those that draw numbers count their systems from [engine.Clock].First on CUDA
// devices, or from the first word of their [Lattice]. Cluster moves are missing, because their systems share numbers or lists; kernels of
// random tensors are [engine.Drawer].

func (*denseSweep) Separable(axis int, _ []bool) bool         { return axis == 0 }
func (*denseFields) Separable(axis int, _ []bool) bool        { return axis == 0 }
func (*denseEnergy) Separable(axis int, _ []bool) bool        { return axis == 0 }
func (*denseMagnetisation) Separable(axis int, _ []bool) bool { return axis == 0 }
func (*denseOverlaps) Separable(axis int, _ []bool) bool      { return axis == 0 }

func (*bitSweep) Separable(axis int, _ []bool) bool         { return axis == 0 }
func (*bitEnergy) Separable(axis int, _ []bool) bool        { return axis == 0 }
func (*bitMagnetisation) Separable(axis int, _ []bool) bool { return axis == 0 }
func (*bitOverlaps) Separable(axis int, _ []bool) bool      { return axis == 0 }
func (*bitPairs) Separable(axis int, _ []bool) bool         { return axis == 0 }

func (*hopfieldSampler) Separable(axis int, _ []bool) bool  { return axis == 0 }
func (*hopfieldEnergy) Separable(axis int, _ []bool) bool   { return axis == 0 }
func (*hopfieldOverlaps) Separable(axis int, _ []bool) bool { return axis == 0 }

// Separable: on one graph, the same for all systems.
func (k *sparseSweep) Separable(axis int, _ []bool) bool {
	return axis == 0 && len(k.model.Graphs) == 1
}
func (k *sparseEnergy) Separable(axis int, _ []bool) bool {
	return axis == 0 && len(k.model.Graphs) == 1
}
func (k *linkOverlaps) Separable(axis int, _ []bool) bool {
	return axis == 0 && len(k.model.Graphs) == 1
}
func (*laneMagnetisation) Separable(axis int, _ []bool) bool { return axis == 0 }
func (*laneOverlaps) Separable(axis int, _ []bool) bool      { return axis == 0 }
func (*laneSlices) Separable(axis int, _ []bool) bool        { return axis == 0 }

// Separable: unless replicas share random numbers.
func (k *latticeSweep) Separable(axis int, _ []bool) bool {
	return axis == 1 && !k.lattice.Shared && !k.lattice.Strips
}
func (*latticeThresholds) Separable(axis int, _ []bool) bool    { return axis == 2 }
func (*latticeEnergy) Separable(axis int, _ []bool) bool        { return axis == 0 }
func (*latticeMagnetisation) Separable(axis int, _ []bool) bool { return axis == 0 }
func (*latticeOverlaps) Separable(axis int, _ []bool) bool      { return axis == 0 }

func (*byTemperature) Separable(axis int, _ []bool) bool   { return axis == 0 }
func (*resample) Separable(axis int, _ []bool) bool        { return axis == 0 }
func (*latticeResample) Separable(axis int, _ []bool) bool { return axis == 1 }

// Separable: every system looks its numbers up in one table.
func (*lookup) Separable(_ int, in []bool) bool { return !in[0] }
func (*widen) Separable(int, []bool) bool       { return true }
func (*erf) Separable(int, []bool) bool         { return true }

// Separable: systems are columns, or whole blocks of them.
func (*record) Separable(axis int, _ []bool) bool { return axis == 1 }
func (*recall) Separable(axis int, _ []bool) bool { return axis == 0 }
func (k *correlate) Separable(axis int, in []bool) bool {
	return axis == 0 && in[0] && (in[1] || k.blocks == 1)
}

// Axis is the first: of rows, or of matrices.
func (*categorical) Axis() int { return 0 }
func (*rectified) Axis() int   { return 0 }
func (*oneHot) Axis() int      { return 0 }
func (*elliptic) Axis() int    { return 0 }

// Axis is that of a ladder's systems.
func (*exchange) Axis() int { return 1 }

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
