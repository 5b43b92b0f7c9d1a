package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

const npyMagic = "\x93NUMPY"

// writeNpy writes one array in NumPy's format, version 1.0: magic, the length of the header, a Python dictionary
// padded so that the data begin at a multiple of 64 bytes, then the elements in C order.
func writeNpy(w io.Writer, a Array) error {
	dims := make([]string, len(a.Shape))
	for i, d := range a.Shape {
		dims[i] = strconv.Itoa(d)
	}
	tuple := strings.Join(dims, ", ")
	if len(dims) == 1 {
		tuple += ","
	}
	t, _ := dtypeOf(a.Data)
	head := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", t.npy, tuple)
	const fixed = len(npyMagic) + 2 + 2
	head += strings.Repeat(" ", (64-(fixed+len(head)+1)%64)%64) + "\n"
	if len(head) > 0xffff {
		return fmt.Errorf("array %q has too many dimensions (%d) for the npy format", a.Name, len(a.Shape))
	}
	b := append([]byte(npyMagic), 1, 0)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(head)))
	if _, err := w.Write(append(b, head...)); err != nil {
		return err
	}
	return a.encode(w)
}

// readNpy reads one array and insists that nothing follows it. Arrays in Fortran order are transposed to C order.
func readNpy(r io.Reader) (Array, error) {
	descr, fortran, dims, err := npyHeader(r)
	if err != nil {
		return Array{}, err
	}
	t, order := npyType(descr)
	if t == nil {
		return Array{}, fmt.Errorf("elements of type %q are not supported (float32, float64, int8, uint8, int32, int64, uint32, uint64 and bool are)", descr)
	}
	n, ok := elements(dims)
	if !ok {
		return Array{}, fmt.Errorf("the shape %v is too large", dims)
	}
	data, err := t.decode(r, n, order)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return Array{}, fmt.Errorf("cut short: the shape %v needs %d elements of %s", dims, n, t.name)
	}
	if err != nil {
		return Array{}, err
	}
	if k, err := io.Copy(io.Discard, r); err != nil {
		return Array{}, err
	} else if k > 0 {
		return Array{}, fmt.Errorf("%d bytes follow the last element", k)
	}
	if fortran && len(dims) > 1 {
		data = t.rowMajor(data, dims)
	}
	return Array{Shape: dims, Data: data}, nil
}

func npyHeader(r io.Reader) (descr string, fortran bool, dims []int, err error) {
	fail := func(format string, a ...any) (string, bool, []int, error) {
		return "", false, nil, fmt.Errorf("not an npy array: "+format, a...)
	}
	var lead [8]byte
	if _, err := io.ReadFull(r, lead[:]); err != nil || string(lead[:6]) != npyMagic {
		return fail("it does not begin with \\x93NUMPY")
	}
	var size int64
	switch lead[6] {
	case 1:
		var n uint16
		err = binary.Read(r, binary.LittleEndian, &n)
		size = int64(n)
	case 2, 3:
		var n uint32
		err = binary.Read(r, binary.LittleEndian, &n)
		size = int64(n)
	default:
		return fail("format version %d.%d is unknown", lead[6], lead[7])
	}
	if err != nil || size > 1<<20 {
		return fail("its header is cut short or oversized")
	}
	head := make([]byte, size)
	if _, err := io.ReadFull(r, head); err != nil {
		return fail("its header is cut short")
	}
	return parseNpyHeader(string(head))
}

// parseNpyHeader reads {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), } with its keys in any order.
func parseNpyHeader(head string) (descr string, fortran bool, dims []int, err error) {
	bad := func() (string, bool, []int, error) {
		return "", false, nil, fmt.Errorf("not an npy array: its header reads %.80q", head)
	}
	s := strings.TrimSpace(head)
	s, open := strings.CutPrefix(s, "{")
	s, closed := strings.CutSuffix(s, "}")
	if !open || !closed {
		return bad()
	}
	found := map[string]bool{}
	for s = strings.TrimSpace(s); s != ""; s = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(s), ",")) {
		key, rest, ok := strings.Cut(s, ":")
		key = strings.Trim(strings.TrimSpace(key), `'"`)
		rest = strings.TrimSpace(rest)
		if !ok || found[key] {
			return bad()
		}
		found[key] = true
		switch key {
		case "descr":
			if len(rest) < 2 || (rest[0] != '\'' && rest[0] != '"') {
				return bad()
			}
			descr, s, ok = strings.Cut(rest[1:], rest[:1])
		case "fortran_order":
			if s, ok = strings.CutPrefix(rest, "True"); ok {
				fortran = true
			} else {
				s, ok = strings.CutPrefix(rest, "False")
			}
		case "shape":
			var tuple string
			tuple, s, ok = strings.Cut(strings.TrimPrefix(rest, "("), ")")
			for _, f := range strings.Split(tuple, ",") {
				if f = strings.TrimSpace(f); f == "" {
					continue
				}
				d, err := strconv.Atoi(strings.TrimSuffix(f, "L"))
				if err != nil || d < 0 {
					return bad()
				}
				dims = append(dims, d)
			}
		default:
			return bad()
		}
		if !ok {
			return bad()
		}
	}
	if !found["descr"] || !found["fortran_order"] || !found["shape"] {
		return bad()
	}
	return descr, fortran, dims, nil
}

// npyType understands '<', '>', '=' and '|' before the kind and size.
func npyType(descr string) (*dtype, binary.ByteOrder) {
	var order binary.ByteOrder = binary.LittleEndian
	if len(descr) == 3 && descr[0] == '>' {
		order = binary.BigEndian
	}
	for i := range dtypes {
		if len(descr) == 3 && strings.ContainsRune("<>=|", rune(descr[0])) && dtypes[i].npy[1:] == descr[1:] {
			return &dtypes[i], order
		}
	}
	return nil, nil
}
