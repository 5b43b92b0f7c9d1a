// Package cuda holds the device code of the kernels: CUDA C, and the PTX that it compiles to (make cuda-ptx).
package cuda

import _ "embed" // the texts

// The modules.
var (
	//go:embed cluster.ptx
	Cluster string
	//go:embed dense.ptx
	Dense string
	//go:embed lanes.ptx
	Lanes string
	//go:embed lattice.ptx
	Lattice string
	//go:embed minibatch.ptx
	Minibatch string
	//go:embed process.ptx
	Process string
	//go:embed sampling.ptx
	Sampling string
	//go:embed sparse.ptx
	Sparse string
	//go:embed exchange.ptx
	Exchange string
)
