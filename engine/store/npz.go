package store

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"
)

// epoch is the earliest time that a zip archive can hold; every entry carries it, so equal arrays give equal bytes.
var epoch = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// WriteNpz writes arrays as an uncompressed npz archive, in the order given, for numpy.load(file).
// The bytes depend on nothing but the arrays.
func WriteNpz(w io.Writer, arrays []Array) error {
	if err := check(arrays); err != nil {
		return fmt.Errorf("npz: %w", err)
	}
	for _, a := range arrays {
		if strings.ContainsAny(a.Name, "/\\:\x00") {
			return fmt.Errorf("npz: array name %q holds a character that is not allowed in one", a.Name)
		}
	}
	z := zip.NewWriter(w)
	for _, a := range arrays {
		f, err := z.CreateHeader(&zip.FileHeader{Name: a.Name + ".npy", Method: zip.Store, Modified: epoch})
		if err != nil {
			return err
		}
		if err := writeNpy(f, a); err != nil {
			return err
		}
	}
	return z.Close()
}

// ReadNpz reads every array of an npz archive, compressed or not, in the order of the archive.
// Big-endian and Fortran-ordered arrays are converted. Errors name the file by name and the array that is at fault.
func ReadNpz(name string) ([]Array, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %s", name, reason(err))
	}
	arrays, err := DecodeNpz(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return arrays, nil
}

// DecodeNpz is ReadNpz on bytes in memory.
func DecodeNpz(b []byte) ([]Array, error) {
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, fmt.Errorf("not an npz archive, or cut short: %s", strings.TrimPrefix(err.Error(), "zip: "))
	}
	arrays := make([]Array, 0, len(z.File))
	seen := map[string]bool{}
	for _, f := range z.File {
		key := strings.TrimSuffix(f.Name, ".npy")
		if seen[key] {
			return nil, fmt.Errorf("two arrays are called %q", key)
		}
		seen[key] = true
		a, err := readEntry(f)
		if err != nil {
			return nil, fmt.Errorf("array %q: %w", key, err)
		}
		a.Name = key
		arrays = append(arrays, a)
	}
	return arrays, nil
}

func readEntry(f *zip.File) (Array, error) {
	r, err := f.Open()
	if err != nil {
		return Array{}, errors.New(strings.TrimPrefix(err.Error(), "zip: "))
	}
	defer r.Close()
	a, err := readNpy(r)
	if errors.Is(err, zip.ErrChecksum) {
		err = errors.New("its checksum is wrong: the file is damaged")
	}
	return a, err
}

// reason strips what os errors repeat: the operation and the path, which our sentences name already.
func reason(err error) string {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err.Error()
	}
	if l, ok := errors.AsType[*os.LinkError](err); ok {
		return l.Err.Error()
	}
	return err.Error()
}
