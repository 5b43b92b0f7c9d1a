package spin

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/expr"
	"cavity/engine/rng"
	"cavity/kernels"
)

type node = expr.Node

// A carrier is one way to hold instances and walkers in a Program: dense couplings, a sparse graph, a lattice with 64
// spins a word.
type carrier interface {
	// name tells meta.json and the user what was chosen.
	name() string
	// bytes is the memory needed.
	bytes() int64
	// sweep is the next state from the slot "state"; index says which temperature each walker has.
	sweep(g *graph) node
	// follow names slots that depend on which temperature a ladder gives to each walker, where follows says that there are
	// any; retune writes what depends on the temperatures themselves.
	follows() bool
	follow(g *graph, ladder node) map[string]node
	retune(p *engine.Program, betas []float64) error
	// energies is H of every walker, float64 [systems, walkers].
	energies(g *graph) node
	// observe names further measured values, float64 with leading axis systems, and the slots for them.
	observe(g *graph) map[string]node
	// fill writes the couplings, randomise first spins, others for every run.
	fill(p *engine.Program) error
	randomise(p *engine.Program, run int) error
	// refresh is the state with what follows from its spins, such as local fields, computed afresh; nil where nothing does.
	// The first sweep does that too.
	refresh(g *graph) node
	// resample is the state in which every walker has what its parent had, of the same system.
	resample(g *graph, parents node) node
	// infinite is the variance of H at infinite temperature, and disordered whether samples differ.
	infinite(system int) float64
	disordered() bool
	// spins copies the spins ±1 of some walkers.
	spins(from reader, of []walker, s [][]int8) error
}

// A walker is one replica of a system: number copy·temperatures + w.
type walker struct{ system, number int }

// A reader gives slots as they are now, or as they were at the last measurement.
type reader interface {
	Slots() map[string]engine.Buffer
	Read(slot string, dst any) error
	ReadAt(slot string, at int, dst any) error
}

// batch is the size of a tempering.
type batch struct {
	systems, copies, temperatures, n int
	rule                             kernels.Rule
	seed                             uint64
	move                             Move
	graphMoves                       bool // a move needs a sparse graph
	shared                           bool // the samples of a word share random numbers
}

func (b batch) walkers() int { return b.copies * b.temperatures }

// Streams of random numbers in the Program's stages.
const (
	sweepStream    = 1
	exchangeStream = 2
	houdayerStream = 3
)

// graph builds one stage for a batch of walkers.
type graph struct {
	*expr.Graph
	batch
}

func newGraph(b batch) *graph { return &graph{expr.New(tensor.Float64), b} }

func (g *graph) beta() node { return g.Typed("beta", tensor.Float64, g.temperatures) }
func (g *graph) ladder() node {
	return g.Typed("ladder", tensor.Int32, kernels.LadderRows, g.systems, g.copies, g.temperatures)
}

// indexOf is a ladder's first row: the temperature of every walker, int32 [systems, walkers].
func (g *graph) indexOf(ladder node) node {
	row := g.Do(func() (node, error) { return gorgonia.Slice(ladder, gorgonia.S(kernels.LadderAt)) })
	return g.Do(func() (node, error) { return gorgonia.Reshape(row, tensor.Shape{g.systems, g.walkers()}) })
}

// randomSpins fills s with the first spins of a walker, ±1 from its stream (top bit set: -1).
func (b batch) randomSpins(run, system, walker int, s []int8) {
	st := rng.At(b.seed, uint64(run)<<24+uint64(system), setupStage, spinStream)
	at := uint64(walker) * uint64(len(s))
	var words [256]uint32
	for i := 0; i < len(s); i += len(words) {
		part := words[:min(len(words), len(s)-i)]
		st.FillUint32(part, at+uint64(i))
		for k, w := range part {
			s[i+k] = 1 - 2*int8(w>>31)
		}
	}
}
