package dmft

import "fmt"

// MemoryLimit bounds what a solver may allocate, in bytes; solvers say before they start how much they need.
// It is 8 GiB unless a caller sets it before any solver runs.
var MemoryLimit int64 = 8 << 30

func checkMemory(need int64, what, remedy string) error {
	if need > MemoryLimit {
		return fmt.Errorf("dmft: %s needs %.1f GiB of %.1f GiB: use %s", what, gib(need), gib(MemoryLimit), remedy)
	}
	return nil
}

func gib(b int64) float64 { return float64(b) / (1 << 30) }
