// Package rbm trains, weighs and samples restricted Boltzmann machines.
//
// A machine has visible units v and hidden units h with the energy
//
//	E(v, h) = -v·W h - b·v - c·h
//
// over a reference measure of each unit (see [Units]): 0 and 1 for Bernoulli units, ±1 for Ising units, the normal law for
// Gaussian ones. With A(x) the logarithm of the integral of e^{xs} over a unit's reference measure, the hidden units are summed
// exactly,
//
//	F(v) = -b·v - Σ_j A(c_j + (vW)_j),    p(v) = e^{-F(v)} / Z,
//
// and given one layer the units of the other are independent, with the mean A'(x). The gradient of the log-likelihood is
//
//	∂/∂W = ⟨v hᵀ⟩_data - ⟨v hᵀ⟩_model,
//
// whose second term is what the methods of training approximate: contrastive divergence (Hinton 2002,
// doi:10.1162/089976602760128018), persistent chains (Tieleman 2008, doi:10.1145/1390156.1390290), parallel
// tempering (Desjardins et al. 2010) and deep tempering (Desjardins et al. 2014, arXiv:1410.0123).
//
// Log-likelihoods are in nats per example.
package rbm
