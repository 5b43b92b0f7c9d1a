package enginetest

import (
	"gorgonia.org/gorgonia"

	"cavity/engine"
)

// Products whose results loops take element by element, where a backend may join the two, and where it must not.
func init() {
	Cases = append(Cases,
		Case{"layers", 3, func(b *Builder) engine.Plan {
			b.graph()
			v, w, c, d := b.in("v", 9, 17), b.in("w", 17, 12), b.in("c", 12), b.in("d", 17)
			up := b.ok(gorgonia.BroadcastAdd(b.ok(gorgonia.Mul(v, w)), c, nil, []byte{0}))
			h := b.ok(gorgonia.Tanh(up))
			down := b.ok(gorgonia.BroadcastAdd(b.ok(gorgonia.Mul(h, b.ok(gorgonia.Transpose(w, 1, 0)))), d, nil, []byte{0}))
			// the state replaces itself, and the field of the hidden units is wanted beside their means
			return one(b.stage("s", 1, map[string]node{"v": b.ok(gorgonia.Sigmoid(down)), "up": up, "h": h}))
		}},
		Case{"a square layer in place", 1, func(b *Builder) engine.Plan {
			b.graph()
			x, w := b.in("x", 13, 13), b.in("w", 13, 13)
			// what the product reads and what the loop writes could share memory: all are of one size
			y := b.ok(gorgonia.Tanh(b.ok(gorgonia.Mul(x, w))))
			z := b.ok(gorgonia.Tanh(b.ok(gorgonia.Mul(y, y))))
			return one(b.stage("s", 1, map[string]node{"x": b.ok(gorgonia.Sigmoid(b.ok(gorgonia.Mul(z, z)))), "w": b.ok(gorgonia.Sigmoid(b.ok(gorgonia.Mul(w, y))))}))
		}},
		Case{"products read as a whole", 2, func(b *Builder) engine.Plan {
			b.graph()
			x, y := b.in("x", 6, 7), b.in("y", 7, 6)
			p := b.ok(gorgonia.Mul(x, y))
			t := b.ok(gorgonia.Transpose(p, 1, 0))
			rows := b.ok(gorgonia.Sum(p, 1))
			// the loop reads the product, its transpose and its sums
			both := b.ok(gorgonia.HadamardProd(p, t))
			return one(b.stage("s", 1, map[string]node{"both": b.ok(gorgonia.BroadcastAdd(both, rows, nil, []byte{1})), "p": b.ok(gorgonia.Square(p))}))
		}},
		Case{"two products in one loop", 2, func(b *Builder) engine.Plan {
			b.graph()
			x, y, z := b.in("x", 3, 70, 5), b.in("y", 3, 5, 66), b.in("z", 3, 70, 5)
			p, q := b.ok(gorgonia.BatchedMatMul(x, y)), b.ok(gorgonia.BatchedMatMul(z, b.in("s", 3, 5, 66)))
			return one(b.stage("s", 1, map[string]node{"pq": b.ok(gorgonia.Sigmoid(b.ok(gorgonia.Add(b.ok(gorgonia.Tanh(p)), b.ok(gorgonia.Tanh(q))))))}))
		}},
	)
}
