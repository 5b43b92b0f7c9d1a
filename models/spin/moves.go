package spin

import "fmt"

// A Move is how a sweep turns spins.
type Move int

// Flips attempts to turn every spin once. SwendsenWang turns every cluster of joined spins with probability 1/2, Wolff one
// cluster of a random spin: both lose their slowness near Tc only without frustration, and work on sparse graphs.
const (
	Flips Move = iota
	SwendsenWang
	Wolff
)

// Moves are the names of the moves, in order.
var Moves = []string{"flips", "swendsen-wang", "wolff"}

// String is the name of the move.
func (m Move) String() string {
	if m < 0 || int(m) >= len(Moves) {
		return fmt.Sprintf("move %d", int(m))
	}
	return Moves[m]
}

// checkMoves refuses moves that do not exist or that the other settings exclude.
func (t *Tempering) checkMoves() error {
	if t.Move < 0 || int(t.Move) >= len(Moves) {
		return fmt.Errorf("spin: %v: there are %v", t.Move, Moves)
	}
	if t.Houdayer && t.Copies < 2 {
		return fmt.Errorf("spin: houdayer moves exchange clusters between copies: at least 2 copies, not %d", t.Copies)
	}
	if t.Move != Flips && t.Layout != "" && t.Layout != "auto" && t.Layout != "sparse" {
		return fmt.Errorf("spin: cluster moves work on a sparse graph, not with layout %s", t.Layout)
	}
	if t.Houdayer && t.Layout != "" && t.Layout != "auto" && t.Layout != "sparse" && t.Layout != "lattice" {
		return fmt.Errorf("spin: houdayer moves work on a lattice or a sparse graph, not with layout %s", t.Layout)
	}
	return nil
}
