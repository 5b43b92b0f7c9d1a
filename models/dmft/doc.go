// Package dmft solves the dynamical mean-field equations of large random networks.
//
// Networks of N units obey
//
//	dx_i/dt = -x_i + g Σ_j J_ij φ(x_j) + j_i(t) + σ ξ_i(t),   <J_ij²> = 1/N,  <J_ij J_ji> = η/N,
//
// with white noise <ξ_i(t) ξ_i(t')> = δ(t-t'). As N → ∞ every unit becomes one and the same
// process, driven by a Gaussian field γ and by its own past through the response of the others,
//
//	dx/dt = -x + γ(t) + g² η ∫_0^t R(t,s) φ(x(s)) ds + j(t),
//	<γ(t) γ(t')> = g² C(t,t') + σ² δ(t-t'),   C(t,t') = <φ(x(t)) φ(x(t'))>,   R(t,s) = <∂φ(x(t))/∂j(s)>
//
// (Sompolinsky, Zippelius 1982; Sompolinsky, Crisanti, Sommers 1988; Zou, Huang, SciPost Phys. Lect. Notes 79, 2024).
//
// What is here:
//
//   - [Stationary]: the stationary chaotic or noise-driven state at η = 0 from its Newtonian
//     potential, its largest Lyapunov exponent, and the transition line in (g, σ);
//   - [Problem] with [Problem.Causal] and [Problem.Iterate]: the two-time equations of any φ, η, σ, j and initial
//     law, by a population of trajectories;
//   - [LinearDiscrete] and [LinearStationary]: the exactly solvable case φ(x) = x, the oracle of the solvers;
//   - [Network]: direct simulation of finite networks, the picture that the equations are a limit of;
//   - [PSpin]: spherical p-spin models after a quench, on a uniform grid and on a compressed history;
//   - [Perceptron]: online learning, where the same mean-field closure describes gradient descent.
//
// Time steps are Euler steps of length dt with integrals as left sums, so that the discretised equations are
// themselves exact mean-field equations of the discretised network.
package dmft
