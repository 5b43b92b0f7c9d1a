package store

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func encodeTensors(t testing.TB, arrays []Array, metadata map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := WriteSafetensors(&b, arrays, metadata); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestSafetensorsRoundTrip(t *testing.T) {
	meta := map[string]string{"model": "rbm", "dé": "\"quoted\""}
	b := encodeTensors(t, samples(), meta)
	if !bytes.Equal(b, encodeTensors(t, samples(), meta)) {
		t.Error("equal arrays gave different bytes")
	}
	if n := binary.LittleEndian.Uint64(b); n%8 != 0 {
		t.Errorf("the header has %d bytes, which is no multiple of 8", n)
	}
	got, gotMeta, err := DecodeSafetensors(b)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(samples(), got); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(meta, gotMeta); d != "" {
		t.Error(d)
	}
	if got, meta, err := DecodeSafetensors(encodeTensors(t, nil, nil)); err != nil || len(got) != 0 || meta != nil {
		t.Errorf("an empty file reads as %v, %v, %v", got, meta, err)
	}
}

// NaN is kept with its bits: whether it may be saved is the caller's decision.
func TestSafetensorsKeepsNaN(t *testing.T) {
	bits := uint32(0x7fc01234)
	got, _, err := DecodeSafetensors(encodeTensors(t, []Array{Of("x", []float32{math.Float32frombits(bits)})}, nil))
	if err != nil {
		t.Fatal(err)
	}
	if v, err := Values[float32](got[0]); err != nil || math.Float32bits(v[0]) != bits {
		t.Errorf("%x, %v", math.Float32bits(v[0]), err)
	}
}

func TestPythonReadsSafetensors(t *testing.T) {
	py := python(t, "numpy")
	name := filepath.Join(t.TempDir(), "w.safetensors")
	arrays := []Array{Of("W", []float32{1, 2, 3, 4, 5, 6}, 2, 3), Of("flag", []bool{true}), Of("b", []float64{.5})}
	if err := os.WriteFile(name, encodeTensors(t, arrays, map[string]string{"k": "v"}), 0o644); err != nil {
		t.Fatal(err)
	}
	// The few lines that the format's description amounts to; the safetensors package is used too where it exists.
	out, err := exec.Command(py, "-c", `
import sys, json, struct, numpy as np
b = open(sys.argv[1], "rb").read()
n, = struct.unpack("<Q", b[:8])
h = json.loads(b[8:8+n])
assert h.pop("__metadata__") == {"k": "v"}
t = {"F32": "<f4", "F64": "<f8", "BOOL": "?"}
x = {k: np.frombuffer(b[8+n:][slice(*e["data_offsets"])], t[e["dtype"]]).reshape(e["shape"]) for k, e in h.items()}
try:
    from safetensors.numpy import load_file
    y = load_file(sys.argv[1])
    assert sorted(x) == sorted(y) and all((x[k] == y[k]).all() and x[k].dtype == y[k].dtype for k in x)
except ImportError: pass
for k in x: print(k, x[k].tolist())
`, name).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if want := "W [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]\nflag [True]\nb [0.5]\n"; string(out) != want {
		t.Errorf("got %s, want %s", out, want)
	}
}

func tensorFile(header, data string) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), data...)
}

func TestSafetensorsErrors(t *testing.T) {
	x := `"x":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}`
	for _, c := range []struct {
		file []byte
		want string
	}{
		{nil, "it has 0 bytes"},
		{bytes.Repeat([]byte{255}, 20), "gives its header as 18446744073709551615 bytes"},
		{tensorFile("{"+x+"}", "ab")[:20], "cut short: the header has"},
		{tensorFile("["+x+"]", "ab"), "no valid JSON object"},
		{tensorFile(" {"+x+"}", "ab"), "does not begin with {"},
		{tensorFile("{"+x, "ab"), "no valid JSON object"},
		{tensorFile("{"+x+"}x", "ab"), "1 bytes follow it"},
		{tensorFile("{"+x+","+x+"}", "ab"), `two arrays are called "x"`},
		{tensorFile("{"+x+"}", "a"), `cut short: array "x" ends at byte 2 of 1`},
		{tensorFile("{"+x+"}", "abc"), "1 bytes follow the last array"},
		{tensorFile("{"+x+`,"y":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}`, "abc"), `array "y": its data at bytes 1 to 3 overlap`},
		{tensorFile("{"+x+`,"y":{"dtype":"U8","shape":[2],"data_offsets":[3,5]}}`, "abcde"), "leave a gap"},
		{tensorFile(`{"x":{"dtype":"U8","shape":[1],"data_offsets":[-1,0]}}`, ""), "overlap"},
		{tensorFile(`{"x":{"dtype":"U8","shape":[3],"data_offsets":[0,2]}}`, "ab"), "the shape [3] of U8 does not fill 2 bytes"},
		{tensorFile(`{"x":{"dtype":"F64","shape":[4611686018427387904,2],"data_offsets":[0,0]}}`, ""), "does not fill 0 bytes"},
		{tensorFile(`{"x":{"dtype":"F64","shape":[2305843009213693952],"data_offsets":[0,0]}}`, ""), "does not fill 0 bytes"},
		{tensorFile(`{"x":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]}}`, "ab"), `type "BF16" are not supported`},
		{tensorFile(`{"x":{"dtype":"U8","data_offsets":[0,2]}}`, "ab"), "shape or data_offsets is missing"},
		{tensorFile(`{"__metadata__":{"a":1}}`, ""), "__metadata__"},
	} {
		_, _, err := DecodeSafetensors(c.file)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: got %v, want %q", c.file, err, c.want)
		}
	}
}

// Whatever is accepted can be written again and reads back as the same.
func FuzzSafetensors(f *testing.F) {
	f.Add(encodeTensors(f, []Array{Of("W", []float32{1, 2}, 1, 2), Of("b", []int8{3})}, map[string]string{"k": "v"}))
	f.Add(encodeTensors(f, nil, nil))
	f.Add(tensorFile(`{"x":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"x":{}}`, "ab"))
	f.Fuzz(func(t *testing.T, b []byte) {
		arrays, meta, err := DecodeSafetensors(b)
		if err != nil {
			return
		}
		var again bytes.Buffer
		if err := WriteSafetensors(&again, arrays, meta); err != nil {
			if strings.Contains(err.Error(), "no name") {
				return // the format allows an empty name, we do not write one
			}
			t.Fatal(err)
		}
		data := b[8+binary.LittleEndian.Uint64(b):]
		if !bytes.HasSuffix(again.Bytes(), data) {
			t.Fatal("the data changed")
		}
	})
}
