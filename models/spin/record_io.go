package spin

import (
	"encoding/binary"
	"io"
)

func writeAll(w io.Writer, xs ...any) error {
	for _, x := range xs {
		if err := binary.Write(w, binary.LittleEndian, x); err != nil {
			return err
		}
	}
	return nil
}

func readAll(r io.Reader, xs ...any) error {
	for _, x := range xs {
		if err := binary.Read(r, binary.LittleEndian, x); err != nil {
			return errTruncated
		}
	}
	return nil
}
