package store

import (
	"bufio"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// idxTypes are the element types of the idx format by the third byte of its magic number.
var idxTypes = map[byte]string{0x08: "uint8", 0x09: "int8", 0x0c: "int32", 0x0d: "float32", 0x0e: "float64"}

// ReadIdx reads a file in the idx format of the MNIST database, plain or compressed by gzip (told apart by content).
// The format: two zero bytes, the element type, the number of dimensions, each extent as a big-endian uint32,
// the elements in big-endian row-major order. A wrong magic number, a file cut short and bytes after the last element
// are errors. The array is named after the file.
func ReadIdx(name string) (Array, error) {
	f, err := os.Open(name)
	if err != nil {
		return Array{}, fmt.Errorf("%s: %s", name, reason(err))
	}
	defer f.Close()
	a, err := DecodeIdx(f)
	if err != nil {
		return Array{}, fmt.Errorf("%s: %w", name, err)
	}
	a.Name = filepath.Base(name)
	return a, nil
}

// DecodeIdx is ReadIdx on a stream.
func DecodeIdx(r io.Reader) (Array, error) {
	b := bufio.NewReader(r)
	var in io.Reader = b
	if m, _ := b.Peek(2); len(m) == 2 && m[0] == 0x1f && m[1] == 0x8b {
		z, err := gzip.NewReader(b)
		if err != nil {
			return Array{}, fmt.Errorf("not a gzip file: %s", idxReason(err))
		}
		in = z
	}
	var magic [4]byte
	if n, err := io.ReadFull(in, magic[:]); err != nil {
		return Array{}, fmt.Errorf("not an idx file: it ends after %d bytes (%s)", n, idxReason(err))
	}
	t := dtypeNamed(idxTypes[magic[2]])
	if magic[0] != 0 || magic[1] != 0 || t == nil {
		return Array{}, fmt.Errorf("not an idx file of a type known here: its magic number is 0x%08x (images of bytes have 0x00000803, labels 0x00000801)", magic)
	}
	dims := make([]int, magic[3])
	for i := range dims {
		var d uint32
		if err := binary.Read(in, binary.BigEndian, &d); err != nil {
			return Array{}, fmt.Errorf("cut short: %d dimensions are announced, %d are there (%s)", len(dims), i, idxReason(err))
		}
		dims[i] = int(d)
	}
	n, ok := elements(dims)
	if !ok {
		return Array{}, fmt.Errorf("the shape %v is too large", dims)
	}
	data, err := t.decode(in, n, binary.BigEndian)
	if err != nil {
		return Array{}, fmt.Errorf("cut short: the shape %v needs %d elements of %s (%s)", dims, n, t.name, idxReason(err))
	}
	extra, err := io.Copy(io.Discard, in)
	if err != nil {
		return Array{}, fmt.Errorf("damaged: %s", idxReason(err))
	}
	if extra > 0 {
		return Array{}, fmt.Errorf("%d bytes follow the %d elements that the shape %v announces", extra, n, dims)
	}
	return Array{Shape: dims, Data: data}, nil
}

func dtypeNamed(name string) *dtype {
	for i := range dtypes {
		if dtypes[i].name == name {
			return &dtypes[i]
		}
	}
	return nil
}

// idxReason puts the errors of a stream in words.
func idxReason(err error) string {
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the data end there"
	case errors.Is(err, gzip.ErrChecksum):
		return "the checksum of the compressed data is wrong"
	case errors.Is(err, gzip.ErrHeader):
		return "its gzip header is damaged"
	}
	return reason(err)
}
