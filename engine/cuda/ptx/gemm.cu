// Products that store their results.
#include "gemm.cuh"

GEMM(gemm32_128, float, 128, 8, 8, false)
GEMM(gemm32_64, float, 64, 4, 16, false)
GEMM(gemm64_64, double, 64, 4, 8, false)
