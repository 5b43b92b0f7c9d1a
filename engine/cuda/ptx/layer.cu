// The products of gemm.cu, which give their results to a loop instead of storing them.
#define LAYER
#include "gemm.cu"
