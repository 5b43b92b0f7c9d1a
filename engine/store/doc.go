// Package store keeps what a run was asked, what it found and what it needs to go on, in one folder of plain formats.
//
//	run.toml             what was asked: every setting; reruns to the same bytes
//	meta.json            versions, device, kernels, CPU level, seed, timings
//	summary.json         the results, estimates as {"mean": x, "err": s}
//	series.npz           measurements in time: numpy.load("series.npz")["energy"]
//	weights.safetensors  parameters of models that have them
//	state.ckpt           everything that a bit-exact resume needs
//	log.jsonl            one JSON object a line
//	figures/             SVG and PNG
//
// Every file is written under a temporary name in its folder, synced and renamed. The formats are deterministic: equal
// contents give equal bytes. Readers check everything before they return anything and say in one sentence which file is
// wrong and how.
//
// Sources: NEP 1 of NumPy (the npy format, version 1.0); the safetensors format as described by its authors (Hugging
// Face, 2022); the idx format of LeCun, Cortes, Burges, "The MNIST database"; CRC-32C of Castagnoli, Bräuer, Herrmann,
// IEEE Trans. Commun. 41, 883 (1993).
package store
