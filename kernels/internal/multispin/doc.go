// Package multispin sweeps ±1 spins with ±1 couplings on periodic lattices, 64 spins a machine word (multi-spin coding).
//
// H = -Σ J_ij s_i s_j over the bonds of a square or cubic lattice. A bit is set for s = -1 and for J = -1, so that a bond is
// unsatisfied when s_i xor s_j xor J_ij is set. PlainSweep and PlainEnergies define every result; Sweeper and EnergyMeter give
// the same bits with AVX-512, AVX2 or portable Go, with any number of workers.
//
// # A sweep
//
// The unsatisfied bonds of the 64 spins of a word are counted in three bit planes. They select each spin's threshold, whose bits
// are planes too, so that every bit has its own temperature. The random numbers are planes as well: they are compared with the
// thresholds from the most significant plane on until every bit is decided, about log2 of the number of bits planes and two more,
// and the comparison is as exact as one of all 32. Numbers and their order do not depend on where a machine stops, on its
// vectors or on its workers, because they are functions of the site, the word and the plane (Philox, package engine/rng).
//
// # Vectors
//
// Wide vectors are up to eight words of one site. Packed vectors are several sites of one colour with all their words, picked from
// whole rows: a batch of 64 systems fills a vector as well as one of 512 does, and so does one large lattice in strips. All but
// one of the products of the first three Philox rounds are computed once a site, or once a pass for each word and plane.
//
// Tasks take both colours of a run of layers in turn, the second colour a layer behind the first, so that a layer is swept
// twice while it is in the cache; the ends of the runs wait until all tasks have come so far.
//
// Multi-spin coding of annealing: Isakov, Zintchenko, Rønnow, Troyer 2015, doi:10.1016/j.cpc.2015.02.015. Philox: Salmon, Moraes,
// Dror, Shaw 2011, doi:10.1145/2063384.2063405.
package multispin

//go:generate sh -c "cd .. && go run ./asmgen"
