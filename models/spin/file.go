package spin

import (
	"fmt"
	"os"
	"path/filepath"
)

// File is an instance read from a file: see [Read] and, with MaxCut, [ReadRudy].
type File struct {
	Path   string
	MaxCut bool

	c Couplings
}

// Open reads the file; the error names it and the line.
func Open(path string, maxCut bool) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("spin: %w", err)
	}
	defer f.Close()
	read := Read
	if maxCut {
		read = ReadRudy
	}
	c, err := read(f)
	if err != nil {
		return nil, fmt.Errorf("spin: %s: %w", path, err)
	}
	return &File{Path: path, MaxCut: maxCut, c: c}, nil
}

// Name is "file" with the file's base name.
func (m *File) Name() string { return "file " + filepath.Base(m.Path) }

// Spins is the number of spins.
func (m *File) Spins() int { return m.c.N }

// Check is nil: the file was checked when it was read.
func (m *File) Check() error { return nil }

// Cut is the weight of the cut that a state of this energy makes in a graph read with MaxCut.
func (m *File) Cut(energy float64) float64 { return m.c.Cut(energy) }

// EnergyOfCut is the energy of a state that makes a cut of this weight.
func (m *File) EnergyOfCut(cut float64) float64 { return 2*m.c.Cut(0) - 2*cut }

// FieldScale is that of the couplings.
func (m *File) FieldScale() float64 { return m.c.FieldScale() }

// Couplings is the same for every sample.
func (m *File) Couplings(uint64, int) (Couplings, error) { return m.c, nil }
