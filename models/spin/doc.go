// Package spin samples and solves systems of Ising spins s_i = ±1 with
//
//	H = -Σ_{i<j} J_ij s_i s_j - Σ_i h_i s_i,   energies per spin e = H/N,   β = 1/T.
//
// A [Model] makes instances of its disorder as [Couplings]: [Ising], [EdwardsAnderson], [SherringtonKirkpatrick], [Hopfield],
// [Nishimori], or a [File]. [Tempering] compiles parallel tempering of many samples, copies and temperatures into one Program,
// with single flips, cluster moves of ferromagnets ([Move]) or isoenergetic moves between copies (Houdayer).
// [Measurement] accumulates block averages, histograms and walks in bounded memory, [Results] gives them jackknifed errors.
// A [Campaign] is a whole run with warm-up, adapting ladder, checkpoints and progress.
// [Annealing] cools many walkers together: simulated annealing, and population annealing with its free energy.
//
// How instances and walkers are held follows from what they are, is told by Sampler.Carrier and can be chosen by Layout:
//
//	lattice   ±1 couplings on square and cubic lattices: 64 walkers a word
//	sparse    graphs of few neighbours, in colours: Gaussian glasses on lattices, Max-Cut, all cluster moves
//	dense     the matrix of couplings with local fields: SK and any small instance
//	bits      ±1 SK with many spins: an eighth of a byte a coupling
//	patterns  Hopfield by its patterns, P operations a flip; gibbs does the same as a Boltzmann machine
//
// On a lattice, samples of ±1 couplings at one temperature may share random numbers, 64 samples a word (Tempering.Shared): a
// multiple of the speed, averages with the right law, errors over words, and nothing that compares spins of two samples.
//
// Autocorrelation times are those of [cavity/engine/stats.Tau], from chains in bounded memory. RESULTS.md beside this file has
// measured results with the commands that repeat them.
//
// [Enumerate] (N ≤ 24), [Kaufman] (square Ising lattices of any size) and [RandomEnergy] are exact; the samplers are tested
// against them.
//
// To add a model, copy a file such as sk.go, change Rows (or Strengths on a lattice, or Couplings), and test it against Enumerate.
package spin
