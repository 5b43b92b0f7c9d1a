package multispin

import "cavity/engine/rng"

// The constants of Philox4x32 (Salmon, Moraes, Dror, Shaw 2011).
const (
	philoxM0, philoxM1 = 0xD2511F53, 0xCD9E8D57
	philoxW0, philoxW1 = 0x9E3779B9, 0xBB67AE85
)

// A pass is what the blocks of one pass have in common. The counter's words of a block are (w + q·2²⁴, site, C2, C3): in the
// first three of seven rounds only one product depends on both the site and (w, q); all others are computed once, here for
// the pass, in perSite for a site and in perPair for a word and a pair of planes.
type pass struct {
	siteKey uint32       // what the site is combined with before its first product
	x1      uint32       // second word after the first round
	c3      uint32       // the counter's
	k0, k1  [7]uint32    // keys of the rounds
	keys    [7][2]uint64 // the same as assembly takes them; the last round's keys are moved to the upper halves
}

func newPass(s rng.Stream) (p pass) {
	for r := range uint32(7) {
		p.k0[r], p.k1[r] = s.K0+r*philoxW0, s.K1+r*philoxW1
		p.keys[r] = [2]uint64{uint64(p.k0[r]), uint64(p.k1[r])}
	}
	p.keys[6][0] <<= 32
	p.keys[6][1] <<= 32
	m := uint64(s.C2) * philoxM1
	p.siteKey, p.x1, p.c3 = uint32(m>>32)^p.k0[0], uint32(m), s.C3
	return p
}

// perSite is the product of the second round that only the site decides.
func (p *pass) perSite(site uint32) uint64 { return uint64(site^p.siteKey) * philoxM0 }

// perPair gives what the third and fourth rounds combine with: by the high half of the site's product, the second product of
// the third round, the low half of the site's product, and the first product of the fourth round.
func (p *pass) perPair(w, q uint32) [4]uint32 {
	m := uint64(w|q<<24) * philoxM0
	x2, x3 := uint32(m>>32)^p.c3^p.k1[0], uint32(m)
	n := uint64(x2) * philoxM1
	o := uint64(uint32(n>>32)^p.x1^p.k0[1]) * philoxM0
	return [4]uint32{x3 ^ p.k1[1], uint32(n) ^ p.k0[2], uint32(o>>32) ^ p.k1[2], uint32(o) ^ p.k1[3]}
}

// block finishes the pair of planes from its two parts.
func (p *pass) block(site uint64, t *[4]uint32) (even, odd uint64) {
	m := uint64(uint32(site>>32)^t[0]) * philoxM1
	a, b := uint64(uint32(m>>32)^t[1])*philoxM0, uint64(uint32(site)^t[2])*philoxM1
	c, d := uint64(uint32(b>>32)^uint32(m)^p.k0[3])*philoxM0, uint64(uint32(a>>32)^t[3])*philoxM1
	a, b = uint64(uint32(d>>32)^uint32(b)^p.k0[4])*philoxM0, uint64(uint32(c>>32)^uint32(a)^p.k1[4])*philoxM1
	c, d = uint64(uint32(b>>32)^uint32(d)^p.k0[5])*philoxM0, uint64(uint32(a>>32)^uint32(c)^p.k1[5])*philoxM1
	return d ^ b<<32 ^ p.keys[6][0], c ^ a<<32 ^ p.keys[6][1]
}
