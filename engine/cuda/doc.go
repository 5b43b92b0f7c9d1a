// Package cuda is the backend for NVIDIA GPUs, on gorgonia.org/cu.
//
// With the build tag gpu it registers the backend "cuda" ("cuda:1" for the second device); the driver is looked for when it is
// first needed, so that one binary starts everywhere. Without the tag there is no cgo, and the backend says that it was built
// without CUDA.
//
// Every step of the engine becomes a list of launches on one stream. Kernels are CUDA C compiled beforehand to PTX that any driver
// since CUDA 11.0 translates (devices of compute capability 8.0 and newer); elementwise loops are written as PTX when the
// program is compiled, from the same definitions as the CPU's, and give the same bits. Nothing waits for the device inside a
// step: the host synchronises when it reads a slot. Writes go through pinned memory in the order of the stream. A measurement copies
// what it reads aside ([engine.Moment]); the host fetches it on a second stream, and adds it up, while the device makes the next steps.
//
// Launches are not gathered in CUDA graphs: gorgonia.org/cu makes graphs but cannot instantiate or launch them.
//
// Products use cuBLAS where it is installed (found by dlopen; strict float32, or TF32 when "cuda:tf32" asks for it) and own kernels
// elsewhere or with "cuda:own"; own products take a bias, an activation and a sample along ([engine.Fused]). What was used is among the
// backend's facts. The memory of a program is summed before any is taken, told, and refused whole when the device has less
// ([engine.Rehearser]).
//
// "cuda:0,1" divides a plan's independent systems among devices ([engine.Split]): samples of spin models, chains of machines, realisations of
// networks, rows of an evaluation. Each draws the numbers that it has on one device. With own products the results are those of one
// device to the last bit; cuBLAS may choose another order of summation for another number of rows.
//
// A kernel of package kernels runs here when it implements [Kernel]; one that does not is an error, not a detour over the host.
//
// Faults of a kernel surface at the next synchronisation, named with the launches in question; with CUDA_LAUNCH_BLOCKING=1
// in the environment the launch itself reports them.
package cuda
