package dense

// load copies n sites from site i of up to 32 replicas from replica g on of [replica][site] rows to lanes. Lanes without a
// replica get spins and fields 1, which at threshold 0 never turn.
func (s *Sweeper) load(w *workspace, p *part, dst *laneArray, rows []float32, g, i, n int) {
	replicas := min(group, p.replicas-g)
	for r := 0; r < replicas; r += 16 {
		if r+16 <= replicas {
			w.turn = transposeArgs{
				src: &rows[(g+r)*p.ld+i], srcRow: p.ld * 4, srcTile: 64,
				dst: &dst[0][r], dstRow: siteRow, dstTile: 16 * siteRow, tiles: (n + 15) / 16,
			}
			s.asm.transpose(&w.turn)
			continue
		}
		for k := range n {
			for l := r; l < r+16; l++ {
				dst[k][l] = 1
			}
		}
		for l := r; l < replicas; l++ {
			row := rows[(g+l)*p.ld+i:][:n]
			for k, x := range row {
				dst[k][l] = x
			}
		}
	}
}

// store is the inverse of load for spins.
func (s *Sweeper) store(w *workspace, p *part, src *laneArray, g, i, n int) {
	replicas := min(group, p.replicas-g)
	for r := 0; r < replicas; r += 16 {
		if r+16 <= replicas {
			w.turn = transposeArgs{
				src: &src[0][r], srcRow: siteRow, srcTile: 16 * siteRow,
				dst: &p.spins[(g+r)*p.ld+i], dstRow: p.ld * 4, dstTile: 64, tiles: (n + 15) / 16,
			}
			s.asm.transpose(&w.turn)
			continue
		}
		for l := r; l < replicas; l++ {
			row := p.spins[(g+l)*p.ld+i:][:n]
			for k := range row {
				row[k] = src[k][l]
			}
		}
	}
}

// transposeBits exchanges bit c of word r with bit r of word c.
func transposeBits(a *[64]uint64) {
	mask := uint64(0x00000000ffffffff)
	for j := 32; j != 0; j >>= 1 {
		for k := 0; k < 64; k = (k + j + 1) &^ j {
			t := (a[k]>>j ^ a[k+j]) & mask
			a[k] ^= t << j
			a[k+j] ^= t
		}
		mask ^= mask << (j / 2)
	}
}
