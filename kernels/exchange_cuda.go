package kernels

import (
	"cavity/engine"
	"cavity/engine/cuda"
	code "cavity/kernels/cuda"
)

// CUDA is a warp a ladder.
func (k *exchange) CUDA(_ cuda.Device, out engine.Buffer, in []engine.Buffer) ([]cuda.Launch, error) {
	ladders := in[1].Len() / k.temperatures
	odd := cuda.Word(func(c *engine.Clock) uint32 { return uint32(c.Pass & 1) })
	return []cuda.Launch{{Source: code.Exchange, Entry: "exchange", Grid: [3]int{ladders}, Block: [3]int{32},
		Args: []any{out, in[1], in[2], uint32(ladders), uint32(k.temperatures), k.first, odd, cuda.Stream(k.stream)}}}, nil
}

// CUDA is a thread a value.
func (k *byTemperature) CUDA(_ cuda.Device, out engine.Buffer, in []engine.Buffer) ([]cuda.Launch, error) {
	n := out.Len()
	return []cuda.Launch{cuda.Threads(code.Exchange, "by_temperature", n, out, ladderWalkers(in[0]), in[1], uint32(k.temperatures), uint32(n))}, nil
}
