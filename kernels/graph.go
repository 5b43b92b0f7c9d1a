package kernels

import (
	"fmt"
	"hash/fnv"
	"slices"
	"unsafe"

	"cavity/kernels/internal/sparse"
)

// An Edge joins two sites.
type Edge struct{ I, J int32 }

// A Graph is what the sparse kernels know of who neighbours whom: one list of edges for all systems, or one for each.
// It does not change once it is made.
type Graph struct {
	sites, entries, colours int
	topologies              []sparse.Topology
	entry                   [][][2]int32 // of every system's edges: where its two directions are among the entries
	sum                     uint64
}

// NewGraph makes a graph of n sites from a list of edges, or from one list for each system, and colours it: sites in order
// of falling degree take the first colour that no neighbour has. Sites of one colour are visited together.
func NewGraph(n int, systems ...[]Edge) (*Graph, error) {
	if n < 1 || len(systems) == 0 {
		return nil, fmt.Errorf("graph: %d sites and %d lists of edges: at least 1 of each", n, len(systems))
	}
	g := &Graph{sites: n, entries: 1}
	h := fnv.New64a()
	for q, edges := range systems {
		t, entry, err := topology(n, edges)
		if err != nil {
			return nil, fmt.Errorf("graph of system %d: %w", q, err)
		}
		g.topologies = append(g.topologies, t)
		g.entry = append(g.entry, entry)
		g.entries = max(g.entries, len(t.Neighbours))
		g.colours = max(g.colours, len(t.Colours)-1)
		for _, x := range [][]int32{t.Offsets, t.Neighbours} {
			h.Write(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(x))), 4*len(x)))
		}
	}
	g.sum = h.Sum64()
	return g, nil
}

// topology sorts the edges by site and colours the sites.
func topology(n int, edges []Edge) (sparse.Topology, [][2]int32, error) {
	t := sparse.Topology{Offsets: make([]int32, n+1), Neighbours: make([]int32, max(1, 2*len(edges)))}
	for k, e := range edges {
		if e.I < 0 || e.J < 0 || int(e.I) >= n || int(e.J) >= n {
			return t, nil, fmt.Errorf("edge %d joins sites %d and %d: they must be from 0 to %d", k, e.I, e.J, n-1)
		}
		if e.I == e.J {
			return t, nil, fmt.Errorf("edge %d joins site %d to itself", k, e.I)
		}
		t.Offsets[e.I+1]++
		t.Offsets[e.J+1]++
	}
	for i := range n {
		t.Offsets[i+1] += t.Offsets[i]
	}
	next := slices.Clone(t.Offsets[:n])
	entry := make([][2]int32, len(edges))
	for k, e := range edges {
		if slices.Contains(t.Neighbours[t.Offsets[e.I]:next[e.I]], e.J) {
			return t, nil, fmt.Errorf("edge %d joins sites %d and %d for the second time", k, e.I, e.J)
		}
		entry[k] = [2]int32{next[e.I], next[e.J]}
		t.Neighbours[next[e.I]], t.Neighbours[next[e.J]] = e.J, e.I
		next[e.I]++
		next[e.J]++
	}
	colour(n, &t)
	return t, entry, nil
}

// colour orders the sites by colour, by site within one.
func colour(n int, t *sparse.Topology) {
	degree := func(i int32) int32 { return t.Offsets[i+1] - t.Offsets[i] }
	order := make([]int32, n)
	of := make([]int32, n)
	for i := range order {
		order[i], of[i] = int32(i), -1
	}
	slices.SortStableFunc(order, func(a, b int32) int { return int(degree(b)) - int(degree(a)) })
	taken := []int{} // per colour: the last site in order that could not take it, plus one
	for k, i := range order {
		for _, j := range t.Neighbours[t.Offsets[i]:t.Offsets[i+1]] {
			if of[j] >= 0 {
				taken[of[j]] = k + 1
			}
		}
		c := slices.IndexFunc(taken, func(last int) bool { return last != k+1 })
		if c < 0 {
			c = len(taken)
			taken = append(taken, 0)
		}
		of[i] = int32(c)
	}
	t.Colours = make([]int32, len(taken)+1)
	for _, c := range of {
		t.Colours[c+1]++
	}
	for c := range taken {
		t.Colours[c+1] += t.Colours[c]
	}
	next := slices.Clone(t.Colours)
	for i, c := range of {
		order[next[c]] = int32(i)
		next[c]++
	}
	t.Order = order
}

// Sites is the number of sites, Entries the length of a system's row of weights, Colours the number of colours.
func (g *Graph) Sites() int   { return g.sites }
func (g *Graph) Entries() int { return g.entries }
func (g *Graph) Colours() int { return g.colours }

// Lists is the number of lists of edges that the graph was made of: 1 when all systems share one.
func (g *Graph) Lists() int { return len(g.topologies) }

// Adjacency lists the edges of a system from both ends: the neighbours of site i are neighbours[offsets[i]:offsets[i+1]].
// The slices must not be changed.
func (g *Graph) Adjacency(system int) (offsets, neighbours []int32) {
	t := g.of(system)
	return t.Offsets, t.Neighbours
}

// Order lists the sites of a system by colour; colour c has the positions from starts[c] to starts[c+1]. The slices must
// not be changed.
func (g *Graph) Order(system int) (sites, starts []int32) {
	t := g.of(system)
	return t.Order, t.Colours
}

func (g *Graph) of(system int) *sparse.Topology {
	if len(g.topologies) == 1 {
		return &g.topologies[0]
	}
	return &g.topologies[system]
}

// Spread writes the weights of a system's edges, in the order in which NewGraph got them, to that system's row of weights
// [Entries].
func (g *Graph) Spread(system int, weights, row []float32) error {
	entry := g.entry[min(system, len(g.entry)-1)]
	if len(weights) != len(entry) || len(row) != g.entries {
		return fmt.Errorf("graph: %d weights for %d edges, %d entries for %d", len(weights), len(entry), len(row), g.entries)
	}
	clear(row)
	for k, e := range entry {
		row[e[0]], row[e[1]] = weights[k], weights[k]
	}
	return nil
}
