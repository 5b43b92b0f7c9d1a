package multispin

// transpose exchanges bit i of word j with bit j of word i, halving the blocks that it exchanges: 32, 16, … 1.
func transpose(a *[64]uint64) {
	for j := range 32 {
		t := (a[j]>>32 ^ a[j+32]) & (1<<32 - 1)
		a[j] ^= t << 32
		a[j+32] ^= t
	}
	transpose32((*[32]uint64)(a[:32]))
	transpose32((*[32]uint64)(a[32:]))
}

// transpose32 does so with the lower and the upper halves of 32 words: bit i of word j and bit 32+i of word j are numbers j and
// 32+j of 64 columns, whose bits are 64 of each of 32 planes; it turns one into the other.
func transpose32(a *[32]uint64) {
	swap(a, 16, 0x0000ffff0000ffff)
	swap(a, 8, 0x00ff00ff00ff00ff)
	swap(a, 4, 0x0f0f0f0f0f0f0f0f)
	swap(a, 2, 0x3333333333333333)
	swap(a, 1, 0x5555555555555555)
}

func swap(a *[32]uint64, half int, mask uint64) {
	for j := 0; j < 32; j = (j + half + 1) &^ half {
		x, y := a[j&31], a[(j+half)&31]
		t := (x>>(half&63) ^ y) & mask
		a[j&31] = x ^ t<<(half&63)
		a[(j+half)&31] = y ^ t
	}
}
