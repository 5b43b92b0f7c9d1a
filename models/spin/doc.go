// Package spin samples and solves systems of Ising spins s_i = ±1 with
//
//	H = -Σ_{i<j} J_ij s_i s_j - Σ_i h_i s_i,   energies per spin e = H/N,   β = 1/T.
//
// A [Model] makes instances of its disorder as [Couplings]: [Ising], [EdwardsAnderson], [SherringtonKirkpatrick], [Hopfield],
// [Nishimori], or a [File]. [Tempering] compiles parallel tempering of many samples, copies and temperatures into one Program;
// how the instances are held - a dense matrix with local fields, or 64 walkers a word on a lattice - is chosen by what
// they are, and told by Sampler.Carrier. [Measurement] accumulates block averages, [Results] gives them jackknifed errors.
// A [Campaign] is a whole run with warm-up, adapting ladder, checkpoints and progress.
//
// [Enumerate] (N ≤ 24) and [Kaufman] (square Ising lattices of any size) are the exact answers against which the samplers are
// tested.
//
// To add a model, copy a file such as sk.go, change Couplings, and test it against Enumerate.
package spin
