// Package modes trains fully connected networks in weight space and in mode space, where a layer's weights are
// W = ξ_in diag(Σ) ξ_out with P modes and are never formed, and opens the trained network as a physicist would.
package modes
