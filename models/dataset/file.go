package dataset

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"cavity/engine/store"
)

// loadIdx reads images in the idx format and the files that accompany them.
func loadIdx(name string) (*Set, error) {
	s := &Set{Name: name}
	var err error
	if s.Train, err = s.idxPart(name); err != nil {
		return nil, err
	}
	s.Source = fmt.Sprintf("%d pictures of %s", s.Train.Count, name)
	if test := companion(name, "train", "t10k"); test != "" {
		if s.Test, err = s.idxPart(test); err != nil {
			return nil, err
		}
		s.Source += fmt.Sprintf(", %d test pictures of %s", s.Test.Count, test)
	}
	return s.finish()
}

// idxPart reads a file of images and that of its labels, if there is one.
func (s *Set) idxPart(name string) (p Part, err error) {
	a, err := store.ReadIdx(name)
	if err != nil {
		return p, err
	}
	if len(a.Shape) != 3 {
		return p, fmt.Errorf("%s: its shape is %v: images have three axes (pictures, rows, columns)", name, a.Shape)
	}
	if p, err = s.images(name, a); err != nil {
		return p, err
	}
	if labels := companion(name, "images-idx3", "labels-idx1"); labels != "" {
		y, err := store.ReadIdx(labels)
		if err != nil {
			return p, err
		}
		if p.Labels, err = classes(labels, y, p.Count); err != nil {
			return p, err
		}
	}
	return p, nil
}

// companion is the existing file whose name differs by one part, or "".
func companion(name, part, other string) string {
	dir, base := filepath.Split(name)
	if !strings.Contains(base, part) {
		return ""
	}
	for _, c := range []string{strings.Replace(base, part, other, 1), strings.TrimSuffix(strings.Replace(base, part, other, 1), ".gz")} {
		if _, err := os.Stat(dir + c); err == nil {
			return dir + c
		}
	}
	return ""
}

// npzKeys are the names under which an archive may hold images and labels of the two parts.
var npzKeys = [][4]string{
	{"x_train", "y_train", "x_test", "y_test"},
	{"train", "train_labels", "test", "test_labels"},
	{"train_images", "train_labels", "test_images", "test_labels"},
	{"images", "labels", "test_images", "test_labels"},
	{"x", "y", "x_test", "y_test"},
}

func loadNpz(name string) (*Set, error) {
	arrays, err := store.ReadNpz(name)
	if err != nil {
		return nil, err
	}
	s := &Set{Name: name}
	for _, keys := range npzKeys {
		x, found := store.Find(arrays, keys[0])
		if !found {
			continue
		}
		if s.Train, err = s.npzPart(arrays, x, keys[1]); err != nil {
			return nil, err
		}
		s.Source = fmt.Sprintf("%d pictures of %s (%s)", s.Train.Count, name, keys[0])
		if x, found = store.Find(arrays, keys[2]); found {
			if s.Test, err = s.npzPart(arrays, x, keys[3]); err != nil {
				return nil, err
			}
			s.Source += fmt.Sprintf(", %d test pictures (%s)", s.Test.Count, keys[2])
		}
		return s.finish()
	}
	var have []string
	for _, a := range arrays {
		have = append(have, a.Name)
	}
	return nil, fmt.Errorf("%s: it holds %q: images are looked for under x_train, train, train_images, images or x", name, have)
}

func (s *Set) npzPart(arrays []store.Array, x store.Array, labels string) (Part, error) {
	p, err := s.images(fmt.Sprintf("%s (%s)", s.Name, x.Name), x)
	if err != nil {
		return p, err
	}
	if y, found := store.Find(arrays, labels); found {
		p.Labels, err = classes(fmt.Sprintf("%s (%s)", s.Name, labels), y, p.Count)
	}
	return p, err
}

// images turns an array [pictures, rows, columns] or [pictures, pixels] into bytes. The first array sets the size of the
// pictures; pictures of one axis are square if their number of pixels is.
func (s *Set) images(where string, a store.Array) (p Part, err error) {
	var h, w int
	switch len(a.Shape) {
	case 3:
		h, w = a.Shape[1], a.Shape[2]
	case 2:
		h, w = 1, a.Shape[1]
		for side := 1; side*side <= w; side++ {
			if side*side == w {
				h, w = side, side
				break
			}
		}
		if s.Height*s.Width == a.Shape[1] {
			h, w = s.Height, s.Width
		}
	default:
		return p, fmt.Errorf("%s: its shape is %v: images have the axes pictures, rows, columns or pictures, pixels", where, a.Shape)
	}
	if s.Height == 0 {
		s.Height, s.Width = h, w
	}
	if h != s.Height || w != s.Width {
		return p, fmt.Errorf("%s: pictures of %d×%d pixels, not %d×%d like the training part", where, h, w, s.Height, s.Width)
	}
	p.Count = a.Shape[0]
	p.Images, err = grey(where, a)
	return p, err
}

// grey turns pixels into bytes: integers 0 … 255 as they are, bools and floats 0 … 1 times 255, to the nearest.
func grey(where string, a store.Array) ([]uint8, error) {
	switch x := a.Data.(type) {
	case []uint8:
		return x, nil
	case []bool:
		out := make([]uint8, len(x))
		for i, b := range x {
			if b {
				out[i] = 255
			}
		}
		return out, nil
	case []float32:
		return scale(where, x)
	case []float64:
		return scale(where, x)
	case []int8:
		return whole(where, "pixel", x)
	case []int32:
		return whole(where, "pixel", x)
	case []int64:
		return whole(where, "pixel", x)
	}
	return nil, fmt.Errorf("%s: pixels of type %s: bytes, signed integers, floats or bools", where, a.Dtype())
}

func scale[T float32 | float64](where string, x []T) ([]uint8, error) {
	out := make([]uint8, len(x))
	for i, v := range x {
		if !(v >= 0 && v <= 1) {
			return nil, fmt.Errorf("%s: pixel value %v at element %d: floats must lie in 0 … 1", where, v, i)
		}
		out[i] = uint8(255*v + .5)
	}
	return out, nil
}

func whole[T int8 | int32 | int64](where, what string, x []T) ([]uint8, error) {
	out := make([]uint8, len(x))
	for i, v := range x {
		if v < 0 || int64(v) > 255 {
			return nil, fmt.Errorf("%s: %s value %d at element %d: integers must lie in 0 … 255", where, what, v, i)
		}
		out[i] = uint8(v)
	}
	return out, nil
}

// classes reads labels: one integer 0 … 255 for every picture.
func classes(where string, a store.Array, count int) (y []uint8, err error) {
	switch x := a.Data.(type) {
	case []uint8:
		y = x
	case []int8:
		y, err = whole(where, "label", x)
	case []int32:
		y, err = whole(where, "label", x)
	case []int64:
		y, err = whole(where, "label", x)
	default:
		err = fmt.Errorf("%s: labels of type %s: integers", where, a.Dtype())
	}
	if err == nil && (len(a.Shape) != 1 || len(y) != count) {
		err = fmt.Errorf("%s: labels of shape %v for %d pictures", where, a.Shape, count)
	}
	return y, err
}
