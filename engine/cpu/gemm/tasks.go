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
	dot  dotArgs[T]
	rows [16]*T
	_    [cacheLine]byte
}

// tasks is the number of parts that workers share in a phase.
func (p *Plan[T]) tasks() int { return p.batchSets * p.rowSets * p.colSets }

// phases is how often the workers must meet.
func (p *Plan[T]) phases() int {
	if p.path == shared {
		return p.blocks()
	}
	return 1
}

// RunOn computes the product with a pool of at most Spec.Workers workers. The bits are those of Run.
func (p *Plan[T]) RunOn(w Workers, a, b, c []T) {
	tasks := p.tasks()
	if w.N() == 1 || tasks <= 1 && p.binary == nil || p.only != nil {
		p.Run(a, b, c)
		return
	}
	if p.turned {
		a, b = b, a
	}
	p.check(a, b, c)
	p.a, p.b, p.c = a, b, c
	switch p.find(w, a) {
	case inBits:
		w.Do(p.binary.tasks, p.bitTask)
	case inLists:
		w.Do(p.sparse.tasks, p.listTask)
	default:
		for p.block = range p.phases() {
			if p.path == shared {
				w.Do(p.panels, p.packTask)
			}
			w.Do(tasks, p.multiTask)
		}
	}
	p.a, p.b, p.c = nil, nil, nil
}

// multiply does one task: some matrices of the batch, rows and panels.
func (p *Plan[T]) multiply(task, worker int, a, b, c []T) {
	s, in := &p.spec, p.rowSets*p.colSets
	set, t := task/in, task%in
	q := part[T]{block: p.block, i0: t % p.rowSets * p.rows, j0: t / p.rowSets * p.cols}
	q.i1, q.j1 = min(q.i0+p.rows, s.M), min(q.j0+p.cols, p.panels)
	p.setArgs(&p.lanes[worker].args)
	for batch := set * p.batches; batch < min((set+1)*p.batches, s.Batch); batch++ {
		c := c[batch*s.StrideC:]
		if p.path == scaled {
			scale(c, s.M, s.N, s.LdC, p.beta)
			continue
		}
		p.multiplyPart(worker, a[batch*s.StrideA:], b[batch*s.StrideB:], c, q)
	}
}

func (p *Plan[T]) multiplyPart(worker int, a, b, c []T, q part[T]) {
	q.c = ptr(c, q.i0*p.spec.LdC)
	switch p.path {
	case inPlace:
		p.multiplyInPlace(worker, a, b, c, q)
	case dotted:
		p.dotProducts(worker, a, b, c, q.j0*p.panel, min(q.j1*p.panel, p.spec.N))
	case shared:
		q.packed = p.sharedPanel(q.j0, q.block)
		p.strips(worker, a, q)
	case private:
		q.packed = (*T)(p.ws.private[worker].start)
		for q.block = range p.blocks() {
			for j := q.j0; j < q.j1; j++ {
				p.packB(&p.lanes[worker], b, p.panelAt(q.packed, j-q.j0), q.block, j)
			}
			p.strips(worker, a, q)
		}
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
