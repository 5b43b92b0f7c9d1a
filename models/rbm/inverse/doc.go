// Package inverse finds the fields h and couplings J of an Ising model from samples of its spins (Boltzmann learning):
//
//	P(s) ∝ exp(Σ_i h_i s_i + Σ_{i<j} J_ij s_i s_j),    s_i = ±1,
//
// by the exact gradient, by persistent Monte Carlo chains, by pseudo-likelihood, and in closed form by naive mean field,
// TAP and Bethe approximations. (Nguyen, Zecchina, Berg 2017, doi:10.1080/00018732.2017.1341604.)
package inverse
