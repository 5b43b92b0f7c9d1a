package mnist

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// write puts a compressed idx file into dir: magic number, extents, then zeros or the given last byte.
func write(t *testing.T, dir, name, magic string, extents []int, last byte) {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(magic))
	n := 1
	for _, d := range extents {
		z.Write([]byte{byte(d >> 24), byte(d >> 16), byte(d >> 8), byte(d)})
		n *= d
	}
	data := make([]byte, n)
	data[n-1] = last
	z.Write(data)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestLoadErrors(t *testing.T) {
	const pictures, digits = "\x00\x00\x08\x03", "\x00\x00\x08\x01"
	base := t.TempDir()
	t.Setenv(Variable, base)
	dir := filepath.Join(base, "mnist")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	expect := func(want string) {
		t.Helper()
		if _, _, err := Load(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	expect("train-images-idx3-ubyte.gz is missing: `make mnist` fetches it")
	write(t, dir, trainImages.name, pictures, []int{60, 28, 28}, 0)
	expect("its shape is [60 28 28], not [60000 28 28]")
	write(t, dir, trainImages.name, pictures, []int{60000, 28, 28}, 7)
	write(t, dir, trainLabels.name, digits, []int{60000}, 10)
	expect("label 59999 is 10: digits are 0 to 9")
	write(t, dir, trainLabels.name, digits, []int{60000}, 9)
	write(t, dir, testImages.name, pictures, []int{10000, 28, 28}, 8)
	write(t, dir, testLabels.name, digits, []int{10000}, 5)
	train, test, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	if train.Len() != 60000 || test.Len() != 10000 || train.Images[60000*Pixels-1] != 7 || test.Labels[9999] != 5 {
		t.Error("the numbers read are not those written")
	}
	for _, err := range []error{check(dir), Check()} {
		if err == nil || !strings.Contains(err.Error(), "MD5 sum") {
			t.Errorf("files that are not the database passed: %v", err)
		}
	}
}

// The real files, where they were fetched: the digits are counted as published.
func TestDatabase(t *testing.T) {
	dir, err := Dir()
	if err != nil {
		t.Skip(err)
	}
	if err := check(dir); err != nil {
		t.Skipf("no database here (`make mnist` fetches it): %v", err)
	}
	train, test, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	want := [10]int{5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949}
	var got [10]int
	for _, digit := range train.Labels {
		got[digit]++
	}
	if got != want || test.Len() != 10000 {
		t.Errorf("training digits %v, want %v", got, want)
	}
	var bright int
	for _, x := range train.Images {
		if x >= 128 {
			bright++
		}
	}
	if share := float64(bright) / float64(len(train.Images)); share < .12 || share > .14 {
		t.Errorf("a share of %.3f of the pixels is bright, want about .13", share)
	}
}
