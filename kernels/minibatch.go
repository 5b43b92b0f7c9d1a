package kernels

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/rng"
)

// Pixels says how bytes become numbers.
type Pixels uint8

// Scaled divides by 255; Threshold gives 1 above 127 and else 0; Sampled gives 1 with probability x/255, anew each time.
const (
	Scaled Pixels = iota
	Threshold
	Sampled
)

// minibatch draws rows without replacement.
type minibatch struct {
	op
	rows, width, batch int
	stream             uint16
	pixels             Pixels
	labels             bool
	table              [256]float32 // of Scaled and Threshold
	limit              [256]uint64  // of Sampled
}

// Minibatch is the next batch of rows of data, uint8 [rows, width], as numbers of dtype [batch, width]. Every run of the stage
// takes the next batch of an epoch; an epoch is a permutation of the rows, drawn afresh for each, without its last
// rows mod batch. Row i of epoch e is a keyed permutation of the row numbers (a four-round Feistel network with Philox as
// its round function, walked until it falls below rows), so that any row of any epoch is found without state.
// Kernels with the same stream in one stage draw the same rows: see [MinibatchLabels].
func Minibatch(data *gorgonia.Node, dt tensor.Dtype, batch int, stream uint16, pixels Pixels) (*gorgonia.Node, error) {
	if err := operand("minibatch", "data", data, tensor.Uint8, anySize, anySize); err != nil {
		return nil, err
	}
	k := &minibatch{rows: data.Shape()[0], width: data.Shape()[1], batch: batch, stream: stream, pixels: pixels}
	for x := range 256 {
		switch pixels {
		case Scaled:
			k.table[x] = float32(float64(x) / 255)
		case Threshold:
			if x > 127 {
				k.table[x] = 1
			}
		}
		k.limit[x], _ = rng.Threshold(float64(x) / 255)
	}
	return k.apply(fmt.Sprintf("Minibatch{stream %d, pixels %d}", stream, pixels), dt, data, k.width)
}

// MinibatchLabels is the labels, uint8 [rows], of the rows that Minibatch draws from the same stream, as 1 in the label's
// column and 0 elsewhere, [batch, classes]. Labels of classes and more give rows of zeros.
func MinibatchLabels(labels *gorgonia.Node, dt tensor.Dtype, batch, classes int, stream uint16) (*gorgonia.Node, error) {
	if err := operand("minibatch labels", "labels", labels, tensor.Uint8, anySize); err != nil {
		return nil, err
	}
	k := &minibatch{rows: labels.Shape()[0], width: classes, batch: batch, stream: stream, labels: true}
	return k.apply(fmt.Sprintf("MinibatchLabels{stream %d}", stream), dt, labels, classes)
}

func (k *minibatch) apply(form string, dt tensor.Dtype, data *gorgonia.Node, width int) (*gorgonia.Node, error) {
	if k.batch < 1 || k.batch > k.rows {
		return nil, fmt.Errorf("minibatch: batches of %d of %d rows", k.batch, k.rows)
	}
	if dt != tensor.Float32 && dt != tensor.Float64 {
		return nil, fmt.Errorf("minibatch: numbers of %v: float32 or float64", dt)
	}
	k.op = newOp(form, dt, tensor.Shape{k.batch, width}, data)
	return gorgonia.ApplyOp(k, data)
}

// Batches is the number of batches of an epoch.
func Batches(rows, batch int) int { return rows / batch }

// PixelStream is added to the kernel's stream for the numbers that Sampled compares.
const PixelStream = 0x8000

// Host is the definition.
func (k *minibatch) Host(c engine.Clock, out engine.Buffer, in []engine.Buffer) error {
	words := make([]uint32, pixelWords)
	for i := range k.batch {
		k.row(&c, out, engine.Slice[uint8](in[0]), i, words)
	}
	return nil
}

// pixelWords is how many random words a row takes at a time.
const pixelWords = 256

