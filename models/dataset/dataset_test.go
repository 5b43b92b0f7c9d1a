package dataset

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cavity/engine/store"
)

func Example() {
	s, err := Load("digits")
	fmt.Println(s.Train.Count, s.Test.Count, s.Height, s.Width, s.Classes, err)
	// Output: 4000 1000 16 16 10 <nil>
}

// A classifier that compares with the mean picture of every class gets most digits right, but not all: the set
// is learnable and not trivial.
func TestDigitsAreLearnable(t *testing.T) {
	s, err := Digits(16, 1000, 500, 3)
	if err != nil {
		t.Fatal(err)
	}
	n := s.Pixels()
	mean, count := make([][]float64, 10), make([]float64, 10)
	for c := range mean {
		mean[c] = make([]float64, n)
	}
	for k, c := range s.Train.Labels {
		count[c]++
		for i, x := range s.Train.Images[k*n : (k+1)*n] {
			mean[c][i] += float64(x)
		}
	}
	right := 0
	for k, c := range s.Test.Labels {
		best, least := 0, math.Inf(1)
		for b := range mean {
			d := 0.0
			for i, x := range s.Test.Images[k*n : (k+1)*n] {
				e := float64(x) - mean[b][i]/count[b]
				d += e * e
			}
			if d < least {
				best, least = b, d
			}
		}
		if best == int(c) {
			right++
		}
	}
	if share := float64(right) / float64(s.Test.Count); share < .8 || share > .999 {
		t.Errorf("%.3f of the digits are nearest to the mean of their class: want .8 to .999", share)
	}
	again, _ := Digits(16, 1000, 500, 3)
	if !bytes.Equal(again.Train.Images, s.Train.Images) || bytes.Equal(again.Train.Images[:500*n], again.Test.Images) {
		t.Error("the same seed must give the same pictures, and the parts must differ")
	}
}

// save writes an npz archive of arrays and returns its path.
func save(t *testing.T, arrays ...store.Array) string {
	t.Helper()
	var b bytes.Buffer
	if err := store.WriteNpz(&b, arrays); err != nil {
		t.Fatal(err)
	}
	return put(t, t.TempDir(), "set.npz", b.Bytes())
}

func put(t *testing.T, dir, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func idx(magic byte, dims []int, data []byte) []byte {
	b := []byte{0, 0, 8, magic}
	for _, d := range dims {
		b = append(b, byte(d>>24), byte(d>>16), byte(d>>8), byte(d))
	}
	return append(b, data...)
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	pixels := make([]byte, 12*6)
	for i := range pixels {
		pixels[i] = byte(i)
	}
	train := put(t, dir, "train-images-idx3-ubyte", idx(3, []int{12, 2, 3}, pixels))
	s, err := Load(train)
	if err != nil || s.Train.Count != 10 || s.Test.Count != 2 || s.Classes != 0 || s.Test.Images[0] != 60 || s.Height != 2 || s.Width != 3 {
		t.Fatalf("without labels and a test file: %+v, %v", s, err)
	}
	put(t, dir, "train-labels-idx1-ubyte", idx(1, []int{12}, []byte{0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 6}))
	put(t, dir, "t10k-images-idx3-ubyte", idx(3, []int{1, 2, 3}, pixels[:6]))
	put(t, dir, "t10k-labels-idx1-ubyte", idx(1, []int{1}, []byte{7}))
	if s, err = Load(train); err != nil || s.Train.Count != 12 || s.Test.Count != 1 || s.Classes != 8 || s.Test.Labels[0] != 7 {
		t.Fatalf("with all files: %+v, %v", s, err)
	}
	s, err = Load(save(t, store.Of("x_train", []float32{0, .5, 1, .25, 0, 1, 1, 0, 1, 0, 0, 1}, 3, 4), store.Of("y_train", []int64{0, 1, 1}), store.Of("x_test", []uint8{1, 2, 3, 255}, 1, 2, 2), store.Of("y_test", []int32{2})))
	if err != nil || s.Height != 2 || s.Train.Images[1] != 128 || s.Train.Images[3] != 64 || s.Classes != 3 || s.Test.Images[3] != 255 {
		t.Fatalf("npz: %+v, %v", s, err)
	}
}

func TestBadFiles(t *testing.T) {
	dir := t.TempDir()
	good := idx(3, []int{6, 1, 2}, make([]byte, 12))
	put(t, dir, "a-images-idx3-ubyte", good)
	put(t, dir, "a-labels-idx1-ubyte", idx(1, []int{5}, make([]byte, 5)))
	for path, want := range map[string]string{
		put(t, dir, "short", good[:len(good)-1]):                                                                            "cut short",
		put(t, dir, "magic", append([]byte{1}, good[1:]...)):                                                                "magic number",
		put(t, dir, "labels", idx(1, []int{5}, make([]byte, 5))):                                                            "three axes",
		filepath.Join(dir, "a-images-idx3-ubyte"):                                                                           "labels of shape [5] for 6 pictures",
		filepath.Join(dir, "missing"):                                                                                       "there is no file",
		save(t, store.Of("x", []float64{0, 1, 1.5, 0}, 2, 2)):                                                               "pixel value 1.5 at element 2: floats must lie in 0 … 1",
		save(t, store.Of("x", []float64{0, 1, math.NaN(), 0}, 2, 2)):                                                        "pixel value NaN",
		save(t, store.Of("x", []int32{0, 1, 256, 0}, 2, 2)):                                                                 "pixel value 256 at element 2: integers must lie in 0 … 255",
		save(t, store.Of("x", []uint8{0, 1, 1, 0}, 2, 2), store.Of("y", []int32{0, -1})):                                    "label value -1",
		save(t, store.Of("x", []uint8{0, 1, 1, 0}, 2, 2), store.Of("y", []float32{0, 1})):                                   "labels of type float32",
		save(t, store.Of("images", []uint8{0, 1, 1, 0}, 2, 2), store.Of("test_images", []uint8{0, 1, 0, 0, 0, 0}, 1, 3, 2)): "pictures of 3×2 pixels",
		save(t, store.Of("x", []uint8{0, 1}, 2)):                                                                            "its shape is [2]",
		save(t, store.Of("x", []uint8{0, 1}, 1, 2)):                                                                         "1 training pictures: at least 2",
		save(t, store.Of("x", []uint8{}, 3, 0)):                                                                             "pictures of",
		save(t, store.Of("pictures", []uint8{0, 1}, 1, 2)):                                                                  "images are looked for under",
		"": "no name",
	} {
		if _, err := Load(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", filepath.Base(path), err, want)
		}
	}
	if _, err := Digits(3, 1, 1, 1); err == nil || !strings.Contains(err.Error(), "6×6 to 128×128") {
		t.Errorf("digits of 3×3 pixels: %v", err)
	}
}
