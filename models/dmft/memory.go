package dmft

import (
	"cmp"

	"cavity/engine"
)

// MemoryLimit bounds what a solver may allocate, in bytes; solvers say before they start how much they need.
// It is the memory that is free when the program starts, or 8 GiB where that is not told.
var MemoryLimit = cmp.Or(engine.FreeMemory(), 8<<30)

// checkMemory refuses a need of bytes beyond the limit; remedy says what to ask for instead.
func checkMemory(need float64, what, remedy string) error {
	if err := engine.Room("dmft: "+what, need, MemoryLimit); err != nil {
		return engine.Shortage(err.Error() + ": use " + remedy)
	}
	return nil
}
