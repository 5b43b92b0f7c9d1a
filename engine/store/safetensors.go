package store

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
)

// maxTensorHeader is the format's own limit on the length of its JSON header.
const maxTensorHeader = 100_000_000

// metadataKey is the reserved entry of the header that holds free text.
const metadataKey = "__metadata__"

// WriteSafetensors writes arrays and metadata in the safetensors format: the length of the header (8 bytes, little
// endian), a JSON header padded with spaces to a multiple of 8, then the elements, back to back in the order given.
// Whether NaN may be saved is the caller's decision. The bytes depend on nothing but the arguments.
func WriteSafetensors(w io.Writer, arrays []Array, metadata map[string]string) error {
	if err := check(arrays); err != nil {
		return fmt.Errorf("safetensors: %w", err)
	}
	var head bytes.Buffer
	entry := func(key string, value any) error {
		k, _ := json.Marshal(key)
		v, err := json.Marshal(value)
		if head.Len() > 0 {
			head.WriteByte(',')
		} else {
			head.WriteByte('{')
		}
		head.Write(k)
		head.WriteByte(':')
		head.Write(v)
		return err
	}
	if len(metadata) > 0 {
		if err := entry(metadataKey, metadata); err != nil {
			return err
		}
	}
	at := 0
	for _, a := range arrays {
		if a.Name == metadataKey {
			return fmt.Errorf("safetensors: an array cannot be called %q", metadataKey)
		}
		t, n := dtypeOf(a.Data)
		if err := entry(a.Name, tensorInfo{t.tensor, a.Shape, []int64{int64(at), int64(at + n*t.size)}}); err != nil {
			return err
		}
		at += n * t.size
	}
	if head.Len() == 0 {
		head.WriteByte('{')
	}
	head.WriteByte('}')
	for head.Len()%8 != 0 {
		head.WriteByte(' ')
	}
	if err := binary.Write(w, binary.LittleEndian, uint64(head.Len())); err != nil {
		return err
	}
	if _, err := w.Write(head.Bytes()); err != nil {
		return err
	}
	for _, a := range arrays {
		if err := a.encode(w); err != nil {
			return err
		}
	}
	return nil
}

type tensorInfo struct {
	Dtype   string  `json:"dtype"`
	Shape   []int   `json:"shape"`
	Offsets []int64 `json:"data_offsets"`
}

// ReadSafetensors reads a whole file: its arrays in the order of their data, and its metadata (nil when there is none).
// The header's length, the element types, every shape against its extent in bytes, and that the extents cover the
// data without gap or overlap are checked before anything is returned.
func ReadSafetensors(name string) ([]Array, map[string]string, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %s", name, reason(err))
	}
	arrays, metadata, err := DecodeSafetensors(b)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	return arrays, metadata, nil
}

// DecodeSafetensors is ReadSafetensors on bytes in memory.
func DecodeSafetensors(b []byte) ([]Array, map[string]string, error) {
	if len(b) < 8 {
		return nil, nil, fmt.Errorf("not a safetensors file: it has %d bytes", len(b))
	}
	size := binary.LittleEndian.Uint64(b)
	if size > maxTensorHeader {
		return nil, nil, fmt.Errorf("not a safetensors file: it gives its header as %d bytes", size)
	}
	if size > uint64(len(b)-8) {
		return nil, nil, fmt.Errorf("cut short: the header has %d bytes, the rest of the file %d", size, len(b)-8)
	}
	head, data := b[8:8+size], b[8+size:]
	names, infos, metadata, err := tensorHeader(head)
	if err != nil {
		return nil, nil, err
	}
	slices.SortStableFunc(names, func(x, y string) int { return slices.Compare(infos[x].Offsets, infos[y].Offsets) })
	arrays := make([]Array, 0, len(names))
	at := int64(0)
	for _, name := range names {
		a, err := tensor(name, infos[name], data, at)
		if err != nil {
			return nil, nil, err
		}
		at = infos[name].Offsets[1]
		arrays = append(arrays, a)
	}
	if at != int64(len(data)) {
		return nil, nil, fmt.Errorf("%d bytes follow the last array", int64(len(data))-at)
	}
	return arrays, metadata, nil
}

// tensorHeader reads the JSON object entry by entry, because a repeated key would otherwise win silently.
func tensorHeader(head []byte) (names []string, infos map[string]tensorInfo, metadata map[string]string, err error) {
	fail := func(err error) ([]string, map[string]tensorInfo, map[string]string, error) {
		return nil, nil, nil, fmt.Errorf("not a safetensors file: its header is no valid JSON object (%w)", err)
	}
	d := json.NewDecoder(bytes.NewReader(head))
	if t, err := d.Token(); err != nil || t != json.Delim('{') || head[0] != '{' {
		return fail(errors.New("it does not begin with {"))
	}
	infos = map[string]tensorInfo{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return fail(err)
		}
		name := t.(string)
		if name == metadataKey {
			if metadata != nil {
				return fail(errors.New("two entries are called " + metadataKey))
			}
			metadata = map[string]string{}
			if err := d.Decode(&metadata); err != nil {
				return fail(fmt.Errorf("%s: %w", metadataKey, err))
			}
			continue
		}
		if _, twice := infos[name]; twice {
			return nil, nil, nil, fmt.Errorf("two arrays are called %q", name)
		}
		var info tensorInfo
		if err := d.Decode(&info); err != nil {
			return fail(fmt.Errorf("array %q: %w", name, err))
		}
		if len(info.Offsets) != 2 || info.Shape == nil {
			return nil, nil, nil, fmt.Errorf("array %q: shape or data_offsets is missing", name)
		}
		infos[name] = info
		names = append(names, name)
	}
	if _, err := d.Token(); err != nil {
		return fail(err)
	}
	if rest := strings.TrimRight(string(head[d.InputOffset():]), " "); rest != "" {
		return fail(fmt.Errorf("%d bytes follow it", len(rest)))
	}
	return names, infos, metadata, nil
}

// tensor decodes one array, whose data must begin at the byte at.
func tensor(name string, info tensorInfo, data []byte, at int64) (Array, error) {
	i := slices.IndexFunc(dtypes, func(t dtype) bool { return t.tensor == info.Dtype })
	if i < 0 {
		return Array{}, fmt.Errorf("array %q: elements of type %q are not supported (F32, F64, I8, U8, I32, I64, U32, U64 and BOOL are)", name, info.Dtype)
	}
	t := &dtypes[i]
	from, to := info.Offsets[0], info.Offsets[1]
	if from != at || to < from {
		return Array{}, fmt.Errorf("array %q: its data at bytes %d to %d overlap another's or leave a gap (expected to begin at %d)", name, from, to, at)
	}
	if to > int64(len(data)) {
		return Array{}, fmt.Errorf("cut short: array %q ends at byte %d of %d", name, to, len(data))
	}
	n, ok := elements(info.Shape)
	if !ok || n > math.MaxInt/t.size || int64(n*t.size) != to-from {
		return Array{}, fmt.Errorf("array %q: the shape %v of %s does not fill %d bytes", name, info.Shape, info.Dtype, to-from)
	}
	values, err := t.decode(bytes.NewReader(data[from:to]), n, binary.LittleEndian)
	if err != nil {
		return Array{}, fmt.Errorf("array %q: %w", name, err)
	}
	return Array{Name: name, Shape: info.Shape, Data: values}, nil
}
