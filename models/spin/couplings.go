package spin

import (
	"fmt"
	"math"
	"slices"
	"sort"
)

// A Bond couples two different spins.
type Bond struct {
	I, J     int32 // I < J after Couplings.Check
	Strength float64
}

// Couplings is one instance of H = -Σ_{i<j} J_ij s_i s_j - Σ_i h_i s_i: a sample of the disorder.
type Couplings struct {
	N      int
	Bonds  []Bond
	Fields []float64 // nil: no fields
}

// Check orders the bonds and refuses what is no Hamiltonian: indices out of range, self couplings, a pair given twice,
// numbers that are not finite.
func (c *Couplings) Check() error {
	if c.N < 1 || c.N > math.MaxInt32 {
		return fmt.Errorf("spin: %d spins: at least 1", c.N)
	}
	if c.Fields != nil && len(c.Fields) != c.N {
		return fmt.Errorf("spin: %d fields for %d spins", len(c.Fields), c.N)
	}
	for i, h := range c.Fields {
		if math.IsNaN(h) || math.IsInf(h, 0) {
			return fmt.Errorf("spin: the field of spin %d is %v", i, h)
		}
	}
	for k := range c.Bonds {
		b := &c.Bonds[k]
		if b.I > b.J {
			b.I, b.J = b.J, b.I
		}
		switch {
		case b.I < 0 || int(b.J) >= c.N:
			return fmt.Errorf("spin: bond %d %d: spins are numbered 0 to %d", b.I, b.J, c.N-1)
		case b.I == b.J:
			return fmt.Errorf("spin: spin %d is coupled to itself", b.I)
		case math.IsNaN(b.Strength) || math.IsInf(b.Strength, 0):
			return fmt.Errorf("spin: bond %d %d has strength %v", b.I, b.J, b.Strength)
		}
	}
	sort.Slice(c.Bonds, func(a, b int) bool {
		x, y := c.Bonds[a], c.Bonds[b]
		return x.I < y.I || x.I == y.I && x.J < y.J
	})
	for k := 1; k < len(c.Bonds); k++ {
		if a, b := c.Bonds[k-1], c.Bonds[k]; a.I == b.I && a.J == b.J {
			return fmt.Errorf("spin: spins %d and %d are coupled twice", a.I, a.J)
		}
	}
	return nil
}

// Energy is H of a configuration of spins ±1.
func (c *Couplings) Energy(s []int8) float64 {
	e := 0.0
	for _, b := range c.Bonds {
		e -= b.Strength * float64(s[b.I]) * float64(s[b.J])
	}
	for i, h := range c.Fields {
		e -= h * float64(s[i])
	}
	return e
}

// Dense is the symmetric matrix J_ij in rows of the given stride, with a zero diagonal.
func (c *Couplings) Dense(stride int) []float32 {
	m := make([]float32, c.N*stride)
	for _, b := range c.Bonds {
		m[int(b.I)*stride+int(b.J)] = float32(b.Strength)
		m[int(b.J)*stride+int(b.I)] = float32(b.Strength)
	}
	return m
}

// Neighbours lists for each spin the spins to which it is coupled, with the strengths.
func (c *Couplings) Neighbours() (start []int32, spin []int32, strength []float64) {
	start = make([]int32, c.N+1)
	for _, b := range c.Bonds {
		start[b.I+1]++
		start[b.J+1]++
	}
	for i := range c.N {
		start[i+1] += start[i]
	}
	spin, strength = make([]int32, start[c.N]), make([]float64, start[c.N])
	at := append([]int32{}, start[:c.N]...)
	put := func(i, j int32, x float64) {
		spin[at[i]], strength[at[i]] = j, x
		at[i]++
	}
	for _, b := range c.Bonds {
		put(b.I, b.J, b.Strength)
		put(b.J, b.I, b.Strength)
	}
	return start, spin, strength
}

// variance is the variance of H over all states alike, ΣJ² + Σh²: minus the slope of <H> at β = 0.
func (c *Couplings) variance() float64 {
	v := 0.0
	for _, b := range c.Bonds {
		v += b.Strength * b.Strength
	}
	for _, h := range c.Fields {
		v += h * h
	}
	return v
}

// FieldScale is the root mean square of the local fields of random spins, √((2ΣJ² + Σh²)/N): the scale of temperatures at which
// spins begin to freeze, 1 for the SK model.
func (c *Couplings) FieldScale() float64 {
	square := 0.0
	for _, b := range c.Bonds {
		square += 2 * b.Strength * b.Strength
	}
	for _, h := range c.Fields {
		square += h * h
	}
	return math.Sqrt(square / float64(c.N))
}

// differ reports whether samples are not all the same instance.
func differ(samples []Couplings) bool {
	for _, c := range samples[1:] {
		if !slices.Equal(c.Bonds, samples[0].Bonds) {
			return true
		}
	}
	return false
}
