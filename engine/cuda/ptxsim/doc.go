// Package ptxsim holds the stand-in for libcuda.so.1 that interprets PTX on the host, in C++, and its tests in Go.
//
// It is an emulation, names its device so, and serves tests on machines without a GPU. It executes the PTX that Cavity ships:
// integer and float arithmetic of one defined result, divergence and reconvergence of lanes, shared memory, barriers,
// shuffles, votes and atomics, with warps and blocks in an order drawn from a seed. It stops at an access out of bounds or
// misaligned, a read of bytes that nobody wrote, a register that a thread reads before it has written it (to move or select it is no
// read), two threads that touch a word without a barrier between them, a barrier that some threads never reach, and a warp
// operation that names absent lanes.
//
// Streams are asynchronous: launches, copies, fills and events wait in queues until something forces them to run, and the seed
// decides which stream goes first. Two operations that touch the same bytes, one of them writing, must be ordered by an event, by a
// wait of the host or by the null stream; if they are not, the run stops, whichever came first. Pinned memory is read and
// written when the copy runs: a source that the host changes before it has waited stops the run, and a destination
// shows 0xA5 until the host has waited. What a program may not rely on orders nothing here: freeing memory, fills and
// copies on the device whose calls are not asynchronous, the arrival of a copy from memory that is not pinned.
//
// For tests, ptxsimLaunches, ptxsimInstructions and ptxsimWaits count what a device did and how often the host waited for it or may
// have had to; PTXSIM_DUMP names a folder that gets every module's text. The other settings are listed in src/driver.cc.
//
// It leaves out half and tensor-core arithmetic, copies inside kernels (cp.async), function calls, textures, cooperative grids,
// graphs, host callbacks, managed memory and timing: events have no elapsed time, and a module with an instruction that it does
// not know does not load. It cannot see host threads that are not ordered among themselves: what one has waited for counts for all.
package ptxsim
