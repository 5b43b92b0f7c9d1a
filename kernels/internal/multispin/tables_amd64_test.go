package multispin

import (
	"testing"
	"unsafe"
)

// Tables lie side by side, and no vector of any may straddle two cache lines.
func TestTablesAreAligned(t *testing.T) {
	if n := unsafe.Sizeof(wideTables{}); n%64 != 0 {
		t.Errorf("tables of %d bytes", n)
	}
}
