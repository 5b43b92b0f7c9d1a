package kernels_test

import (
	"strings"
	"testing"

	"cavity/kernels"
	"cavity/kernels/kerneltest"
)

// lattice is the periodic l×l square lattice.
func lattice(l int32) []kernels.Edge {
	var edges []kernels.Edge
	for i := range l * l {
		x, y := i%l, i/l
		edges = append(edges, kernels.Edge{I: i, J: y*l + (x+1)%l}, kernels.Edge{I: i, J: (y+1)%l*l + x})
	}
	return edges
}

func TestColouring(t *testing.T) {
	random, err := kerneltest.RandomGraph(3, 60, 400)
	if err != nil {
		t.Fatal(err)
	}
	square, err := kernels.NewGraph(64, lattice(8))
	if err != nil {
		t.Fatal(err)
	}
	if square.Colours() != 2 {
		t.Errorf("a lattice of even size got %d colours", square.Colours())
	}
	for _, g := range []*kernels.Graph{random, square} {
		order, starts := g.Order(0)
		offsets, neighbours := g.Adjacency(0)
		of := map[int32]int{}
		for c := range len(starts) - 1 {
			for _, i := range order[starts[c]:starts[c+1]] {
				if _, twice := of[i]; twice {
					t.Errorf("site %d is visited twice", i)
				}
				of[i] = c
			}
		}
		if len(of) != g.Sites() {
			t.Errorf("%d of %d sites are visited", len(of), g.Sites())
		}
		for i := range g.Sites() {
			for _, j := range neighbours[offsets[i]:offsets[i+1]] {
				if of[int32(i)] == of[j] {
					t.Errorf("neighbours %d and %d share colour %d", i, j, of[j])
				}
			}
		}
	}
}

func TestGraphRefuses(t *testing.T) {
	for want, edges := range map[string][]kernels.Edge{
		"edge 1 joins site 2 to itself":                      {{I: 0, J: 1}, {I: 2, J: 2}},
		"edge 2 joins sites 1 and 0 for the second time":     {{I: 0, J: 1}, {I: 1, J: 2}, {I: 1, J: 0}},
		"edge 0 joins sites 0 and 3: they must be from 0 to": {{I: 0, J: 3}},
		"edge 0 joins sites -1 and 0":                        {{I: -1, J: 0}},
	} {
		if _, err := kernels.NewGraph(3, edges); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: error %v, want %q", edges, err, want)
		}
	}
	if _, err := kernels.NewGraph(0, nil); err == nil {
		t.Error("a graph without sites was accepted")
	}
	g, err := kernels.NewGraph(4, nil)
	if err != nil || g.Colours() != 1 {
		t.Errorf("no edges: %v, %d colours", err, g.Colours())
	}
}
