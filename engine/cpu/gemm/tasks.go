package gemm

// Workers is a pool that calls f for every task in [0, tasks), with the number of the worker that calls, and returns when all are done.
type Workers interface {
	N() int
	Do(tasks int, f func(task, worker int))
}

// lane is what one worker needs while it multiplies.
type lane[T Float] struct {
	args args[T]
	list listArgs
	rows [16]*T
	_    [cacheLine]byte
}

const (
	depth         = 400     // largest depth of a block
	depthStep     = 16      // blocks are multiples of it: vectors of columns are packed whole
	packedMost    = 3 << 18 // bytes of packed B that a task walks through for every strip of A: they stay in the second-level cache
	taskFlops     = 1 << 17 // a smaller task is not worth waking a worker for
	manyRows      = 256     // from here on tasks are made of rows too and share what is packed
	badStride     = 4096    // rows of A this many bytes apart fall into the same set of the first-level cache
	packedVectors = 4       // of rows of A that are copied at a time when A is transposed
	directBytes   = 256     // rows of B no longer than this are read in place
)

// divide chooses depth blocks, packing and tasks, by the shape alone.
func (p *Plan[T]) divide() {
	s, size := &p.spec, sizeOf[T]()
	p.direct, p.shared, p.packA, p.only = false, false, false, nil
	if p.needA == 0 || p.needB == 0 {
		p.rowSets, p.colSets = min(p.needC, 1), 1
		return
	}
	blocks := (s.K + depth - 1) / depth
	p.kc = ((s.K+blocks-1)/blocks + depthStep - 1) / depthStep * depthStep
	top := p.set.rows()
	p.panel = p.set.lanes * p.set.panel
	p.panels = (s.N + p.panel - 1) / p.panel
	p.panelLen = p.kc * p.panel
	whole := p.set.masked || s.N%p.set.lanes == 0
	p.direct = !s.TransB && whole && (s.M <= 2*top || s.LdB*size <= directBytes) && !s.Stream
	p.shared = !p.direct && s.Batch == 1 && (s.M >= manyRows || s.Stream)
	p.packA = s.LdA*size%badStride == 0 && s.M > top && s.K > 16 && p.panels > 1

	p.rows, p.cols = s.M, p.panels
	if p.direct || p.shared {
		p.rows = p.blockRows(top)
	}
	if !p.direct {
		p.cols = p.panelsOfTask(size)
	}
	p.rowSets = (s.M + p.rows - 1) / p.rows
	p.colSets = (p.panels + p.cols - 1) / p.cols
	p.prepareOnly()
}

// panelsOfTask is the number of panels that a task walks through for every strip of A.
func (p *Plan[T]) panelsOfTask(size int) int {
	s, most := &p.spec, max(1, packedMost/(p.panelLen*size))
	if !p.shared && s.Batch == 1 && s.M < manyRows {
		most = min(most, 2) // A stays in the second-level cache
		if p.packA {
			most = 8
		}
	}
	for most < p.panels && 2*s.M*most*p.panel*s.K < taskFlops {
		most++
	}
	return min(most, p.panels)
}

// blockRows is the number of rows in a task when only rows are divided.
func (p *Plan[T]) blockRows(top int) int {
	s := &p.spec
	rows := max(s.M/16, taskFlops/(2*s.N*s.K+1), top)
	return min((rows+top-1)/top*top, s.M)
}

// prepareOnly recognises products of one tile.
func (p *Plan[T]) prepareOnly() {
	s := &p.spec
	if !p.direct || s.Batch > 1 || s.M > p.set.rows() || s.K > p.kc {
		return
	}
	nv := (s.N + p.set.lanes - 1) / p.set.lanes
	if nv >= len(p.set.tiles[s.M]) {
		return
	}
	x := &p.lanes[0].args
	p.setArgs(x)
	x.k, x.beta, x.rowB, x.last = s.K, p.beta, s.LdB*sizeOf[T](), s.N-(nv-1)*p.set.lanes
	p.only = p.set.tiles[s.M][nv]
}

