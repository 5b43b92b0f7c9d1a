package dmft

import (
	"bufio"
	"fmt"
	"os"
)

// MemoryLimit bounds what a solver may allocate, in bytes; solvers say before they start how much they need.
// It is the memory that the system has available when the program starts, or 8 GiB where that is not told.
var MemoryLimit = availableMemory()

func availableMemory() int64 {
	const otherwise = 8 << 30
	f, err := os.Open("/proc/meminfo")
	if err != nil {
		return otherwise
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var kib int64
		if n, _ := fmt.Sscanf(lines.Text(), "MemAvailable: %d kB", &kib); n == 1 {
			return kib << 10
		}
	}
	return otherwise
}

func checkMemory(need int64, what, remedy string) error {
	if need > MemoryLimit {
		return fmt.Errorf("dmft: %s needs %.1f GiB of %.1f GiB: use %s", what, gib(need), gib(MemoryLimit), remedy)
	}
	return nil
}

func gib(b int64) float64 { return float64(b) / (1 << 30) }
