package multispin

import "fmt"

// A Lattice is the geometry of a batch of systems and the way in which words hold it.
//
// Spins are a tensor [sites, Words]: bit r of word w of every site belongs to one system, number 64·w+r, unless Strips is set.
// Sites are numbered row by row, x fastest: site = (z·Y + y)·X + x. Couplings are a tensor [dims, sites, CouplingWords]; the
// word at (k, i) holds the bonds from site i to the next site along axis k, periodically. A length of 2 is allowed: the two
// sites of that axis are then joined by two bonds, each with its own coupling.
//
// With Strips, word w of all sites is one system, 64 times as long along x as the tensor: bit r of the word at x is the spin
// at x + r·X. A step across the end of a row leads to the neighbouring bit of the word at the other end.
type Lattice struct {
	Size          []int // X, Y and, in three dimensions, Z; each even, so that a checkerboard has two colours
	Words         int   // words of a site
	CouplingWords int   // 0: all couplings are +1; 1: one word for all words of spins; Words: its own word for each
	Strips        bool

	// Shared gives all bits of a word one random number and one temperature: a multiple of the speed for independent samples
	// of the couplings at one temperature, one in each bit. Systems of one word are then correlated given their couplings:
	// each may be averaged over, but comparing their spins is wrong, so replicas of a sample must lie in different words.
	Shared bool

	// First is the number of the first word when these are a part of a larger run, whose random numbers they take; 0 otherwise.
	First int
}

// Limits that keep every index and counter in range.
const (
	MaxSpins = 1 << 28 // energies stay below 2³¹
	MaxWords = 1 << 24 // the word's number shares a counter word with the plane's
)

// Check reports the first thing that is wrong with l.
func (l Lattice) Check() error {
	if n := len(l.Size); n != 2 && n != 3 {
		return fmt.Errorf("lattice: %d dimensions: 2 and 3 are allowed", n)
	}
	sites := 1
	for k, n := range l.Size {
		if n < 2 || n%2 != 0 {
			return fmt.Errorf("lattice: length %d along axis %d: it must be even and at least 2", n, k)
		}
		if n > MaxSpins || sites*n > MaxSpins {
			return fmt.Errorf("lattice: size %v: at most %d spins in a system", l.Size, MaxSpins)
		}
		sites *= n
	}
	if l.Strips && sites > MaxSpins/64 {
		return fmt.Errorf("lattice: size %v in 64 strips: at most %d spins in a system", l.Size, MaxSpins)
	}
	if l.Strips && l.Shared {
		return fmt.Errorf("lattice: strips of one system cannot share random numbers")
	}
	if l.Words < 1 || l.Words > MaxWords {
		return fmt.Errorf("lattice: %d words a site: 1 to %d are allowed", l.Words, MaxWords)
	}
	if l.First < 0 || l.First > MaxWords-l.Words || l.First > 0 && (l.Strips || l.Shared) {
		return fmt.Errorf("lattice: %d words before these %d: together at most %d, and none with strips or shared numbers", l.First, l.Words, MaxWords)
	}
	if c := l.CouplingWords; c != 0 && c != 1 && c != l.Words {
		return fmt.Errorf("lattice: %d words a coupling: 0, 1 or the spins' %d are allowed", c, l.Words)
	}
	return nil
}

// Dims is the number of dimensions.
func (l Lattice) Dims() int { return len(l.Size) }

// Sites is the number of sites of the tensor; with Strips a system has 64 times as many spins.
func (l Lattice) Sites() int {
	n := 1
	for _, s := range l.Size {
		n *= s
	}
	return n
}

// Spins is the number of spins of one system.
func (l Lattice) Spins() int {
	if l.Strips {
		return 64 * l.Sites()
	}
	return l.Sites()
}

// Systems is the number of systems.
func (l Lattice) Systems() int {
	if l.Strips {
		return l.Words
	}
	return 64 * l.Words
}

// Length is the length of a system along an axis: 64 times that of the tensor along x with Strips.
func (l Lattice) Length(axis int) int {
	if axis == 0 && l.Strips {
		return 64 * l.Size[0]
	}
	return l.Size[axis]
}

