// Package mnist reads the MNIST database of handwritten digits (LeCun, Cortes, Burges 1998): 60,000 training and 10,000
// test pictures of 28×28 pixels with their labels, in the four compressed idx files in which it was published.
//
// The files lie in the folder mnist of CAVITY_DATA, or of the user's cache folder for cavity; Fetch puts them there.
package mnist

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"cavity/engine/store"
)

// Pixels is the number of pixels of a picture: 28 rows of 28.
const Pixels = 28 * 28

// Variable is the environment variable that names the folder for data sets.
const Variable = "CAVITY_DATA"

// A Set is one half of the database: Images[k*Pixels+28*row+column] is a grey value of picture k, 0 white to 255 black,
// and Labels[k] its digit.
type Set struct {
	Images []uint8
	Labels []uint8
}

// Len is the number of pictures.
func (s Set) Len() int { return len(s.Labels) }

// file is one of the published files: its MD5 sum as commonly listed for the database, and how many pictures it covers.
type file struct {
	name, md5 string
	count     int
}

var (
	trainImages = file{"train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873", 60000}
	trainLabels = file{"train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432", 60000}
	testImages  = file{"t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3", 10000}
	testLabels  = file{"t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c", 10000}
	files       = []file{trainImages, trainLabels, testImages, testLabels}
)

// Dir is the folder of the files: $CAVITY_DATA/mnist, or cavity/mnist in the user's cache folder.
func Dir() (string, error) {
	if d := os.Getenv(Variable); d != "" {
		return filepath.Join(d, "mnist"), nil
	}
	d, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("mnist: there is no cache folder (%w): set %s to one", err, Variable)
	}
	return filepath.Join(d, "cavity", "mnist"), nil
}

// Check verifies that Dir holds the published files: an error names the first that is missing or has another MD5 sum.
func Check() error {
	dir, err := Dir()
	if err != nil {
		return err
	}
	for _, f := range files {
		name := filepath.Join(dir, f.name)
		b, err := os.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			return missing(name)
		}
		if err == nil {
			err = f.verify(b)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
	}
	return nil
}

func missing(name string) error {
	return fmt.Errorf("%s is missing: `make mnist` fetches it, or %s names a folder whose subfolder mnist holds it", name, Variable)
}

// Load reads both halves from Dir. A missing file is an error that says how to get it.
func Load() (train, test Set, err error) {
	dir, err := Dir()
	if err != nil {
		return Set{}, Set{}, err
	}
	if train, err = loadSet(dir, trainImages, trainLabels); err == nil {
		test, err = loadSet(dir, testImages, testLabels)
	}
	return train, test, err
}

func loadSet(dir string, images, labels file) (Set, error) {
	x, err := load(dir, images, 28, 28)
	if err != nil {
		return Set{}, err
	}
	y, err := load(dir, labels)
	if err != nil {
		return Set{}, err
	}
	for k, digit := range y {
		if digit > 9 {
			return Set{}, fmt.Errorf("%s: label %d is %d: digits are 0 to 9", filepath.Join(dir, labels.name), k, digit)
		}
	}
	return Set{x, y}, nil
}

// load reads one file, whose shape must be [count, rest…].
func load(dir string, f file, rest ...int) ([]uint8, error) {
	name := filepath.Join(dir, f.name)
	if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
		return nil, missing(name)
	}
	a, err := store.ReadIdx(name)
	if err != nil {
		return nil, err
	}
	want := append([]int{f.count}, rest...)
	if fmt.Sprint(a.Shape) != fmt.Sprint(want) {
		return nil, fmt.Errorf("%s: its shape is %v, not %v: it is no file of the MNIST database", name, a.Shape, want)
	}
	v, err := store.Values[uint8](a)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return v, nil
}
