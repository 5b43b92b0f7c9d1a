package gemm

const (
	depth         = 320     // largest depth of a block
	depthStep     = 16      // blocks are multiples of it: vectors of columns are packed whole
	packedMost    = 1 << 20 // bytes of packed B that a task walks through for every strip of A: they stay in the second-level cache
	taskFlops     = 1 << 17 // a smaller task is not worth waking a worker for
	manyRows      = 256     // from here on tasks are made of rows too and share what is packed
	badStride     = 4096    // rows of A this many bytes apart fall into the same set of the first-level cache
	farStride     = 1024    // a column of A with elements so many bytes apart spreads over many pages
	rowsLeast     = 24      // rows of a task that packs panels which other workers pack too
	packedVectors = 4       // of rows of A that are copied at a time when A is transposed
	directBytes   = 256     // rows of B no longer than this are read in place
)

// divide chooses the path, depth blocks, packing and tasks, by the shape alone.
func (p *Plan[T]) divide() {
	s, size, top := &p.spec, sizeOf[T](), p.set.rows()
	p.path, p.packA, p.only = scaled, false, nil
	p.batches, p.rows, p.cols, p.panels = 1, max(s.M, 1), 1, 1
	if p.needA > 0 && p.needB > 0 {
		blocks := (s.K + depth - 1) / depth
		p.kc = ((s.K+blocks-1)/blocks + depthStep - 1) / depthStep * depthStep
		p.panel = p.set.lanes * p.set.panel
		p.panels = (s.N + p.panel - 1) / p.panel
		p.panelLen = p.kc * p.panel
		p.choosePath(size, top)
		p.chooseTask(size, top)
	}
	p.rowSets = (min(s.M, p.needC) + p.rows - 1) / p.rows
	p.colSets = (p.panels + p.cols - 1) / p.cols
	if flops := 2 * s.M * s.N * s.K; p.rowSets*p.colSets == 1 {
		p.batches = min(s.Batch, 1+taskFlops/(flops+1))
	}
	p.batchSets = (s.Batch + p.batches - 1) / p.batches
	p.prepareOnly()
}

func (p *Plan[T]) choosePath(size, top int) {
	s := &p.spec
	switch {
	case p.isDotted():
		p.path = dotted
	case !s.TransB && !s.Stream && (s.M <= 2*top || s.LdB*size <= directBytes) && (p.set.partial > 0 || s.N%p.set.lanes == 0):
		p.path = inPlace
	case s.Batch == 1 && (s.M >= manyRows || s.Stream):
		p.path = shared
	default:
		p.path = private
	}
	stride := s.LdA * size
	far := p.panels > 1 && stride%badStride == 0 || p.panels >= 4 && s.TransA && stride >= farStride
	p.packA = (p.path == private || p.path == shared) && far && s.M > top && s.K > 16
}

// chooseTask divides the result. Many rows are divided first, and columns where the work lies in them.
func (p *Plan[T]) chooseTask(size, top int) {
	s := &p.spec
	p.cols = p.panels
	switch p.path {
	case shared:
		p.rows, p.cols = p.blockRows(top), p.blockPanels(packedMost/(p.panelLen*size))
	case private:
		most := packedMost / (p.panelLen * size)
		if s.M < manyRows && s.Batch == 1 {
			most = min(most, 2) // A stays in the second-level cache
			if p.packA {
				most = min(most, 8)
			}
		}
		if p.cols = p.blockPanels(most); p.sharesRows() {
			p.cols, p.rows = p.blockPanels(packedMost/(p.panelLen*size)), max((s.M+s.Workers-1)/s.Workers, rowsLeast)
		}
	case inPlace:
		if p.rows = p.blockRows(top); p.rows == s.M {
			p.cols = p.blockPanels(p.panels / 16)
		}
	case dotted:
		p.cols = p.blockPanels(p.panels / 16)
	}
}

// sharesRows reports whether workers shall divide the rows of a product that packs panels by task: B is smaller than A or C, and that each worker packs it for itself costs
// less than what the workers would otherwise read of each other's rows, in this step and the next.
func (p *Plan[T]) sharesRows() bool {
	s := &p.spec
	return s.Workers > 1 && s.Batch == 1 && s.M >= 2*rowsLeast && s.K*s.N < s.M*max(s.K, s.N)
}

// blockPanels is the number of panels in a task that should have most: enough to be worth it.
func (p *Plan[T]) blockPanels(most int) int {
	flops := 2 * p.spec.M * p.spec.K * p.panel // of a panel
	return min(max(most, 1, taskFlops/(flops+1)), p.panels)
}

// blockRows is the number of rows in a task: enough to be worth it.
func (p *Plan[T]) blockRows(top int) int {
	s := &p.spec
	rows := max(s.M/16, taskFlops/(2*s.N*s.K+1), top)
	return min((rows+top-1)/top*top, s.M)
}

// prepareOnly recognises products of one tile.
func (p *Plan[T]) prepareOnly() {
	s := &p.spec
	if p.path != inPlace || s.Batch > 1 || s.M > p.set.rows() || s.K > p.kc {
		return
	}
	nv := (s.N + p.set.lanes - 1) / p.set.lanes
	if nv >= len(p.set.tiles[s.M]) || nv > p.set.partial && s.N%p.set.lanes != 0 {
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
	switch {
	case p.path == private:
		return p.cols * p.panelLen
	case p.path == dotted && p.colA != 1:
		return p.spec.M * p.spec.K
	}
	return 0
}

func (p *Plan[T]) aLen() int {
	if !p.packA {
		return 0
	}
	return p.kc * packedVectors * p.set.lanes
}

// sharedLen is the common scratch in elements.
func (p *Plan[T]) sharedLen() int {
	if p.path != shared {
		return 0
	}
	blocks := 1
	if p.spec.Stream {
		blocks = p.blocks()
	}
	return blocks * p.panels * p.panelLen
}

func (p *Plan[T]) blocks() int { return (p.spec.K + p.kc - 1) / p.kc }
