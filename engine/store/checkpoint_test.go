package store

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func encodeCheckpoint(t testing.TB, sections ...Section) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := WriteCheckpoint(&b, sections...); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func twoSections(t testing.TB) []byte {
	return encodeCheckpoint(t,
		Section{"program", func(w io.Writer) error {
			for range 3 {
				if _, err := io.WriteString(w, "spins"); err != nil {
					return err
				}
			}
			return nil
		}},
		Bytes("empty", nil))
}

func TestCheckpointRoundTrip(t *testing.T) {
	c, err := DecodeCheckpoint(twoSections(t))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"program", "empty"}, c.Names()); d != "" {
		t.Error(d)
	}
	r, err := c.Section("program")
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := io.ReadAll(r); string(b) != "spinsspinsspins" {
		t.Errorf("got %q", b)
	}
	if _, err := c.Section("absent"); err == nil || !strings.Contains(err.Error(), `no section "absent"`) {
		t.Error(err)
	}
	if err := WriteCheckpoint(io.Discard, Bytes("a", nil), Bytes("a", nil)); err == nil {
		t.Error("two sections of one name were written")
	}
}

// A change of any bit and a cut at any byte are noticed.
func TestCheckpointEveryBit(t *testing.T) {
	good := twoSections(t)
	for i := range len(good) * 8 {
		b := bytes.Clone(good)
		b[i/8] ^= 1 << (i % 8)
		if _, err := DecodeCheckpoint(b); err == nil {
			t.Errorf("bit %d of byte %d was flipped unnoticed", i%8, i/8)
		}
	}
	for n := range len(good) {
		if _, err := DecodeCheckpoint(good[:n:n]); err == nil {
			t.Errorf("cut to %d of %d bytes unnoticed", n, len(good))
		}
	}
}

func TestCheckpointErrors(t *testing.T) {
	good := twoSections(t)
	newer := bytes.Clone(good)
	newer[8] = 2
	flipped := bytes.Clone(good)
	flipped[headSize] ^= 1
	doubled := append(bytes.Clone(good), good...)
	for _, c := range []struct {
		file []byte
		want string
	}{
		{nil, `not a checkpoint of cavity (it begins with "")`},
		{[]byte("PK\x03\x04 something else"), "not a checkpoint of cavity"},
		{bytes.ReplaceAll(good, []byte("\r\n"), []byte("\n")), "not a checkpoint of cavity"},
		{good[:20], "cut short: 20 bytes"},
		{good[:len(good)-1], "its end mark is missing"},
		{doubled, "was written with"},
		{newer, "checkpoint format 2, but this version of cavity reads format 1"},
		{flipped, `the checksum of section "program" is wrong`},
	} {
		_, err := DecodeCheckpoint(c.file)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.20q: got %v, want %q", c.file, err, c.want)
		}
	}
}

// A forged table with right checksums is still refused when it does not fit the data.
func TestCheckpointForgedTable(t *testing.T) {
	forge := func(table []byte, count uint32) []byte {
		b := append([]byte(checkpointMagic), 1, 0, 0, 0, 0, 0, 0, 0)
		at := uint64(len(b))
		b = append(b, table...)
		tail := binary.LittleEndian.AppendUint64(nil, at)
		tail = binary.LittleEndian.AppendUint64(tail, uint64(len(b)+tailSize))
		tail = binary.LittleEndian.AppendUint32(tail, count)
		tail = binary.LittleEndian.AppendUint32(tail, crc32.Checksum(table, castagnoli))
		tail = binary.LittleEndian.AppendUint32(tail, crc32.Checksum(tail, castagnoli))
		return append(append(b, tail...), checkpointEnd...)
	}
	entry := func(name string, size uint64) []byte {
		b := append([]byte{byte(len(name))}, name...)
		return append(binary.LittleEndian.AppendUint64(b, size), 0, 0, 0, 0)
	}
	if _, err := DecodeCheckpoint(forge(entry("a", 0), 1)); err != nil {
		t.Fatal("the forgery itself is wrong:", err)
	}
	for name, b := range map[string][]byte{
		"longer than the data":  forge(entry("a", 1<<63), 1),
		"more sections":         forge(entry("a", 0), 2),
		"fewer sections":        forge(entry("a", 0), 0),
		"twice the same name":   forge(append(entry("a", 0), entry("a", 0)...), 2),
		"no name":               forge(entry("", 0), 1),
		"four thousand million": forge(nil, 1<<32-1),
	} {
		if _, err := DecodeCheckpoint(b); err == nil || !strings.Contains(err.Error(), "does not fit its data") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whatever is accepted is the one encoding of what was read.
func FuzzCheckpoint(f *testing.F) {
	f.Add(twoSections(f))
	f.Add(encodeCheckpoint(f))
	f.Add(twoSections(f)[:30])
	f.Add([]byte(checkpointMagic))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := DecodeCheckpoint(b)
		if err != nil {
			return
		}
		var sections []Section
		for _, name := range c.Names() {
			sections = append(sections, Bytes(name, c.data[name]))
		}
		if again := encodeCheckpoint(t, sections...); !bytes.Equal(again, b) {
			t.Fatalf("accepted %q, which is written as %q", b, again)
		}
	})
}

func BenchmarkCheckpoint(b *testing.B) {
	data := make([]byte, 64<<20)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if err := WriteCheckpoint(io.Discard, Bytes("state", data)); err != nil {
			b.Fatal(err)
		}
	}
}
