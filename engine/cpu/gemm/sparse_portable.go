package gemm

import "unsafe"

// portableLists is the kernels of products with lists in plain Go, 64 columns at a time.
func portableLists() *listSet {
	const columns = 64
	return &listSet{lanes: columns, rows: []func(*listArgs){nil, listRow}, compress: compress, count: count}
}

// listRow computes C[j] = α Σ_i value[i] B[index[i] bytes + j] + β C[j].
func listRow(p *listArgs) {
	var sum [64]float32
	values := unsafe.Slice(p.value, p.n)
	for i, offset := range unsafe.Slice(p.index, p.n) {
		v := values[i]
		for j, x := range unsafe.Slice(at(p.b, int(offset)), p.last) {
			sum[j] += float32(v * x)
		}
	}
	c := unsafe.Slice(p.c, p.last)
	for j := range c {
		v := float32(p.alpha * sum[j])
		if p.beta != 0 {
			v += float32(p.beta * c[j])
		}
		c[j] = v
	}
}

// compress lists the nonzeros of a: place times step, and value.
func compress(n int, a *float32, index *uint32, value *float32, step int) int {
	indices, values, found := unsafe.Slice(index, n), unsafe.Slice(value, n), 0
	for i, x := range unsafe.Slice(a, n) {
		if x != 0 {
			indices[found], values[found] = uint32(i*step), x
			found++
		}
	}
	return found
}

// count adds one to counts[i] where a[i] is not 0, and returns how many there are.
func count(n int, a *float32, counts *uint32) int {
	c, found := unsafe.Slice(counts, n), 0
	for i, x := range unsafe.Slice(a, n) {
		if x != 0 {
			c[i]++
			found++
		}
	}
	return found
}
