// A stand-in for libcublas.so on the emulator's memory, for tests of how cuBLAS is called on machines that have none. It is emulation:
// it implements the few functions that package cuda calls from their published description (column-major matrices, leading
// dimensions, strides between the matrices of a batch, scalars on the host), plainly, and refuses what cuBLAS refuses. It reports
// version 0, by which package cuda knows it. All memory goes through the emulated driver's copies, which check bounds and that what is
// read was written before.
#include <dlfcn.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <type_traits>
#include <vector>

#define API extern "C" __attribute__((visibility("default")))

namespace {

enum { success = 0, notInitialised = 1, invalidValue = 7, executionFailed = 13 };
enum { defaultMath = 0, pedanticMath = 2, tf32Math = 3 };

struct Handle {
  uint32_t magic = 0xC0B1A5u;
  void* stream = nullptr;
  int mode = defaultMath;
};
bool good(Handle* h) { return h && h->magic == 0xC0B1A5u; }

using In = int (*)(void*, unsigned long long, size_t);
using Out = int (*)(unsigned long long, const void*, size_t);
void* driver(const char* name) {
  static void* lib = [] { const char* path = getenv("CAVITY_LIBCUDA"); return path ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : nullptr; }();
  return lib ? dlsym(lib, name) : nullptr;
}

// tf32 keeps 11 significant bits, rounding to nearest, ties away from zero.
float tf32(float x) {
  if (!std::isfinite(x)) return x;
  uint32_t u;
  memcpy(&u, &x, 4);
  u = (u + 0x1000u) & ~0x1FFFu;
  memcpy(&x, &u, 4);
  return x;
}
float factor(float x, const Handle& h) { return h.mode == tf32Math ? tf32(x) : x; }
double factor(double x, const Handle&) { return x; }

// fetch copies a column-major matrix, column by column: nothing between the columns is touched.
template <class T> bool fetch(std::vector<T>& to, uint64_t from, int rows, int cols, int ld) {
  static const auto copy = (In)driver("cuMemcpyDtoH_v2");
  to.resize(size_t(rows) * cols);
  for (int c = 0; c < cols; c++)
    if (!copy || copy(&to[size_t(c) * rows], from + size_t(c) * ld * sizeof(T), rows * sizeof(T))) return false;
  return true;
}
template <class T> bool put(uint64_t to, const std::vector<T>& from, int rows, int cols, int ld) {
  static const auto copy = (Out)driver("cuMemcpyHtoD_v2");
  for (int c = 0; c < cols; c++)
    if (!copy || copy(to + size_t(c) * ld * sizeof(T), &from[size_t(c) * rows], rows * sizeof(T))) return false;
  return true;
}

template <class T>
int gemm(Handle* h, int transA, int transB, int m, int n, int k, const T* alpha, uint64_t A, int lda, int64_t strideA, uint64_t B, int ldb, int64_t strideB, const T* beta, uint64_t C, int ldc, int64_t strideC, int batch) {
  if (!good(h)) return notInitialised;
  const int rowsA = transA ? k : m, colsA = transA ? m : k, rowsB = transB ? n : k, colsB = transB ? k : n;
  if (m < 0 || n < 0 || k < 0 || batch < 0 || transA < 0 || transA > 2 || transB < 0 || transB > 2) return invalidValue;
  if (lda < std::max(1, rowsA) || ldb < std::max(1, rowsB) || ldc < std::max(1, m) || !alpha || !beta) return invalidValue;
  if (batch > 1 && strideC < int64_t(ldc) * (n - 1) + m) return invalidValue;  // results that overlap
  for (int q = 0; q < batch; q++) {
    std::vector<T> a, b, c(size_t(m) * n);
    if (!fetch(a, A + q * strideA * sizeof(T), rowsA, colsA, lda) || !fetch(b, B + q * strideB * sizeof(T), rowsB, colsB, ldb)) return executionFailed;
    const uint64_t result = C + q * strideC * sizeof(T);
    if (*beta != 0 && !fetch(c, result, m, n, ldc)) return executionFailed;  // with beta = 0 C need not hold anything
    for (int i = 0; i < m; i++)
      for (int j = 0; j < n; j++) {
        T sum = 0;
        for (int l = 0; l < k; l++)
          sum = std::fma(factor(a[transA ? l + size_t(i) * k : i + size_t(l) * m], *h), factor(b[transB ? j + size_t(l) * n : l + size_t(j) * k], *h), sum);
        T& to = c[i + size_t(j) * m];
        to = *alpha * sum + (*beta != 0 ? *beta * to : T(0));
      }
    if (!put(result, c, m, n, ldc)) return executionFailed;
  }
  return success;
}

}  // namespace

API int cublasCreate_v2(void** h) { *h = new Handle; return success; }
API int cublasDestroy_v2(void* p) {
  auto* h = (Handle*)p;
  if (!good(h)) return notInitialised;
  h->magic = 0;
  delete h;
  return success;
}
API int cublasGetProperty(int which, int* value) { *value = 0; return which >= 0 && which <= 2 ? success : invalidValue; }
API int cublasSetStream_v2(void* h, void* stream) {
  if (!good((Handle*)h)) return notInitialised;
  ((Handle*)h)->stream = stream;
  return success;
}
API int cublasSetMathMode(void* h, int mode) {
  if (!good((Handle*)h)) return notInitialised;
  if (mode != defaultMath && mode != pedanticMath && mode != tf32Math) return invalidValue;
  ((Handle*)h)->mode = mode;
  return success;
}
API int cublasSgemmStridedBatched(void* h, int ta, int tb, int m, int n, int k, const float* alpha, const void* A, int lda, long long sA, const void* B, int ldb, long long sB, const float* beta, void* C, int ldc, long long sC, int batch) {
  return gemm<float>((Handle*)h, ta, tb, m, n, k, alpha, (uint64_t)A, lda, sA, (uint64_t)B, ldb, sB, beta, (uint64_t)C, ldc, sC, batch);
}
API int cublasDgemmStridedBatched(void* h, int ta, int tb, int m, int n, int k, const double* alpha, const void* A, int lda, long long sA, const void* B, int ldb, long long sB, const double* beta, void* C, int ldc, long long sC, int batch) {
  return gemm<double>((Handle*)h, ta, tb, m, n, k, alpha, (uint64_t)A, lda, sA, (uint64_t)B, ldb, sB, beta, (uint64_t)C, ldc, sC, batch);
}
