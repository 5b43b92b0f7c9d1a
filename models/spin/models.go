package spin

import (
	"fmt"

	"cavity/engine/rng"
)

// A Model makes instances of one Hamiltonian: sample 0, 1, 2 … of its disorder, always the same for the same seed.
// A model without disorder makes the same instance every time.
type Model interface {
	// Name is the model's name on the command line, with its size: "ea3d L=8".
	Name() string
	// Spins is the number of spins of an instance.
	Spins() int
	// Check reports settings out of range, before anything is drawn.
	Check() error
	// Couplings is one instance.
	Couplings(seed uint64, sample int) (Couplings, error)
}

// A Lattice is a model on a periodic hypercubic lattice, with sites numbered row by row, x fastest.
type Lattice interface {
	Model
	// Side is the number of sites along an axis, Dims the number of axes.
	Side() int
	Dims() int
	// Strengths gives the couplings of one instance by their bonds: bond k·N + i starts at site i along axis k.
	Strengths(seed uint64, sample int) (func(bond int) float64, error)
}

// A Matrix is a model that couples all pairs. Its instances are made row by row, so that no list of bonds is needed.
type Matrix interface {
	Model
	// Rows gives a function that writes J_ij for j > i into dst[j], dst having one entry for each spin.
	Rows(seed uint64, sample int) (func(i int, dst []float64), error)
}

// listLattice is an instance of a lattice as a list of bonds.
func listLattice(m Lattice, seed uint64, sample int) (Couplings, error) {
	f, err := m.Strengths(seed, sample)
	if err != nil {
		return Couplings{}, err
	}
	return Couplings{N: m.Spins(), Bonds: cube{m.Side(), m.Dims()}.bonds(f)}, nil
}

// listMatrix is an instance of a matrix as a list of bonds, zeros left out.
func listMatrix(m Matrix, seed uint64, sample int) (Couplings, error) {
	rows, err := m.Rows(seed, sample)
	if err != nil {
		return Couplings{}, err
	}
	n := m.Spins()
	c := Couplings{N: n, Bonds: make([]Bond, 0, n*(n-1)/2)}
	row := make([]float64, n)
	for i := range n {
		rows(i, row)
		for j := i + 1; j < n; j++ {
			if row[j] != 0 {
				c.Bonds = append(c.Bonds, Bond{int32(i), int32(j), row[j]})
			}
		}
	}
	return c, nil
}

// Streams of random numbers for the disorder, at the host's own stage.
const (
	setupStage     = 255
	couplingStream = 1
	spinStream     = 2
)

// disorder is the stream of one sample.
func disorder(seed uint64, sample int) rng.Stream {
	return rng.At(seed, uint64(sample), setupStage, couplingStream)
}

// cube describes a periodic lattice.
type cube struct{ L, D int }

func (c cube) Spins() int {
	n := 1
	for range c.D {
		n *= c.L
	}
	return n
}

func (c cube) check() error {
	if c.D != 2 && c.D != 3 {
		return fmt.Errorf("%d dimensions: 2 or 3", c.D)
	}
	if most := []int{2: 1 << 13, 3: 1 << 8}[c.D]; c.L < 2 || c.L > most {
		return fmt.Errorf("lattice side %d: 2 to %d in %d dimensions", c.L, most, c.D)
	}
	return nil
}

// bonds lists the bonds from every site to the next one along each axis: bond k·N + i starts at site i along axis k.
// On a side of 2 the two bonds between the same sites are added up.
func (c cube) bonds(strength func(bond int) float64) []Bond {
	n := c.Spins()
	list := make([]Bond, 0, c.D*n)
	stride := 1
	for k := range c.D {
		for i := range n {
			j := i + stride
			if i/stride%c.L == c.L-1 {
				j -= stride * c.L
			}
			x := strength(k*n + i)
			if c.L == 2 && j < i {
				list[k*n/2+halfIndex(j, stride)].Strength += x
				continue
			}
			list = append(list, Bond{int32(min(i, j)), int32(max(i, j)), x})
		}
		stride *= c.L
	}
	return list
}

// halfIndex numbers the sites whose coordinate along the axis of this stride is 0, on a lattice of side 2.
func halfIndex(i, stride int) int { return i/(2*stride)*stride + i%stride }
