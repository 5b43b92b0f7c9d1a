package cpu

import (
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/cpu/vec"
)

// rowShare is the number of elements of a task of rows: fewer are not worth waking a worker for.
const rowShare = 8192

// rowTasks divides rows of a length into tasks, by their shape alone.
func rowTasks(rows, cols int) (perTask, tasks int) {
	perTask = max(1, rowShare/max(cols, 1))
	return perTask, (rows + perTask - 1) / perTask
}

func (b *Backend) softmax(s *engine.Softmax) (engine.Launch, error) {
	if s.In.Dtype == tensor.Float64 {
		return softmaxRows[float64](b, s), nil
	}
	return softmaxRows[float32](b, s), nil
}

func softmaxRows[T vec.Float](b *Backend, s *engine.Softmax) engine.Launch {
	in, out, n := engine.Slice[T](s.In), engine.Slice[T](s.Out), s.Cols
	lanes := rowLanes[T](b)
	per, tasks := rowTasks(s.Rows, n)
	task := func(t, w int) {
		lo, hi := t*per*n, min((t+1)*per, s.Rows)*n
		if s.Log {
			lanes[w].LogSoftmax(out[lo:hi], in[lo:hi], n)
		} else {
			lanes[w].Softmax(out[lo:hi], in[lo:hi], n)
		}
	}
	return func(*engine.Clock) error { b.pool.Do(tasks, task); return nil }
}

// rowLanes is scratch for every worker.
func rowLanes[T vec.Float](b *Backend) []*vec.Rows[T] {
	lanes := make([]*vec.Rows[T], b.pool.N())
	for i := range lanes {
		lanes[i] = vec.NewRows[T]()
	}
	return lanes
}

func (b *Backend) softmaxGrad(s *engine.SoftmaxGrad) (engine.Launch, error) {
	if s.Y.Dtype == tensor.Float64 {
		return softmaxGradRows[float64](b, s), nil
	}
	return softmaxGradRows[float32](b, s), nil
}

func softmaxGradRows[T vec.Float](b *Backend, s *engine.SoftmaxGrad) engine.Launch {
	y, g, out, n := engine.Slice[T](s.Y), engine.Slice[T](s.G), engine.Slice[T](s.Out), s.Cols
	lanes := rowLanes[T](b)
	per, tasks := rowTasks(s.Rows, n)
	task := func(t, w int) {
		lo, hi := t*per*n, min((t+1)*per, s.Rows)*n
		if s.Log {
			lanes[w].LogSoftmaxGrad(out[lo:hi], y[lo:hi], g[lo:hi], n)
		} else {
			lanes[w].SoftmaxGrad(out[lo:hi], y[lo:hi], g[lo:hi], n)
		}
	}
	return func(*engine.Clock) error { b.pool.Do(tasks, task); return nil }
}

func (b *Backend) reduce(r *engine.Reduce) (engine.Launch, error) {
	if r.In.Dtype == tensor.Float64 {
		return reduceAxis[float64](b, r), nil
	}
	return reduceAxis[float32](b, r), nil
}

// reduceAxis sums or maximises rows (Inner = 1), columns of each outer matrix, or everything in blocks.
func reduceAxis[T vec.Float](b *Backend, r *engine.Reduce) engine.Launch {
	in, out := engine.Slice[T](r.In), engine.Slice[T](r.Out)
	switch {
	case r.Inner == 1 && r.Outer == 1 && !r.Max:
		return sumAll(b, out, in)
	case r.Inner == 1:
		per, tasks := rowTasks(r.Outer, r.Axis)
		f := vec.SumRows[T]
		if r.Max {
			f = vec.MaxRows[T]
		}
		task := func(t, _ int) {
			lo, hi := t*per, min((t+1)*per, r.Outer)
			f(out[lo:hi], in[lo*r.Axis:hi*r.Axis], r.Axis)
		}
		return func(*engine.Clock) error { b.pool.Do(tasks, task); return nil }
	}
	f := vec.SumColumns[T]
	if r.Max {
		f = vec.MaxColumns[T]
	}
	width := r.Inner // columns of a task: whole cache lines, and enough work in each
	if r.Axis*r.Inner > 2*rowShare {
		width = max(64, (rowShare/r.Axis+63)/64*64)
	}
	parts := (r.Inner + width - 1) / width
	task := func(t, _ int) {
		o, j := t/parts, t%parts*width
		w := min(width, r.Inner-j)
		f(out[o*r.Inner+j:][:w], in[o*r.Axis*r.Inner+j:(o+1)*r.Axis*r.Inner], r.Axis, r.Inner)
	}
	return func(*engine.Clock) error { b.pool.Do(r.Outer*parts, task); return nil }
}

// sumAll adds blocks, by all workers, and then the blocks' sums in a tree: the order depends on the length alone.
func sumAll[T vec.Float](b *Backend, out, in []T) engine.Launch {
	blocks := make([]float64, vec.Blocks(len(in)))
	const per = 4
	task := func(t, _ int) {
		lo, hi := t*per, min((t+1)*per, len(blocks))
		vec.SumBlocks(blocks[lo:hi], in[lo*vec.BlockLen:min(hi*vec.BlockLen, len(in))])
	}
	tasks := (len(blocks) + per - 1) / per
	return func(*engine.Clock) error {
		b.pool.Do(tasks, task)
		out[0] = T(vec.Pairwise(blocks))
		return nil
	}
}
