// Package synapse studies the restricted Boltzmann machine of one hidden unit with binary synapses ξ ∈ {±1}^N: how many
// examples it takes to learn a feature without a teacher (Huang, Toyoizumi 2016, doi:10.1103/PhysRevE.94.062310; Huang 2017,
// doi:10.1088/1742-5468/aa6ddc). Examples are drawn from P(σ|ξ) ∝ cosh(β ξ·σ/√N); with M = αN of them the posterior is
//
//	P(ξ | data) ∝ Π_a cosh(β ξ·σ^a / √N),
//
// whose means belief propagation finds. On the Nishimori line the overlap q of two samples of the posterior, which is also that
// with the planted feature, obeys
//
//	q̂ = α β² E tanh(β² q + β√q z),    q = E tanh(q̂ + √q̂ z),    z normal,
//
// and grows continuously from zero at α_c = β⁻⁴. For two hidden units whose features overlap by q the symmetry between them is
// broken at α_c = β⁻⁴ [1 + q t + |q + t|]⁻², t = tanh β²q (Hou, Wong, Huang 2019, doi:10.1088/1751-8121/ab3f3f).
package synapse
