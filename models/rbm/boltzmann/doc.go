// Package boltzmann trains general Boltzmann machines (Ackley, Hinton, Sejnowski 1985): spins ±1, of which some are seen in the
// data and the others hidden, with couplings between all of them,
//
//	P(v, h) ∝ exp(½ v·A v + v·W h + ½ h·B h + b·v + c·h),
//
// A and B being symmetric with zero diagonals. Units 0 and 1 are the same model by s = 2x - 1. Without A and B it is the
// restricted machine of package rbm with Ising units. The gradient of the log-likelihood is the difference of the moments with v
// held at the data and of those of the free machine,
//
//	∂/∂W = ⟨v hᵀ⟩_data - ⟨v hᵀ⟩_model,    and so for A, B, b and c.
//
// With B the hidden spins are not independent given the visible ones. Salakhutdinov and Hinton (2009, AISTATS; Salakhutdinov
// 2008, UTML TR 2008-002) take independent spins in their place, with the means μ = tanh(c + vW + Bμ), which maximises a lower bound on
// the likelihood; few hidden spins are also enumerated, and any number sampled. The second average is that over persistent chains
// (Tieleman 2008), which are swept one spin after the other.
package boltzmann
