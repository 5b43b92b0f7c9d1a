package store

import (
	"bytes"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sbinet/npyio/npz"
)

// samples holds every element type with its extreme values, and every kind of shape.
func samples() []Array {
	return []Array{
		Of("float32", []float32{0, -1.5, math.MaxFloat32, math.SmallestNonzeroFloat32, float32(math.Inf(1)), 7}, 2, 3),
		Of("float64", []float64{math.Pi, -math.MaxFloat64, math.SmallestNonzeroFloat64, math.Inf(-1)}),
		Of("int8", []int8{-128, -1, 0, 127}, 2, 2),
		Of("uint8", []uint8{0, 255, 3}, 3, 1, 1),
		Of("int32", []int32{math.MinInt32, math.MaxInt32}),
		Of("int64", []int64{math.MinInt64, math.MaxInt64}),
		Of("uint32", []uint32{0, math.MaxUint32}),
		Of("uint64", []uint64{1, math.MaxUint64}),
		Of("bool", []bool{true, false, true}),
		Of("empty", []float64{}, 0, 4),
		Scalar("scalar", 2.5),
		Of("long", ramp(3*block+5)),
	}
}

func ramp(n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(i)
	}
	return v
}

func encodeNpz(t *testing.T, arrays []Array) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := WriteNpz(&b, arrays); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestNpzRoundTrip(t *testing.T) {
	b := encodeNpz(t, samples())
	if !bytes.Equal(b, encodeNpz(t, samples())) {
		t.Error("equal arrays gave different bytes")
	}
	got, err := DecodeNpz(b)
	if err != nil {
		t.Fatal(err)
	}
	want := samples()
	for i := range want {
		if len(want[i].Shape) == 0 {
			want[i].Shape = nil // a scalar reads back with a nil shape
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// npyio is a reader written by others: it must see the same numbers.
func TestNpzReadByOthers(t *testing.T) {
	b := encodeNpz(t, samples())
	r, err := npz.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var f32 []float32
	var u64 []uint64
	for name, into := range map[string]any{"float32.npy": &f32, "uint64.npy": &u64} {
		if err := r.Read(name, into); err != nil {
			t.Fatal(err)
		}
	}
	if d := cmp.Diff(samples()[0].Data, any(f32)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(samples()[7].Data, any(u64)); d != "" {
		t.Error(d)
	}
	if h := r.Header("float32.npy"); !cmp.Equal(h.Descr.Shape, []int{2, 3}) || h.Descr.Fortran {
		t.Errorf("npyio reads the header as %+v", h)
	}
}

// python returns an interpreter that can import the given module, or skips the test.
func python(t *testing.T, module string) string {
	t.Helper()
	for _, name := range []string{os.Getenv("CAVITY_PYTHON"), "python3"} {
		if name != "" && exec.Command(name, "-c", "import "+module).Run() == nil {
			return name
		}
	}
	t.Skipf("no python3 with %s here (CAVITY_PYTHON names another interpreter): the same format is tested in Go", module)
	return ""
}

func TestNumpyReadsNpz(t *testing.T) {
	py := python(t, "numpy")
	name := filepath.Join(t.TempDir(), "series.npz")
	if err := os.WriteFile(name, encodeNpz(t, samples()), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(py, "-c", `
import numpy as np, sys
z = np.load(sys.argv[1])
for k in z.files: print(k, z[k].dtype, z[k].shape, z[k].ravel()[:2].tolist(), z[k].ravel()[-1:].tolist())
`, name).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want := `float32 float32 (2, 3) [0.0, -1.5] [7.0]
float64 float64 (4,) [3.141592653589793, -1.7976931348623157e+308] [-inf]
int8 int8 (2, 2) [-128, -1] [127]
uint8 uint8 (3, 1, 1) [0, 255] [3]
int32 int32 (2,) [-2147483648, 2147483647] [2147483647]
int64 int64 (2,) [-9223372036854775808, 9223372036854775807] [9223372036854775807]
uint32 uint32 (2,) [0, 4294967295] [4294967295]
uint64 uint64 (2,) [1, 18446744073709551615] [18446744073709551615]
bool bool (3,) [True, False] [True]
empty float64 (0, 4) [] []
scalar float64 () [2.5] [2.5]
long float32 (24581,) [0.0, 1.0] [24580.0]
`
	if d := cmp.Diff(want, string(out)); d != "" {
		t.Error(d)
	}
}

// What numpy writes (compressed, Fortran order, big endian) is read back in C order.
func TestNpzFromNumpy(t *testing.T) {
	py := python(t, "numpy")
	name := filepath.Join(t.TempDir(), "in.npz")
	if out, err := exec.Command(py, "-c", `
import numpy as np, sys
a = np.arange(6, dtype='f4').reshape(2, 3)
np.savez_compressed(sys.argv[1], c=a, f=np.asfortranarray(a), big=a.astype('>f8'), s=np.int64(3))
`, name).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	got, err := ReadNpz(name)
	if err != nil {
		t.Fatal(err)
	}
	f4 := []float32{0, 1, 2, 3, 4, 5}
	want := []Array{Of("c", f4, 2, 3), Of("f", f4, 2, 3), Of("big", []float64{0, 1, 2, 3, 4, 5}, 2, 3), {Name: "s", Data: []int64{3}}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// Fortran order without Python: shape (2,3,2), element (i,j,k) = 100i+10j+k stored with i fastest.
func TestFortranOrder(t *testing.T) {
	var column, row []int32
	for k := range int32(2) {
		for j := range int32(3) {
			for i := range int32(2) {
				column = append(column, 100*i+10*j+k)
			}
		}
	}
	for i := range int32(2) {
		for j := range int32(3) {
			for k := range int32(2) {
				row = append(row, 100*i+10*j+k)
			}
		}
	}
	var b bytes.Buffer
	if err := writeNpy(&b, Of("x", column, 2, 3, 2)); err != nil {
		t.Fatal(err)
	}
	got, err := readNpy(bytes.NewReader(bytes.Replace(b.Bytes(), []byte("False, "), []byte("True,  "), 1)))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(any(row), got.Data); d != "" {
		t.Error(d)
	}
}

func TestArrayErrors(t *testing.T) {
	for _, c := range []struct {
		arrays []Array
		want   string
	}{
		{[]Array{Of("x", []float32{1}, 2)}, `array "x" has 1 elements, which do not fill the shape [2]`},
		{[]Array{Of("x", []float32{1}, -1, -1)}, "do not fill the shape"},
		{[]Array{Of("x", []float32{}, math.MaxInt, 2)}, "do not fill the shape"},
		{[]Array{{Name: "x", Data: []int{1}}}, `array "x" is a []int: only`},
		{[]Array{Of("", []bool{true})}, "no name"},
		{[]Array{Of("x", []bool{true}), Of("x", []bool{true})}, `two arrays are called "x"`},
		{[]Array{Of("../x", []bool{true})}, "not allowed"},
	} {
		err := WriteNpz(&bytes.Buffer{}, c.arrays)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: got %v, want %q", c.arrays, err, c.want)
		}
	}
	if _, err := Values[float64](Of("x", []float32{1})); err == nil || err.Error() != `array "x" holds float32, not float64` {
		t.Error(err)
	}
}

func TestNpyErrors(t *testing.T) {
	head := func(dict string) string {
		return npyMagic + "\x01\x00" + string([]byte{byte(len(dict)), 0}) + dict
	}
	good := "{'descr': '<i4', 'fortran_order': False, 'shape': (2,), }"
	for _, c := range []struct{ file, want string }{
		{"", "does not begin with"},
		{npyMagic + "\x09\x00", "version 9.0 is unknown"},
		{head(good)[:30], "cut short"},
		{head("{'descr': '<i4', 'shape': (2,), }"), "its header reads"},
		{head("{'descr': '<i4', 'fortran_order': False, 'shape': (-2,), }"), "its header reads"},
		{head("{'descr': '<f2', 'fortran_order': False, 'shape': (2,), }"), `type "<f2" are not supported`},
		{head("{'descr': '<i4', 'fortran_order': False, 'shape': (9223372036854775807, 9), }"), "too large"},
		{head("{'descr': '<i4', 'fortran_order': False, 'shape': (9223372036854775807,), }"), "cut short"},
		{head(good) + "1234567", "cut short: the shape [2] needs 2 elements of int32"},
		{head(good) + "123456789", "1 bytes follow the last element"},
		{head("{'descr': '|b1', 'fortran_order': False, 'shape': (1,), }") + "\x02", "element 0 is 2, which is no bool"},
	} {
		_, err := readNpy(strings.NewReader(c.file))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: got %v, want %q", c.file, err, c.want)
		}
	}
}

func TestNpzErrors(t *testing.T) {
	b := encodeNpz(t, []Array{Of("x", []float32{1, 2})})
	if _, err := DecodeNpz(b[:len(b)-3]); err == nil || !strings.Contains(err.Error(), "not an npz archive, or cut short") {
		t.Error(err)
	}
	b[bytes.Index(b, []byte("\x00\x00\x80\x3f"))] ^= 1
	if _, err := DecodeNpz(b); err == nil || err.Error() != `array "x": its checksum is wrong: the file is damaged` {
		t.Error(err)
	}
	if _, err := ReadNpz("absent.npz"); err == nil || err.Error() != "absent.npz: no such file or directory" {
		t.Error(err)
	}
}
