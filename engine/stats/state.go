package stats

import (
	"encoding/binary"
	"fmt"
	"math"
)

// The accumulators' state is saved as little-endian 64-bit words behind one word that names the kind, so that a resumed run goes on
// with the same bits.
const (
	kindMoments = 0x314D6F6D656E7473 + iota
	kindBinning
	kindBlocks
	kindHistogram
	kindLogBins
)

// words is a cursor over saved state. With to set it writes, else it reads.
type words struct {
	data []byte
	to   bool
	bad  bool
}

func (w *words) int(v *int64) {
	if w.to {
		w.data = binary.LittleEndian.AppendUint64(w.data, uint64(*v))
		return
	}
	if len(w.data) < 8 {
		w.bad = true
		return
	}
	*v = int64(binary.LittleEndian.Uint64(w.data))
	w.data = w.data[8:]
}

func (w *words) float(v *float64) {
	n := int64(math.Float64bits(*v))
	w.int(&n)
	*v = math.Float64frombits(uint64(n))
}

func (w *words) floats(v []float64) {
	for i := range v {
		w.float(&v[i])
	}
}

// save appends kind and what visit visits to dst.
func save(dst []byte, kind int64, visit func(*words)) ([]byte, error) {
	w := &words{data: dst, to: true}
	w.int(&kind)
	visit(w)
	return w.data, nil
}

// load is the inverse of save on the whole of data.
func load(data []byte, kind int64, name string, visit func(*words)) error {
	w, got := &words{data: data}, int64(0)
	w.int(&got)
	if w.bad || got != kind {
		return fmt.Errorf("stats: saved state is not that of %s", name)
	}
	visit(w)
	if w.bad || len(w.data) != 0 {
		return fmt.Errorf("stats: saved state of %s has the wrong length", name)
	}
	return nil
}

func (m *Moments) visit(w *words) {
	w.int(&m.n)
	w.int(&m.bad)
	for _, v := range []*float64{&m.mean, &m.m2, &m.m3, &m.m4} {
		w.float(v)
	}
}

func (b *Binning) visit(w *words) {
	w.int(&b.bad)
	for l := range b.level {
		w.int(&b.level[l].n)
		w.float(&b.level[l].mean)
		w.float(&b.level[l].m2)
	}
	w.floats(b.waiting[:])
}

// visit expects b to have the shape that was saved.
func (b *Blocks) visit(w *words) {
	shape := [2]int64{int64(b.observables), int64(b.capacity)}
	w.int(&shape[0])
	w.int(&shape[1])
	if shape != [2]int64{int64(b.observables), int64(b.capacity)} {
		w.bad = true
		return
	}
	full := int64(b.full)
	for _, v := range []*int64{&b.size, &b.in, &full, &b.bad} {
		w.int(v)
	}
	if full < 0 || full >= int64(b.capacity) || b.size < 1 || b.in < 0 || b.in >= b.size {
		w.bad = true
		return
	}
	b.full = int(full)
	for _, row := range b.sums {
		w.floats(row)
	}
}

func (h *Histogram) visit(w *words) {
	lo, hi, n := h.lo, h.hi, int64(len(h.sum))
	w.float(&lo)
	w.float(&hi)
	w.int(&n)
	if lo != h.lo || hi != h.hi || n != int64(len(h.sum)) {
		w.bad = true
		return
	}
	w.floats(h.sum)
	w.floats(h.square)
	w.float(&h.under)
	w.float(&h.over)
	w.int(&h.bad)
}

func (l *LogBins) visit(w *words) {
	w.int(&l.steps)
	w.int(&l.bad)
	if l.steps < 0 || l.steps >= 1<<levels-1 {
		w.bad = true
		return
	}
	for k := range l.bin {
		l.bin[k].visit(w)
	}
}

// AppendBinary appends the state to dst.
func (m *Moments) AppendBinary(dst []byte) ([]byte, error) { return save(dst, kindMoments, m.visit) }

// AppendBinary appends the state to dst.
func (b *Binning) AppendBinary(dst []byte) ([]byte, error) { return save(dst, kindBinning, b.visit) }

// AppendBinary appends the state to dst.
func (b *Blocks) AppendBinary(dst []byte) ([]byte, error) { return save(dst, kindBlocks, b.visit) }

// AppendBinary appends the state to dst.
func (h *Histogram) AppendBinary(dst []byte) ([]byte, error) {
	return save(dst, kindHistogram, h.visit)
}

// AppendBinary appends the state to dst.
func (l *LogBins) AppendBinary(dst []byte) ([]byte, error) { return save(dst, kindLogBins, l.visit) }

// UnmarshalBinary restores a state that AppendBinary saved. After an error the accumulator is not to be used.
func (m *Moments) UnmarshalBinary(data []byte) error {
	return load(data, kindMoments, "moments", m.visit)
}

// UnmarshalBinary restores a state that AppendBinary saved. After an error the accumulator is not to be used.
func (b *Binning) UnmarshalBinary(data []byte) error {
	return load(data, kindBinning, "a binning analysis", b.visit)
}

// UnmarshalBinary restores a state that AppendBinary saved from blocks of the same shape. After an error they are not to be used.
func (b *Blocks) UnmarshalBinary(data []byte) error {
	return load(data, kindBlocks, "blocks of this shape", b.visit)
}

// UnmarshalBinary restores a state that AppendBinary saved from a histogram of the same bins. After an error it is not to be used.
func (h *Histogram) UnmarshalBinary(data []byte) error {
	return load(data, kindHistogram, "a histogram of these bins", h.visit)
}

// UnmarshalBinary restores a state that AppendBinary saved. After an error the accumulator is not to be used.
func (l *LogBins) UnmarshalBinary(data []byte) error {
	return load(data, kindLogBins, "logarithmic bins", l.visit)
}
