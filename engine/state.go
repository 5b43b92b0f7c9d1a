package engine

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"sort"

	"cavity/engine/rng"
)

// A saved state is: 8 bytes magic, the length of a JSON header (uint32), the header, the slots' elements in the header's
// order, and the CRC-32C of all that (uint32); numbers are little-endian.
const stateMagic = "CAVITY\x01\n"

// maxHeader bounds the header that Load will read: a damaged length must not ask for all memory.
const maxHeader = 16 << 20

type stateHeader struct {
	Seed   uint64       `json:"seed"`
	Step   uint64       `json:"step"`
	Stages []stateStage `json:"stages"`
	Slots  []stateSlot  `json:"slots"`
}

type stateStage struct {
	Name   string `json:"name"`
	Repeat int    `json:"repeat"`
	Pass   uint64 `json:"pass"`
}

type stateSlot struct {
	Name  string `json:"name"`
	Dtype string `json:"dtype"`
	Shape []int  `json:"shape"`
}

func (pr *Program) header() stateHeader {
	h := stateHeader{Seed: pr.seed, Step: pr.step}
	for _, s := range pr.stages {
		h.Stages = append(h.Stages, stateStage{s.name, s.repeat, s.pass})
	}
	for name, b := range pr.slots {
		h.Slots = append(h.Slots, stateSlot{name, b.Dtype.String(), append([]int{}, b.Shape...)})
	}
	sort.Slice(h.Slots, func(i, j int) bool { return h.Slots[i].Name < h.Slots[j].Name })
	return h
}

// Save writes all that a bit-exact resume needs: the clock, the stages' passes and repeats, and every slot.
func (pr *Program) Save(w io.Writer) error {
	if err := pr.Sync(); err != nil {
		return err
	}
	h := pr.header()
	head, err := json.Marshal(h)
	if err != nil {
		return err
	}
	sum := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	out := io.MultiWriter(w, sum)
	var size [4]byte
	binary.LittleEndian.PutUint32(size[:], uint32(len(head)))
	for _, part := range [][]byte{[]byte(stateMagic), size[:], head} {
		if _, err := out.Write(part); err != nil {
			return err
		}
	}
	for _, s := range h.Slots {
		b := pr.slots[s.Name]
		raw := make([]byte, b.Bytes())
		if err := b.read(raw); err != nil {
			return err
		}
		if _, err := out.Write(raw); err != nil {
			return err
		}
	}
	binary.LittleEndian.PutUint32(size[:], sum.Sum32())
	_, err = w.Write(size[:])
	return err
}

// Load takes back what Save wrote, into a Program compiled from the same plan on any backend with any number of workers.
// Nothing changes unless the whole state is sound: truncated, damaged and foreign states are errors that say so.
func (pr *Program) Load(r io.Reader) error {
	sum := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	in := io.TeeReader(r, sum)
	head := make([]byte, len(stateMagic)+4)
	if _, err := io.ReadFull(in, head); err != nil || string(head[:len(stateMagic)]) != stateMagic {
		return errors.New("engine: not a saved state of this version")
	}
	n := binary.LittleEndian.Uint32(head[len(stateMagic):])
	if n > maxHeader {
		return fmt.Errorf("engine: the saved state is damaged: a header of %d bytes", n)
	}
	text := make([]byte, n)
	if _, err := io.ReadFull(in, text); err != nil {
		return errors.New("engine: the saved state is truncated")
	}
	var h stateHeader
	if err := json.Unmarshal(text, &h); err != nil {
		return errors.New("engine: the saved state is damaged: its header is not readable")
	}
	if err := pr.matches(h); err != nil {
		return err
	}
	data := make(map[string][]byte, len(h.Slots))
	for _, s := range h.Slots {
		data[s.Name] = make([]byte, pr.slots[s.Name].Bytes())
		if _, err := io.ReadFull(in, data[s.Name]); err != nil {
			return errors.New("engine: the saved state is truncated")
		}
	}
	want := sum.Sum32()
	var got [4]byte
	if _, err := io.ReadFull(r, got[:]); err != nil {
		return errors.New("engine: the saved state is truncated")
	}
	if binary.LittleEndian.Uint32(got[:]) != want {
		return errors.New("engine: the saved state is damaged: its checksum does not match")
	}
	if err := pr.Sync(); err != nil {
		return err
	}
	for name, raw := range data {
		if err := pr.slots[name].write(raw); err != nil {
			return err
		}
	}
	pr.seed, pr.step = h.Seed, h.Step
	for i, s := range h.Stages {
		pr.stages[i].repeat, pr.stages[i].pass = s.Repeat, s.Pass
	}
	return nil
}

// matches checks that a state belongs to this program: the same stages and slots.
func (pr *Program) matches(h stateHeader) error {
	mine := pr.header()
	if len(h.Stages) != len(mine.Stages) || len(h.Slots) != len(mine.Slots) {
		return fmt.Errorf("engine: the saved state is of another program: %d stages and %d slots, not %d and %d", len(h.Stages), len(h.Slots), len(mine.Stages), len(mine.Slots))
	}
	for i, s := range h.Stages {
		if s.Name != mine.Stages[i].Name || s.Repeat < 0 || s.Pass > rng.MaxPass {
			return fmt.Errorf("engine: the saved state is of another program: stage %q where %q is expected", s.Name, mine.Stages[i].Name)
		}
	}
	for i, s := range h.Slots {
		m := mine.Slots[i]
		if s.Name != m.Name || s.Dtype != m.Dtype || !slices.Equal(s.Shape, m.Shape) {
			return fmt.Errorf("engine: the saved state is of another program: slot %q %s%v where %q %s%v is expected", s.Name, s.Dtype, s.Shape, m.Name, m.Dtype, m.Shape)
		}
	}
	return nil
}

// Snapshot is Save into memory.
func (pr *Program) Snapshot() ([]byte, error) {
	var b bytes.Buffer
	err := pr.Save(&b)
	return b.Bytes(), err
}
