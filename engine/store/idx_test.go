package store

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// images is an idx file of two 2x3 pictures.
const images = "\x00\x00\x08\x03\x00\x00\x00\x02\x00\x00\x00\x02\x00\x00\x00\x03abcdefABCDEF"

func gzipped(t testing.TB, s string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(s)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestIdx(t *testing.T) {
	want := Of("train", []uint8("abcdefABCDEF"), 2, 2, 3)
	for _, content := range [][]byte{[]byte(images), gzipped(t, images)} {
		name := filepath.Join(t.TempDir(), "train")
		if err := os.WriteFile(name, content, 0o644); err != nil {
			t.Fatal(err)
		}
		got, err := ReadIdx(name)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	}
	got, err := DecodeIdx(strings.NewReader("\x00\x00\x0d\x01\x00\x00\x00\x01\x3f\xc0\x00\x00"))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(any([]float32{1.5}), got.Data); d != "" {
		t.Error(d)
	}
}

func TestIdxErrors(t *testing.T) {
	z := gzipped(t, images)
	damaged := bytes.Clone(z)
	damaged[len(z)-6] ^= 1
	for _, c := range []struct{ file, want string }{
		{"", "ends after 0 bytes"},
		{"\x00\x00\x08", "ends after 3 bytes"},
		{"PK\x03\x04", "its magic number is 0x504b0304"},
		{"\x00\x00\x0b\x01\x00\x00\x00\x00", "its magic number is 0x00000b01"},
		{images[:10], "cut short: 3 dimensions are announced, 1 are there"},
		{images[:len(images)-1], "cut short: the shape [2 2 3] needs 12 elements of uint8"},
		{images + "xy", "2 bytes follow the 12 elements"},
		{"\x00\x00\x0e\xff" + strings.Repeat("\xff", 4*255), "too large"},
		{"\x00\x00\x0e\x02\xff\xff\xff\xff\x3f\xff\xff\xff", "cut short"},
		{string(z[:len(z)-9]), "cut short"},
		{string(damaged), "checksum"},
		{"\x1f\x8b", "not a gzip file"},
	} {
		_, err := DecodeIdx(strings.NewReader(c.file))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.20q: got %v, want %q", c.file, err, c.want)
		}
	}
}

func FuzzIdx(f *testing.F) {
	f.Add([]byte(images))
	f.Add(gzipped(f, images))
	f.Add([]byte(images[:10]))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := DecodeIdx(bytes.NewReader(b))
		if err != nil {
			return
		}
		a.Name = "x"
		if err := check([]Array{a}); err != nil {
			t.Fatal(err)
		}
	})
}
