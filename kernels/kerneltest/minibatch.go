package kerneltest

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine/rng"
	"cavity/kernels"
)

func init() {
	for name, p := range map[string]kernels.Pixels{"scaled": kernels.Scaled, "threshold": kernels.Threshold, "sampled": kernels.Sampled} {
		for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
			Cases = append(Cases, Case{Name: "minibatch " + name + " " + dt.String(), Steps: 7, Build: func(b *Builder) map[string]*gorgonia.Node {
				const rows, width, batch = 53, 301, 20
				data, labels := make([]uint8, rows*width), make([]uint8, rows)
				s := rng.At(4, 0, rng.SetupStage, 3)
				for i := range data {
					data[i] = uint8(s.Uint32(uint64(i)))
				}
				for i := range labels {
					labels[i] = uint8(s.Below(uint64(i), 11)) // 10 is no class
				}
				x := b.Ok(kernels.Minibatch(b.In("data", data, rows, width), dt, batch, 5, p))
				y := b.Ok(kernels.MinibatchLabels(b.In("labels", labels, rows), dt, batch, 10, 5))
				return map[string]*gorgonia.Node{"x": x, "y": y}
			}})
		}
	}
}
