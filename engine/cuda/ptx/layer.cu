// Products that give their results to a loop, whose text is put in the place of the mark.
#include "gemm.cuh"

GEMM(layer32_128, float, 128, 8, 8, true)
GEMM(layer32_64, float, 64, 4, 16, true)
GEMM(layer64_64, double, 64, 4, 8, true)
