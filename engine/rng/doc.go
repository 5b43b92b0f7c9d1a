// Package rng gives random numbers that are a function of where they are used: value = f(seed, pass, stage, stream, element).
//
// There is no state to carry, save or share. A Stream is made by At for one use, costs nothing, and gives the same numbers
// on every processor, with any number of workers and after any resume.
//
// # Generator
//
// Philox4x32 (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11, doi:10.1145/2063384.2063405)
// with seven rounds, or ten in checking mode (Stream.Check). Key and counter:
//
//	key = (lo32 seed, hi32 seed)
//	c0, c1 = index
//	c2 = lo32 pass
//	c3 = stream (16 bits) | stage<<16 (8 bits) | hi8(pass>>32)<<24
//
// pass counts the runs of a stage since the beginning (below 2⁴⁰), stage is its number in the plan (255: set-up on the host),
// stream is the purpose of a kernel, unique in its stage.
//
// # Which element takes which word
//
//	32-bit tensors    element e: counter 16*(e/64) + e%16 (its upper half in c1), word (e/16)%4
//	64-bit tensors    element e: counter 8*(e/16) + e%8, words 2h and 2h+1 with h = (e/8)%2, the second above the first
//	dense sweeps      site i, replica r: c1 = i and r as the element of a 32-bit tensor: element Site(i)+r
//	bit-packed spins  the kernel's own counters through Block
//
// A vector of consecutive counters thus makes consecutive elements, on AVX-512, AVX2 and a GPU alike.
//
// # Distributions
//
// Uniform numbers are in [0, 1): Float32 has 24 bits, Float64 53. Normal numbers come in pairs from Box and Muller's transformation,
// written as a fixed sequence of IEEE operations (normal.go) so that every variant gives the same bits. Bernoulli compares the word
// with an integer threshold, Below takes the upper half of a product, Permutation shuffles.
package rng