// Place gives the coordinates of spin i of a system: the site's, or with Strips those of bit i mod 64 of site i/64.
func (l Lattice) Place(i int) []int {
	strip := 0
	if l.Strips {
		i, strip = i/64, i%64
	}
	x, y, z := l.xyz(i)
	return []int{x + strip*l.Size[0], y, z}[:l.Dims()]
}

// Next is the spin of a system one step along an axis from spin i, both numbered as in Place.
func (l Lattice) Next(i, axis int) int { return l.neighbour(i, axis, true) }

// Previous is the spin one step back.
func (l Lattice) Previous(i, axis int) int { return l.neighbour(i, axis, false) }

func (l Lattice) neighbour(i, axis int, up bool) int {
	if !l.Strips {
		to, _ := l.next(i, axis, up)
		return to
	}
	to, turn := l.next(i/64, axis, up)
	return 64*to + (i-turn)&63
}

// Spin is spin i of a system, ±1, numbered as in Place.
func (l Lattice) Spin(spins []uint64, system, i int) int {
	w, r := system/64, system%64
	if l.Strips {
		w, r, i = system, i%64, i/64
	}
	return 1 - 2*int(spins[i*l.Words+w]>>r&1)
}

// Turn changes the sign of spin i of a system.
func (l Lattice) Turn(spins []uint64, system, i int) {
	w, r := system/64, system%64
	if l.Strips {
		w, r, i = system, i%64, i/64
	}
	spins[i*l.Words+w] ^= 1 << r
}

// xyz is the place of a site, z = 0 in two dimensions.
func (l Lattice) xyz(site int) (x, y, z int) {
	x = site % l.Size[0]
	y = site / l.Size[0] % l.Size[1]
	return x, y, site / l.Size[0] / l.Size[1]
}

// next is the site one step along axis k, up or down, and the number of places by which bits move to the left on the way:
// bit r of the place arrived at is bit r-turn … of what is stored there. It is zero except with Strips across a row's end.
func (l Lattice) next(site, k int, up bool) (to, turn int) {
	stride := 1
	for _, n := range l.Size[:k] {
		stride *= n
	}
	n := l.Size[k]
	at := site / stride % n
	if up && at < n-1 {
		return site + stride, 0
	}
	if !up && at > 0 {
		return site - stride, 0
	}
	if k == 0 && l.Strips {
		turn = 1
	}
	if up {
		return site - (n-1)*stride, -turn
	}
	return site + (n-1)*stride, turn
}

// check reports tensors that do not fit l.
func (l Lattice) check(spins, couplings []uint64) error {
	if err := l.Check(); err != nil {
		return err
	}
	if want := l.Sites() * l.Words; len(spins) != want {
		return fmt.Errorf("lattice: %d words of spins: %d sites of %d words need %d", len(spins), l.Sites(), l.Words, want)
	}
	if want := l.Dims() * l.Sites() * l.CouplingWords; len(couplings) != want {
		return fmt.Errorf("lattice: %d words of couplings: %d sites of %d words in %d dimensions need %d",
			len(couplings), l.Sites(), l.CouplingWords, l.Dims(), want)
	}
	return nil
}

// ThresholdWords is the size of the thresholds: bit planes [Planes, classes, Words], or with Shared the thresholds themselves,
// [classes, Words].
func (l Lattice) ThresholdWords(rule Rule) int {
	n := rule.Classes(l.Dims()) * l.Words
	if l.Shared {
		return n
	}
	return Planes * n
}

// checkThresholds reports thresholds that do not fit l and rule.
func (l Lattice) checkThresholds(rule Rule, thresholds []uint64) error {
	if rule > HeatBath {
		return fmt.Errorf("lattice: %v: metropolis and heat bath are allowed", rule)
	}
	if want := l.ThresholdWords(rule); len(thresholds) != want {
		return fmt.Errorf("lattice: %d words of thresholds: %d classes of %d words, shared %v, need %d",
			len(thresholds), rule.Classes(l.Dims()), l.Words, l.Shared, want)
	}
	return nil
}

// checkSystems reports a list that does not have one entry for each system.
func (l Lattice) checkSystems(what string, n int) error {
	if n != l.Systems() {
		return fmt.Errorf("lattice: %d %s for %d systems", n, what, l.Systems())
	}
	return nil
}