// setArgs sets what is the same in every tile of A in place.
func (p *Plan[T]) setArgs(x *args[T]) {
	size := sizeOf[T]()
	x.rowA, x.colA, x.rowC, x.alpha = p.rowA*size, p.colA*size, p.spec.LdC*size, p.alpha
}

// privateLen is the scratch of a worker in elements: panels of B, then a strip of A.
func (p *Plan[T]) privateLen() int { return p.bLen() + p.aLen() }

func (p *Plan[T]) bLen() int {
	if p.direct || p.shared {
		return 0
	}
	return p.cols * p.panelLen
}

func (p *Plan[T]) aLen() int {
	if !p.packA {
		return 0
	}
	return p.kc * packedVectors * p.set.lanes
}

// sharedLen is the common scratch in elements.
func (p *Plan[T]) sharedLen() int {
	if !p.shared {
		return 0
	}
	blocks := 1
	if p.spec.Stream {
		blocks = p.blocks()
	}
	return blocks * p.panels * p.panelLen
}

func (p *Plan[T]) blocks() int { return (p.spec.K + p.kc - 1) / p.kc }

// tasks is the number of parts that workers share, in every depth block if B is packed for all.
func (p *Plan[T]) tasks() int { return p.spec.Batch * p.rowSets * p.colSets }

// RunOn computes the product with a pool of at most the plan's number of workers. The result is that of Run.
func (p *Plan[T]) RunOn(w Workers, a, b, c []T) {
	tasks := p.tasks()
	if w.N() == 1 || tasks <= 1 {
		p.Run(a, b, c)
		return
	}
	p.check(a, b, c)
	p.a, p.b, p.c = a, b, c
	if p.listed(a) {
		w.Do(p.sparse.tasks, p.listTask)
	} else if p.shared && p.needB > 0 {
		for p.block = range p.blocks() {
			w.Do(p.panels, p.packTask)
			w.Do(tasks, p.multiTask)
		}
	} else {
		w.Do(tasks, p.multiTask)
	}
	p.a, p.b, p.c = nil, nil, nil
}

// multiply does one task: some rows and panels of one matrix of the batch.
func (p *Plan[T]) multiply(task, worker int, a, b, c []T) {
	s := &p.spec
	batch, t := task/(p.rowSets*p.colSets), task%(p.rowSets*p.colSets)
	c = c[batch*s.StrideC:]
	if p.needA == 0 || p.needB == 0 {
		scale(c, s.M, s.N, s.LdC, p.beta)
		return
	}
	a, b = a[batch*s.StrideA:], b[batch*s.StrideB:]
	i0, j0 := t%p.rowSets*p.rows, t/p.rowSets*p.cols
	i1, j1 := min(i0+p.rows, s.M), min(j0+p.cols, p.panels)
	p.setArgs(&p.lanes[worker].args)
	if p.direct {
		p.inPlace(worker, a, b, c, i0, i1)
		return
	}
	q := part[T]{block: p.block, i0: i0, i1: i1, j0: j0, j1: j1, c: ptr(c, i0*s.LdC)}
	if p.shared {
		q.packed = p.sharedPanel(j0, q.block)
		p.strips(worker, a, q)
		return
	}
	q.packed = (*T)(p.ws.private[worker].start)
	for q.block = range p.blocks() {
		for j := j0; j < j1; j++ {
			p.packB(&p.lanes[worker], b, p.panelAt(q.packed, j-j0), q.block, j)
		}
		p.strips(worker, a, q)
	}
}

// scale computes C = β C; with β 0 it clears.
func scale[T Float](c []T, rows, cols, ld int, beta T) {
	for i := range rows {
		row := c[i*ld:][:cols]
		if beta == 0 {
			clear(row)
			continue
		}
		for j := range row {
			row[j] *= beta
		}
	}
}
