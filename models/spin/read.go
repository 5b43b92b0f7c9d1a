package spin

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// maxSpins bounds what a coupling file may ask for.
const maxSpins = 1 << 26

// Couplings are float32 in most layouts: smaller ones would vanish, and sums over larger ones be infinite.
const leastCoupling, mostCoupling = 1e-30, 1e30

// Read reads couplings as lines `i j J`, with fields as `i i h` and indices from 0; `#` starts a comment. J and h are 0 or 1e-30 to 1e30
// in size. The number of
// spins is one more than the largest index. Errors name the line.
func Read(r io.Reader) (Couplings, error) {
	var c Couplings
	fields := map[int]float64{}
	seen := map[[2]int]int{}
	err := eachLine(r, func(line int, f []string) error {
		if len(f) != 3 {
			return fmt.Errorf("%d columns where `i j J` are expected", len(f))
		}
		i, j, x, err := bond(f, 0)
		if err != nil {
			return err
		}
		if at, again := seen[[2]int{min(i, j), max(i, j)}]; again {
			return fmt.Errorf("spins %d and %d were given in line %d", i, j, at)
		}
		seen[[2]int{min(i, j), max(i, j)}] = line
		c.N = max(c.N, i+1, j+1)
		if i == j {
			fields[i] = x
			return nil
		}
		c.Bonds = append(c.Bonds, Bond{int32(min(i, j)), int32(max(i, j)), x})
		return nil
	})
	if err != nil {
		return c, err
	}
	if c.N == 0 {
		return c, fmt.Errorf("no couplings")
	}
	if len(fields) > 0 {
		c.Fields = make([]float64, c.N)
		for i, h := range fields {
			c.Fields[i] = h
		}
	}
	return c, c.Check()
}

// ReadRudy reads a graph in the format of the G-set: a line `N M`, then M lines `i j w` with indices from 1; w may be left
// out and is then 1. The couplings are J_ij = -w_ij, so that a ground state of energy E is a cut of weight (Σw - E)/2:
// Max-Cut as a spin glass. Further words in the first line are ignored.
func ReadRudy(r io.Reader) (Couplings, error) {
	var c Couplings
	bonds := -1
	seen := map[[2]int]int{}
	err := eachLine(r, func(line int, f []string) error {
		if bonds < 0 {
			n, err1 := strconv.Atoi(f[0])
			m, err2 := 0, error(nil)
			if len(f) > 1 {
				m, err2 = strconv.Atoi(f[1])
			}
			if len(f) < 2 || err1 != nil || err2 != nil || n < 1 || n > maxSpins || m < 0 {
				return fmt.Errorf("%q where the numbers of vertices and edges are expected", strings.Join(f, " "))
			}
			c.N, bonds = n, m
			return nil
		}
		if len(f) == 2 {
			f = append(f, "1")
		}
		if len(f) != 3 {
			return fmt.Errorf("%d columns where `i j w` are expected", len(f))
		}
		i, j, w, err := bond(f, 1)
		if err != nil {
			return err
		}
		if i == j {
			return fmt.Errorf("vertex %d has an edge to itself", i+1)
		}
		if max(i, j) >= c.N {
			return fmt.Errorf("vertex %d of a graph of %d", max(i, j)+1, c.N)
		}
		if at, again := seen[[2]int{min(i, j), max(i, j)}]; again {
			return fmt.Errorf("the edge %d %d was given in line %d", i+1, j+1, at)
		}
		seen[[2]int{min(i, j), max(i, j)}] = line
		c.Bonds = append(c.Bonds, Bond{int32(min(i, j)), int32(max(i, j)), -w})
		return nil
	})
	if err != nil {
		return c, err
	}
	if bonds < 0 {
		return c, fmt.Errorf("no graph")
	}
	if len(c.Bonds) != bonds {
		return c, fmt.Errorf("%d edges where the first line promises %d", len(c.Bonds), bonds)
	}
	return c, c.Check()
}

// Cut is the weight of the cut that a configuration makes in a graph read by ReadRudy: Σ over cut edges of w = -J.
func (c *Couplings) Cut(energy float64) float64 {
	sum := 0.0
	for _, b := range c.Bonds {
		sum -= b.Strength
	}
	return (sum - energy) / 2
}

func eachLine(r io.Reader, f func(line int, fields []string) error) error {
	sc := bufio.NewScanner(r)
	sc.Buffer(make([]byte, 64<<10), 1<<20)
	line := 0
	for sc.Scan() {
		line++
		text, _, _ := strings.Cut(sc.Text(), "#")
		fields := strings.Fields(text)
		if len(fields) == 0 {
			continue
		}
		if err := f(line, fields); err != nil {
			return fmt.Errorf("line %d: %w", line, err)
		}
	}
	if err := sc.Err(); err != nil {
		return fmt.Errorf("line %d: %w", line+1, err)
	}
	return nil
}

// bond reads two indices, the first being base, and a finite number.
func bond(f []string, base int) (i, j int, x float64, err error) {
	var at [2]int
	for k := range at {
		v, err := strconv.Atoi(f[k])
		if err != nil {
			return 0, 0, 0, fmt.Errorf("%q is not an index", f[k])
		}
		if v < base || v-base >= maxSpins {
			return 0, 0, 0, fmt.Errorf("index %d is not between %d and %d", v, base, maxSpins-1+base)
		}
		at[k] = v - base
	}
	x, err = strconv.ParseFloat(f[2], 64)
	if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
		return 0, 0, 0, fmt.Errorf("%q is not a finite number", f[2])
	}
	if size := math.Abs(x); size != 0 && (size < leastCoupling || size > mostCoupling) {
		return 0, 0, 0, fmt.Errorf("%q is out of range: 0, or %g to %g in size", f[2], leastCoupling, mostCoupling)
	}
	return at[0], at[1], x, nil
}
