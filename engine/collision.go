package engine

import (
	"fmt"
	"reflect"

	"gorgonia.org/gorgonia"
)

// stockOp reports whether an operation is gorgonia's own.
func stockOp(op gorgonia.Op) bool {
	t := reflect.TypeOf(op)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.PkgPath() == "gorgonia.org/gorgonia"
}

// checkHashes reports two different operations with one 32-bit hash: gorgonia would merge or lose one of them.
func checkHashes(g *gorgonia.ExprGraph) error {
	ops := map[uint32]gorgonia.Op{}
	nodes := map[uint32]*gorgonia.Node{}
	for _, n := range g.AllNodes() {
		h := n.Hashcode()
		if o := nodes[h]; o != nil && o != n {
			return fmt.Errorf("nodes %q and %q have the same 32-bit hash %#x: gorgonia cannot tell them apart; rename an input", o.Name(), n.Name(), h)
		}
		nodes[h] = n
		op := n.Op()
		if op == nil {
			continue
		}
		if stockOp(op) {
			continue // gorgonia's own hashes leave parameters out, but then the nodes' shapes or children tell them apart
		}
		h = op.Hashcode()
		if o := ops[h]; o == nil {
			ops[h] = op
		} else if o.String() != op.String() || opType(o) != opType(op) {
			return fmt.Errorf("operations %s %q and %s %q have the same 32-bit hash %#x: WriteHash must write every parameter", opType(o), o, opType(op), op, h)
		}
	}
	return nil
}