// row writes row i of the batch; words is scratch memory for pixelWords of them.
func (k *minibatch) row(c *engine.Clock, out engine.Buffer, data []uint8, i int, words []uint32) {
	batches := uint64(k.rows / k.batch)
	epoch, at := c.Pass/batches, c.Pass%batches*uint64(k.batch)+uint64(i)
	r := Shuffled(c.Seed, epoch, c.Stage, k.stream, at, uint64(k.rows))
	if out.Dtype == tensor.Float64 {
		k.fill64(c, engine.Slice[float64](out)[i*k.width:(i+1)*k.width], data, int(r), i)
		return
	}
	dst := engine.Slice[float32](out)[i*k.width : (i+1)*k.width]
	if k.labels {
		clear(dst)
		if x := int(data[r]); x < k.width {
			dst[x] = 1
		}
		return
	}
	src := data[int(r)*k.width : (int(r)+1)*k.width]
	words[0] = touch(src)
	if k.pixels != Sampled {
		translate(dst, src, &k.table)
		return
	}
	// The row's words come in blocks, from an offset that is a multiple of 64 for every row.
	s, stride := c.Stream(k.stream|PixelStream), uint64(k.width+63)/64*64
	for j := 0; j < len(src); j += len(words) {
		w := words[:min(len(words), len(src)-j)]
		s.FillUint32(w, uint64(i)*stride+uint64(j))
		for q, x := range src[j : j+len(w)] {
			dst[j+q] = 0
			if uint64(w[q]) < k.limit[x] {
				dst[j+q] = 1
			}
		}
	}
}

// touch asks for all cache lines of a row at once: rows come in no order, and from afar.
func touch(src []uint8) (sum uint32) {
	for j := 0; j < len(src); j += 64 {
		sum += uint32(src[j])
	}
	return sum
}

// translate looks up bytes, eight at a time so that no length is checked for each.
func translate(dst []float32, src []uint8, table *[256]float32) {
	for len(src) >= 8 && len(dst) >= 8 {
		d, s := (*[8]float32)(dst), (*[8]uint8)(src)
		d[0], d[1], d[2], d[3] = table[s[0]], table[s[1]], table[s[2]], table[s[3]]
		d[4], d[5], d[6], d[7] = table[s[4]], table[s[5]], table[s[6]], table[s[7]]
		dst, src = dst[8:], src[8:]
	}
	for j, x := range src {
		dst[j] = table[x]
	}
}

func (k *minibatch) fill64(c *engine.Clock, dst []float64, data []uint8, r, i int) {
	if k.labels {
		clear(dst)
		if x := int(data[r]); x < k.width {
			dst[x] = 1
		}
		return
	}
	s, stride := c.Stream(k.stream|PixelStream), uint64(k.width+63)/64*64
	for j, x := range data[r*k.width : (r+1)*k.width] {
		switch {
		case k.pixels == Scaled:
			dst[j] = float64(x) / 255
		case k.pixels == Threshold:
			dst[j] = float64(k.table[x])
		case uint64(s.Uint32(uint64(i)*stride+uint64(j))) < k.limit[x]:
			dst[j] = 1
		default:
			dst[j] = 0
		}
	}
}

// Bind splits the rows.
func (k *minibatch) Bind(w engine.Workers, out engine.Buffer, in []engine.Buffer) (func(*engine.Clock) error, error) {
	per := max(1, (k.batch+4*w.N()-1)/(4*w.N()))
	data := engine.Slice[uint8](in[0])
	var clock engine.Clock
	words := make([]uint32, w.N()*pixelWords)
	task := func(t, worker int) {
		for i := t * per; i < min((t+1)*per, k.batch); i++ {
			k.row(&clock, out, data, i, words[worker*pixelWords:(worker+1)*pixelWords])
		}
	}
	return func(c *engine.Clock) error {
		clock = *c
		w.Do((k.batch+per-1)/per, task)
		return nil
	}, nil
}

// Shuffled is where element i of n goes in the permutation of (seed, round, stage, stream): a bijection of 0 … n-1 onto
// itself for every key. A Feistel network permutes the numbers of an even count of bits; numbers not below n are sent
// through it again.
func Shuffled(seed, round uint64, stage uint8, stream uint16, i, n uint64) uint64 {
	half := uint(1)
	for 1<<(2*half) < n {
		half++
	}
	mask := uint64(1)<<half - 1
	s := rng.At(seed, round, stage, stream)
	for {
		l, r := i>>half, i&mask
		for f := range uint32(4) {
			l, r = r, l^uint64(s.Block(uint32(r), f)[0])&mask
		}
		if i = l<<half | r; i < n {
			return i
		}
	}
}
