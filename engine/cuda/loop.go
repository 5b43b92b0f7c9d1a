package cuda

import (
	"fmt"
	"strings"

	"cavity/engine"
	"cavity/engine/cuda/ptx"
)

// maxThreads bounds the elements of one launch: a thread's number is a 32-bit word.
const maxThreads = 1<<31 - 1<<10

// A writer turns one loop into PTX. Every value of the loop is a register of its own, which the driver's compiler places.
type writer struct {
	bits    int
	code    strings.Builder
	buffers []engine.Buffer
	pointer map[engine.Operand]int // of a place without its temporary: its parameter
	loaded  map[engine.Operand]string
	temps   map[int]string
	values  int
	uses    map[engine.OperandKind]bool
}

// key names what an operand refers to, comparable: the memory, the offset, and how it is indexed.
func key(o engine.Operand) engine.Operand {
	return engine.Operand{Kind: o.Kind, Buf: engine.Buffer{Mem: o.Buf.Mem, Off: o.Buf.Off}}
}
