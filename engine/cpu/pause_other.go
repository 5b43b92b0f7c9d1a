//go:build !amd64

package cpu

// spins is how often a worker looks for work, and Do for the end of it, before they sleep: some tens of microseconds, longer
// than the gap between two steps of a Program.
const spins = 100000

func pause() {}
