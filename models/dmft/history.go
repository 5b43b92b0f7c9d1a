package dmft

import "cavity/models/dmft/internal/twotime"

// history is the state of a long quench at step n: the present row (c, r) over the kept times, and the weights of the integrals.
// A kept time lives in a slot for as long as it is kept; order lists the slots by increasing time.
type history struct {
	m       PSpin
	h, thin float64
	n       int
	energy  float64
	z       float64
	size    int // slots
	order   []int
	free    []int
	at      []float64 // of the slot
	born    []int     // its step
	p, q, v []float64 // weights, size × size
	w       []float64 // weights of ∫_0^t, but for the corrections at its end
	c, r    track
	d, s    []float64  // f'(C) and f”(C) R of the row at hand
	latest  [3]int     // slots of t_n, t_{n-1}, t_{n-2}
	pc, pr  []float64  // the predicted row
	mc, mr  []float64  // memory parts of its derivatives, all but -z times the row
	gc, gr  [2]float64 // ∂f/∂t at birth of the columns t_{n-2} and t_{n-3}, for C and R
}

// track is one function of the present time for every slot: its value now and at the two steps before,
// and its derivative now and at the two steps before.
type track struct{ y, y1, y2, f, f1, f2 []float64 }

func (t *track) grow(n int) {
	for _, p := range []*[]float64{&t.y, &t.y1, &t.y2, &t.f, &t.f1, &t.f2} {
		*p = append(*p, make([]float64, n-len(*p))...)
	}
}

func newHistory(m PSpin, step, thin float64) *history {
	h := &history{m: m, h: step, thin: thin, z: m.Temperature}
	h.grow(64)
	s := h.take(0)
	h.latest = [3]int{s, s, s}
	h.c.y[s], h.r.y[s] = 1, 1
	h.c.f[s], h.r.f[s] = -m.Temperature, -m.Temperature
	h.w[s] = step * 9 / 24
	h.q[s*h.size+s], h.v[s*h.size+s] = step*9/24, step*9/24
	return h
}

func (h *history) time() float64 { return float64(h.n) * h.h }

// grow makes room for n slots.
func (h *history) grow(n int) {
	for _, p := range []*[]float64{&h.p, &h.q, &h.v} {
		wide := make([]float64, n*n)
		for j := 0; j < h.size; j++ {
			copy(wide[j*n:], (*p)[j*h.size:(j+1)*h.size])
		}
		*p = wide
	}
	for _, p := range []*[]float64{&h.at, &h.w, &h.d, &h.s, &h.pc, &h.pr, &h.mc, &h.mr} {
		*p = append(*p, make([]float64, n-len(*p))...)
	}
	h.c.grow(n)
	h.r.grow(n)
	for j := n - 1; j >= h.size; j-- {
		h.free = append(h.free, j)
		h.born = append(h.born, 0)
	}
	h.size = n
}

// take gives the time of step n a slot.
func (h *history) take(n int) int {
	if len(h.free) == 0 {
		h.grow(h.size + 32)
	}
	s := h.free[len(h.free)-1]
	h.free = h.free[:len(h.free)-1]
	h.at[s], h.born[s] = float64(n)*h.h, n
	h.order = append(h.order, s)
	return s
}

// endWeights are the corrections of Gregory's rule at the moving end of an integral over m ≥ 1 steps, for the last point,
// which the stored weights do not contain yet, and the two before it, in units of the step;
// the stored weights begin with 9/24, 28/24, 23/24, 1, 1, ...: together 1/2 1/2, then Simpson's 1/3 4/3 1/3, then 3/8 9/8 9/8 3/8.
func endWeights(m int) (last, before, third float64) {
	switch m {
	case 1:
		return 12. / 24, 3. / 24, 0
	case 2:
		return 8. / 24, 4. / 24, -1. / 24
	}
	return 9. / 24, 4. / 24, -1. / 24
}

func startWeight(m int) float64 {
	switch m {
	case 0:
		return 9. / 24
	case 1:
		return 28. / 24
	case 2:
		return 23. / 24
	}
	return 1
}

// advance goes from t_n to t_{n+1}.
func (h *history) advance() {
	h.predict()
	now := h.take(h.n + 1)
	h.n++
	h.latest = [3]int{now, h.latest[0], h.latest[1]}
	h.pc[now], h.pr[now] = 1, 1
	h.integrals()
	h.correct()
	h.c.y[now], h.r.y[now] = 1, 1
	h.c.f[now], h.r.f[now] = -h.m.Temperature, -h.z
	h.record()
	h.thinOut()
}

