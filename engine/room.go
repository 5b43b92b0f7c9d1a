package engine

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
)

// A Bounded backend keeps its buffers in the host's own memory: Free is how many bytes of it a Program may take, 0 where that
// is not known. Compile refuses a plan that needs more with a [Shortage], because the system hands out memory that it has not
// got and ends the process when that is touched.
type Bounded interface {
	Backend
	Free() int64
}

// FreeMemory is the memory in bytes that this machine can give without swapping: what Linux calls available, or less where a
// control group allows less; 0 where neither is told.
func FreeMemory() int64 {
	free := int64(0)
	if text, err := os.ReadFile("/proc/meminfo"); err == nil {
		if _, rest, ok := bytes.Cut(text, []byte("MemAvailable:")); ok {
			if f := bytes.Fields(rest); len(f) > 0 {
				if kb, err := strconv.ParseInt(string(f[0]), 10, 64); err == nil {
					free = kb << 10
				}
			}
		}
	}
	limit, used := numberIn("/sys/fs/cgroup/memory.max"), numberIn("/sys/fs/cgroup/memory.current")
	if limit > 0 && (free == 0 || limit-used < free) {
		free = max(limit-used, 1)
	}
	return free
}

// numberIn is what a file says, 0 where it is absent or says something else.
func numberIn(path string) int64 {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	n, err := strconv.ParseInt(string(bytes.TrimSpace(text)), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// Room is nil where what needs no more bytes than are free, and a [Shortage] that tells both numbers elsewhere; free = 0 is an
// unknown amount, which is taken to suffice. The need is a float64 so that no product of sizes overflows on the way here.
func Room(what string, need float64, free int64) error {
	if free <= 0 || need <= float64(free) {
		return nil
	}
	return Shortage(fmt.Sprintf("%s: %s of memory are needed and %s are free", what, gigabytes(need), gigabytes(float64(free))))
}

func gigabytes(n float64) string { return fmt.Sprintf("%.3g GB", n/1e9) }
