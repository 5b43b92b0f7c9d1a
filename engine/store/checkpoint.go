package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
)

// The layout of a checkpoint, little endian throughout. The table stands at the end so that sections of unknown length
// can be streamed; every byte of the file is covered by a comparison or by a CRC-32C.
//
//	head     magic (8 bytes), format version (uint32), reserved (uint32, 0)
//	data     the sections, back to back
//	table    per section: length of its name (uint8), name, length of its data (uint64), CRC-32C of its data (uint32)
//	tail     offset of the table (uint64), length of the file (uint64), number of sections (uint32),
//	         CRC-32C of the table (uint32), CRC-32C of the 24 bytes before (uint32), end mark (4 bytes)
//
// The magic begins with a byte that no text has and holds both line ends, so that a transfer as text is noticed.
const (
	checkpointMagic  = "\x89CAV\r\n\x1a\n"
	checkpointFormat = 1
	checkpointEnd    = "DONE"
	headSize         = 16
	tailSize         = 32
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Section is one part of a checkpoint to be written: Write streams its data.
type Section struct {
	Name  string
	Write func(io.Writer) error
}

// Bytes is a section whose data are in memory.
func Bytes(name string, data []byte) Section {
	return Section{name, func(w io.Writer) error { _, err := w.Write(data); return err }}
}

// WriteCheckpoint writes sections in the checkpoint format.
func WriteCheckpoint(w io.Writer, sections ...Section) error {
	out := &meter{w: w}
	head := append([]byte(checkpointMagic), make([]byte, 8)...)
	binary.LittleEndian.PutUint32(head[8:], checkpointFormat)
	if _, err := out.Write(head); err != nil {
		return err
	}
	var table []byte
	seen := map[string]bool{}
	for _, s := range sections {
		if s.Name == "" || len(s.Name) > 255 || seen[s.Name] {
			return fmt.Errorf("checkpoint: section name %q is empty, used twice or longer than 255 bytes", s.Name)
		}
		seen[s.Name] = true
		from := out.n
		out.crc = 0
		if err := s.Write(out); err != nil {
			return err
		}
		table = append(append(table, byte(len(s.Name))), s.Name...)
		table = binary.LittleEndian.AppendUint64(table, out.n-from)
		table = binary.LittleEndian.AppendUint32(table, out.crc)
	}
	tail := binary.LittleEndian.AppendUint64(nil, out.n)
	tail = binary.LittleEndian.AppendUint64(tail, out.n+uint64(len(table))+tailSize)
	tail = binary.LittleEndian.AppendUint32(tail, uint32(len(sections)))
	tail = binary.LittleEndian.AppendUint32(tail, crc32.Checksum(table, castagnoli))
	tail = binary.LittleEndian.AppendUint32(tail, crc32.Checksum(tail, castagnoli))
	_, err := out.Write(append(append(table, tail...), checkpointEnd...))
	return err
}

// meter counts and checksums what passes through.
type meter struct {
	w   io.Writer
	n   uint64
	crc uint32
}

func (m *meter) Write(p []byte) (int, error) {
	n, err := m.w.Write(p)
	m.n += uint64(n)
	m.crc = crc32.Update(m.crc, castagnoli, p[:n])
	return n, err
}

// Checkpoint is a checkpoint read back whole and verified.
type Checkpoint struct {
	names []string
	data  map[string][]byte
}

// Names lists the sections in the order in which they were written.
func (c *Checkpoint) Names() []string { return c.names }

// Section returns the data of a section, to be read from the beginning.
func (c *Checkpoint) Section(name string) (*bytes.Reader, error) {
	b, ok := c.data[name]
	if !ok {
		return nil, fmt.Errorf("the checkpoint has no section %q (it has %q)", name, c.names)
	}
	return bytes.NewReader(b), nil
}

// DecodeCheckpoint verifies a whole checkpoint before anything of it is used; the result goes on using the bytes. One that is
// truncated, foreign, damaged or of a newer format is an error that says so.
func DecodeCheckpoint(b []byte) (*Checkpoint, error) {
	if len(b) < len(checkpointMagic) || string(b[:8]) != checkpointMagic {
		return nil, fmt.Errorf("not a checkpoint of cavity (it begins with %q)", b[:min(8, len(b))])
	}
	if len(b) < headSize+tailSize {
		return nil, fmt.Errorf("cut short: %d bytes are less than an empty checkpoint has", len(b))
	}
	if v := binary.LittleEndian.Uint32(b[8:]); v != checkpointFormat {
		return nil, fmt.Errorf("checkpoint format %d, but this version of cavity reads format %d", v, checkpointFormat)
	}
	if binary.LittleEndian.Uint32(b[12:]) != 0 {
		return nil, fmt.Errorf("damaged: its first 16 bytes are no checkpoint's")
	}
	tail := b[len(b)-tailSize:]
	if string(tail[28:]) != checkpointEnd {
		return nil, fmt.Errorf("cut short or overwritten: after %d bytes its end mark is missing", len(b))
	}
	if crc32.Checksum(tail[:24], castagnoli) != binary.LittleEndian.Uint32(tail[24:]) {
		return nil, fmt.Errorf("damaged: the checksum of its last %d bytes is wrong", tailSize)
	}
	table, total := binary.LittleEndian.Uint64(tail), binary.LittleEndian.Uint64(tail[8:])
	if total != uint64(len(b)) {
		return nil, fmt.Errorf("cut short or extended: it has %d bytes and was written with %d", len(b), total)
	}
	if table < headSize || table > total-tailSize {
		return nil, fmt.Errorf("damaged: its table of sections begins at byte %d of %d", table, total)
	}
	if crc32.Checksum(b[table:total-tailSize], castagnoli) != binary.LittleEndian.Uint32(tail[20:]) {
		return nil, fmt.Errorf("damaged: the checksum of its table of sections is wrong")
	}
	return sectionsOf(b[headSize:table], b[table:total-tailSize], binary.LittleEndian.Uint32(tail[16:]))
}

func sectionsOf(data, table []byte, count uint32) (*Checkpoint, error) {
	bad := fmt.Errorf("damaged: its table of sections does not fit its data")
	c := &Checkpoint{data: map[string][]byte{}}
	for range count {
		if len(table) < 1 || len(table) < 1+int(table[0])+12 {
			return nil, bad
		}
		k := 1 + int(table[0])
		name, size, sum := string(table[1:k]), binary.LittleEndian.Uint64(table[k:]), binary.LittleEndian.Uint32(table[k+8:])
		table = table[k+12:]
		if _, twice := c.data[name]; twice || name == "" || size > uint64(len(data)) {
			return nil, bad
		}
		if crc32.Checksum(data[:size], castagnoli) != sum {
			return nil, fmt.Errorf("damaged: the checksum of section %q is wrong", name)
		}
		c.names = append(c.names, name)
		c.data[name] = data[:size:size]
		data = data[size:]
	}
	if len(data) > 0 || len(table) > 0 {
		return nil, bad
	}
	return c, nil
}
