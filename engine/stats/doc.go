// Package stats turns correlated Monte Carlo series into numbers with error bars.
//
// # Which tool for what
//
//	the mean of a Markov chain and its error       Binning (any length, fixed memory), Tau (a stored chain, with τ_int and its error)
//	a function of several means (Binder, ξ, c)     Blocks to collect, Jackknife or Bootstrap to evaluate
//	averages over disorder samples                 JackknifeDisorder for [f(⟨O⟩)], Jackknife with a row for each sample for f([⟨O⟩])
//	is the run in equilibrium?                     LogBins.Drift for one run, DriftAcross for disorder samples
//	free energies                                  ThermodynamicIntegration, Combine (multi-histogram, WHAM and MBAR)
//	means between the simulated temperatures       Combine and CombineJackknife
//	distributions                                  Histogram, ChiSquareTest
//	extrapolation                                  Line, Constant
//
// # Conventions
//
// Errors are one standard deviation. The integrated autocorrelation time is τ = ½ + Σ_{t≥1} ρ(t) in steps of the series, so that
// independent values have ½ and n values are worth n/(2τ) independent ones.
//
// Functions of stored data return an error that names the first NaN or infinite entry. Accumulators, which run for hours, leave such a
// value out and count it: a caller must look at Bad. Accumulators allocate nothing after they are made, are not safe for use by several
// goroutines at once, and are saved and restored exactly by AppendBinary and UnmarshalBinary.
package stats
