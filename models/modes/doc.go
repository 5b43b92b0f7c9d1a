// Package modes trains fully connected networks in weight space and in mode space, where a layer's weights are
// W = ξ_in diag(Σ) ξ_out with P modes and are never formed, and opens the trained network as a physicist would.
//
// # Accuracy on MNIST
//
// Test accuracies on the 10,000 test pictures, with the commands that give them (784-100-100-10 unless said, seed 1 and on):
//
//   - All 60,000 pictures, 200 epochs, tied modes with P = 70, rate .01 halved every 30 epochs: .9785 and .9788 (seeds 1, 2)
//     by modes train --data mnist --space tied-modes --modes 70 --rate 0.01 --decay 0.0001 --halve 30 --epochs 200.
//   - The first 10,000 pictures, 40 epochs, means of three seeds: weights .9541, P = 30 .9540, tied P = 30 .9513, by
//     TestAccuracyOnMNIST.
//   - Forward-Forward, 784-500-500, 10 epochs of all pictures: .971 beside .983 of back-propagation, by
//     modes forward --data mnist; 20 epochs give .9745. Without labels (--unsupervised), read by a linear probe, .952.
//     With labels, --examples 20000 and --hidden 300,300 it is .947, and with --sharpness 1 .913.
//   - Five permuted tasks of the first 20,000 pictures, 784-200-200-10, 4 epochs each (2,000 test pictures): fields with a memory
//     forget .080 of a task on average, fields without .318, ordinary weights .343, and at the end all tasks are known to .817,
//     .667 and .681, by modes continual --data mnist --examples 20000 --tests 2000 --hidden 200,200 --epochs 4 --batch 64. With
//     --kind split, 784-100-100-10 and 6 epochs ordinary weights keep more (.93) than fields, with (.89) or without (.87) a memory.
//   - Recurrent, rows of the first 10,000 pictures, 100 units, 10 epochs (2,000 test pictures): weights .889, P = 30 .744,
//     by modes recurrent --data mnist --examples 10000 --tests 2000 --epochs 10 --rate 0.001 --units 100, --space weight or
//     --modes 30. With P = 30, --rate 0.002 and --gain 0.6 it is .814.
package modes
