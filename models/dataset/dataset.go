// Package dataset loads labelled pictures for the models that learn: MNIST, a built-in set of small digits, and users' own
// files in the idx and npz formats.
package dataset

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"cavity/models/mnist"
)

// A Set is pictures of one size with their classes, in a part to learn from and a part to test with.
type Set struct {
	Name          string
	Source        string // where the pictures come from and how they were parted, in a sentence, for the record of a run
	Height, Width int    // pixels
	Classes       int    // labels are 0 … Classes-1; 0: there are no labels
	Train, Test   Part
}

// A Part of a set: Images[k·Height·Width + Width·row + column] is a grey value of picture k, 0 … 255, Labels[k] its class.
// Without labels Labels is nil.
type Part struct {
	Images, Labels []uint8
	Count          int // pictures
}

// Pixels is the number of pixels of a picture.
func (s *Set) Pixels() int { return s.Height * s.Width }

// Head is the first n pictures, or all when there are fewer.
func (p Part) Head(n int) Part { return p.cut(0, min(n, p.Count)) }

// Spread is n pictures at equal distances, or all when there are fewer: unlike the first n they show no drift of the collection.
func (p Part) Spread(n int) Part {
	if n >= p.Count {
		return p
	}
	q := Part{Count: n}
	for k := range n {
		one := p.cut(k*p.Count/n, k*p.Count/n+1)
		q.Images, q.Labels = append(q.Images, one.Images...), append(q.Labels, one.Labels...)
	}
	return q
}

// Split is the pictures before number n, and the others.
func (p Part) Split(n int) (before, from Part) { return p.cut(0, n), p.cut(n, p.Count) }

// cut is pictures from … to-1.
func (p Part) cut(from, to int) Part {
	if p.Count == 0 {
		return p
	}
	pixels := len(p.Images) / p.Count
	q := Part{Images: p.Images[from*pixels : to*pixels], Count: to - from}
	if p.Labels != nil {
		q.Labels = p.Labels[from:to]
	}
	return q
}

// Load returns the set that a name stands for:
//
//	mnist    the MNIST database, from the cache that `make mnist` fills (MD5 sums are checked)
//	digits   the built-in set, see [Digits]: 16×16 pixels, 4,000 and 1,000 pictures
//	PATH     an idx file, plain or compressed, of images (magic number 0x00000803), or an npz archive
//
// An idx file named …images-idx3… is accompanied by its labels …labels-idx1… in the same folder, and one named train… by its
// test set t10k…, where those exist. An npz archive holds x_train, y_train, x_test, y_test, or images, labels and
// test_images, test_labels; only the first is needed. Pixels are bytes, integers 0 … 255, or floats 0 … 1. A set
// without a test part gives its last sixth to it. Errors name the file and what is wrong with it.
func Load(name string) (*Set, error) {
	switch {
	case name == "mnist":
		return loadMNIST()
	case name == "digits":
		return Digits(16, 4000, 1000, 1)
	case name == "":
		return nil, errors.New("dataset: no name: mnist, digits, or the path of an idx, idx.gz or npz file")
	}
	if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("dataset: there is no file %q: mnist, digits, or the path of an idx, idx.gz or npz file", name)
	}
	if strings.HasSuffix(name, ".npz") {
		return loadNpz(name)
	}
	return loadIdx(name)
}

func loadMNIST() (*Set, error) {
	if err := mnist.Check(); err != nil {
		return nil, err
	}
	train, test, err := mnist.Load()
	if err != nil {
		return nil, err
	}
	return &Set{Name: "mnist", Source: "MNIST, 60,000 training and 10,000 test pictures as published", Height: 28, Width: 28, Classes: 10,
		Train: Part{train.Images, train.Labels, train.Len()}, Test: Part{test.Images, test.Labels, test.Len()}}, nil
}

// finish checks that the parts fit, counts the classes and sets a test part aside where there is none.
func (s *Set) finish() (*Set, error) {
	if s.Height < 1 || s.Width < 1 {
		return nil, fmt.Errorf("%s: pictures of %d×%d pixels", s.Name, s.Height, s.Width)
	}
	for _, p := range []struct {
		what string
		Part
	}{{"training", s.Train}, {"test", s.Test}} {
		if p.Labels != nil && len(p.Labels) != p.Count {
			return nil, fmt.Errorf("%s: %d %s pictures but %d labels", s.Name, p.Count, p.what, len(p.Labels))
		}
		for _, y := range p.Labels {
			s.Classes = max(s.Classes, int(y)+1)
		}
	}
	if s.Train.Count < 2 {
		return nil, fmt.Errorf("%s: %d training pictures: at least 2", s.Name, s.Train.Count)
	}
	if (s.Train.Labels == nil) != (s.Test.Labels == nil) && s.Test.Count > 0 {
		return nil, fmt.Errorf("%s: only one of the two parts has labels", s.Name)
	}
	if s.Test.Count == 0 {
		n := s.Train.Count
		keep := n - max(1, n/6)
		s.Train, s.Test = s.Train.cut(0, keep), s.Train.cut(keep, n)
		s.Source += fmt.Sprintf(", of which the last %d are the test part", n-keep)
	}
	return s, nil
}