// predict extrapolates the row by Adams-Bashforth steps of the order that the age of the column allows. A new column
// borrows the second derivative at its birth from the columns before it.
func (h *history) predict() {
	dt := h.h
	if h.n >= 2 {
		h.gc[1], h.gr[1] = h.gc[0], h.gr[0]
		k := h.latest[2]
		h.gc[0] = (-3*h.c.f2[k] + 4*h.c.f1[k] - h.c.f[k]) / (2 * dt)
		h.gr[0] = (-3*h.r.f2[k] + 4*h.r.f1[k] - h.r.f[k]) / (2 * dt)
	}
	for _, j := range h.order {
		switch h.n - h.born[j] {
		case 0:
			gc, gr := h.birthSlopes(h.n)
			h.pc[j] = h.c.y[j] + dt*h.c.f[j] + dt*dt/2*gc
			h.pr[j] = h.r.y[j] + dt*h.r.f[j] + dt*dt/2*gr
		case 1:
			h.pc[j] = h.c.y[j] + dt/2*(3*h.c.f[j]-h.c.f1[j])
			h.pr[j] = h.r.y[j] + dt/2*(3*h.r.f[j]-h.r.f1[j])
		default:
			h.pc[j] = h.c.y[j] + dt/12*(23*h.c.f[j]-16*h.c.f1[j]+5*h.c.f2[j])
			h.pr[j] = h.r.y[j] + dt/12*(23*h.r.f[j]-16*h.r.f1[j]+5*h.r.f2[j])
		}
	}
}

// birthSlopes estimates ∂f/∂t of the column born at t_n from those of t_{n-2} and t_{n-3}, which predict has found.
func (h *history) birthSlopes(n int) (c, r float64) {
	switch {
	case n < 2:
		return 0, 0
	case n == 2:
		return h.gc[0], h.gr[0]
	}
	return 3*h.gc[0] - 2*h.gc[1], 3*h.gr[0] - 2*h.gr[1]
}

// integrals evaluates z and the memory integrals for the predicted row.
func (h *history) integrals() {
	a, b, c := h.latest[0], h.latest[1], h.latest[2]
	for _, k := range h.order {
		h.d[k], h.s[k] = h.m.slope(h.pc[k]), h.m.curvature(h.pc[k])*h.pr[k]
	}
	h.z = h.m.Temperature + h.overPast(func(k int) float64 { return h.d[k]*h.pr[k] + h.s[k]*h.pc[k] })
	n := h.size
	for _, j := range h.order {
		if j == a {
			continue
		}
		at := j * h.size
		i1, i2, i3 := twotime.Dots(h.p[at:at+n], h.q[at:at+n], h.v[at:at+n], h.d, h.s)
		e0, e1, e2 := endWeights(h.n - h.born[j])
		e0, e1, e2 = h.h*e0*h.s[a], h.h*e1*h.s[b], h.h*e2*h.s[c]
		h.mc[j] = i1 + i2 + e0*h.pc[j] + e1*h.c.y[j] + e2*h.c.y1[j]
		h.mr[j] = i3 + e0*h.pr[j] + e1*h.r.y[j] + e2*h.r.y1[j]
	}
}

// overPast is ∫_0^{t_n} of a function of the slot.
func (h *history) overPast(f func(k int) float64) float64 {
	sum := 0.
	for _, k := range h.order {
		sum += h.w[k] * f(k)
	}
	e0, e1, e2 := endWeights(h.n)
	sum += h.h * (e0*f(h.latest[0]) + e1*f(h.latest[1]))
	if h.n >= 2 {
		sum += h.h * e2 * f(h.latest[2])
	}
	return sum
}

// correct takes Adams-Moulton steps, implicit in the local decay -z.
func (h *history) correct() {
	sc, sr := h.birthSlopes(h.n - 1)
	for _, j := range h.order {
		if j == h.latest[0] {
			continue
		}
		age := h.n - h.born[j]
		h.c.step(j, age, h.h, h.z, h.mc[j], sc, h.n > 2)
		h.r.step(j, age, h.h, h.z, h.mr[j], sr, h.n > 2)
	}
}

