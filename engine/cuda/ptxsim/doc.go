// Package ptxsim holds the stand-in for libcuda.so.1 that interprets PTX on the host, in C++, and its tests in Go.
//
// It is an emulation, names its device so, and serves tests on machines without a GPU. It executes the PTX that Cavity ships:
// integer and float arithmetic of one defined result, divergence and reconvergence of lanes, shared memory, barriers,
// shuffles, votes and atomics, with warps and blocks in an order drawn from a seed. It stops at an access out of bounds or
// misaligned, a read of bytes that nobody wrote, two threads that touch a word without a barrier between them, a barrier
// that some threads never reach, and a warp operation that names absent lanes.
//
// It leaves out half and tensor-core arithmetic, asynchronous copies, function calls, textures, cooperative grids and
// timing: events have no elapsed time, and a module with an instruction that it does not know does not load.
package ptxsim
