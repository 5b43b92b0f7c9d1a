// Package spin samples and solves systems of Ising spins.
package spin