// step corrects the value of slot j, of the given age at the end of the step; m - z y is the derivative there.
func (t *track) step(j, age int, dt, z, m, birthSlope float64, haveSlope bool) {
	var a, known float64 // y = (y0 + known + a m) / (1 + a z)
	switch {
	case age == 1 && haveSlope:
		a, known = dt/3, dt*2/3*t.f[j]+dt*dt/6*birthSlope
	case age == 1:
		a, known = dt/2, dt/2*t.f[j]
	case age == 2:
		a, known = dt*5/12, dt/12*(8*t.f[j]-t.f1[j])
	default:
		a, known = dt*9/24, dt/24*(19*t.f[j]-5*t.f1[j]+t.f2[j])
	}
	y := (t.y[j] + known + a*m) / (1 + a*z)
	t.y2[j], t.y1[j], t.y[j] = t.y1[j], t.y[j], y
	t.f2[j], t.f1[j], t.f[j] = t.f1[j], t.f[j], m-z*y
}

// record adds the corrected row to the weights and measures the energy.
func (h *history) record() {
	now := h.latest[0]
	h.energy = -h.overPast(func(k int) float64 { return h.m.slope(h.c.y[k]) * h.r.y[k] })
	own := now * h.size
	for _, k := range h.order {
		h.p[own+k], h.q[own+k] = h.w[k]*h.r.y[k], h.w[k]*h.c.y[k]
		u := h.h * startWeight(h.n-h.born[k])
		h.v[k*h.size+now] = u * h.r.y[k]
		if k != now {
			h.q[k*h.size+now] = u * h.c.y[k]
		}
	}
	e0, e1, e2 := endWeights(h.n)
	for i, e := range [3]float64{e0, e1, e2} {
		if i <= h.n {
			k := h.latest[i]
			h.p[own+k] += h.h * e * h.r.y[k]
			h.q[own+k] += h.h * e * h.c.y[k]
		}
	}
	h.q[own+now] += h.h * startWeight(0)
	h.w[now] = h.h * startWeight(h.n)
}

// thinOut drops kept times that their neighbours can replace.
func (h *history) thinOut() {
	t := h.time()
	for i := 2; i < len(h.order)-4; i++ {
		k := h.order[i]
		s := h.at[k]
		if h.at[h.order[i+1]]-h.at[h.order[i-1]] <= h.thin*min(t-s, s) {
			h.drop(i)
			i++
		}
	}
}

// drop gives the weights of the i-th kept time to the two on either side of it.
func (h *history) drop(i int) {
	k := h.order[i]
	near := [4]int{h.order[i-2], h.order[i-1], h.order[i+1], h.order[i+2]}
	var l [4]float64
	for a, ka := range near {
		l[a] = 1
		for b, kb := range near {
			if a != b {
				l[a] *= (h.at[k] - h.at[kb]) / (h.at[ka] - h.at[kb])
			}
		}
		h.w[ka] += l[a] * h.w[k]
	}
	h.w[k], h.d[k], h.s[k] = 0, 0, 0
	h.order = append(h.order[:i], h.order[i+1:]...)
	for _, m := range [][]float64{h.p, h.q, h.v} {
		clear(m[k*h.size : (k+1)*h.size])
		for _, j := range h.order {
			row := m[j*h.size : (j+1)*h.size]
			x := row[k]
			row[k] = 0
			for a, ka := range near {
				row[ka] += l[a] * x
			}
		}
	}
	for _, f := range []*track{&h.c, &h.r} {
		f.y[k], f.y1[k], f.y2[k], f.f[k], f.f1[k], f.f2[k] = 0, 0, 0, 0, 0, 0
	}
	h.free = append(h.free, k)
}

// snapshot copies the present row and integrates the response from its end.
func (h *history) snapshot() AgingRow {
	n := len(h.order)
	row := AgingRow{T: h.time(), S: make([]float64, n), C: make([]float64, n), R: make([]float64, n), Chi: make([]float64, n)}
	for i, k := range h.order {
		row.S[i], row.C[i], row.R[i] = h.at[k], h.c.y[k], h.r.y[k]
	}
	for i := n - 2; i >= 0; i-- {
		// Simpson's rule with the midpoint interpolated by a cubic.
		a, b := row.S[i], row.S[i+1]
		row.Chi[i] = row.Chi[i+1] + (b-a)/6*(row.R[i]+4*interpolate(row.S, row.R, (a+b)/2)+row.R[i+1])
	}
	return row
}
