// A stand-in for libcublas.so on the emulator's memory, for tests of how cuBLAS is called on machines that have none. It is emulation:
// it implements the few functions that package cuda calls from their published description (column-major matrices, leading
// dimensions, strides between the matrices of a batch, scalars on the host), plainly, and refuses what cuBLAS refuses. It reports
// version 0, by which package cuda knows it. A product is queued in the stream of its handle, as a kernel is, and reaches memory
// through the emulated driver, which checks bounds, that what is read was written before, and the order of streams.
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
enum { launchFailed = 719 };  // the driver's
enum { defaultMath = 0, pedanticMath = 2, tf32Math = 3 };

struct Handle {
  uint32_t magic = 0xC0B1A5u;
  void* stream = nullptr;
  int mode = defaultMath;
};
bool good(Handle* h) { return h && h->magic == 0xC0B1A5u; }

void* driver(const char* name) {
  static void* lib = [] { const char* path = getenv("CAVITY_LIBCUDA"); return path ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : nullptr; }();
  return lib ? dlsym(lib, name) : nullptr;
}
using Queue = int (*)(void* stream, const char* what, int (*work)(void*), void* data, void (*end)(void*));
using In = int (*)(void*, unsigned long long, size_t);
using Out = int (*)(unsigned long long, const void*, size_t);

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
  static const auto copy = (In)driver("ptxsimRead");
  to.resize(size_t(rows) * cols);
  for (int c = 0; c < cols; c++)
    if (!copy || copy(&to[size_t(c) * rows], from + size_t(c) * ld * sizeof(T), rows * sizeof(T))) return false;
  return true;
}
template <class T> bool put(uint64_t to, const std::vector<T>& from, int rows, int cols, int ld) {
  static const auto copy = (Out)driver("ptxsimWrite");
  for (int c = 0; c < cols; c++)
    if (!copy || copy(to + size_t(c) * ld * sizeof(T), &from[size_t(c) * rows], rows * sizeof(T))) return false;
  return true;
}

// A Product is a call, with its scalars as they were at the call.
template <class T> struct Product {
  int mode, transA, transB, m, n, k;
  T alpha, beta;
  uint64_t A, B, C;
  int lda, ldb, ldc;
  int64_t strideA, strideB, strideC;
  int batch;
};

template <class T> int multiply(const Product<T>& p) {
  const Handle h{.mode = p.mode};
  for (int q = 0; q < p.batch; q++) {
    std::vector<T> a, b, c(size_t(p.m) * p.n);
    if (!fetch(a, p.A + q * p.strideA * sizeof(T), p.transA ? p.k : p.m, p.transA ? p.m : p.k, p.lda)) return launchFailed;
    if (!fetch(b, p.B + q * p.strideB * sizeof(T), p.transB ? p.n : p.k, p.transB ? p.k : p.n, p.ldb)) return launchFailed;
    const uint64_t result = p.C + q * p.strideC * sizeof(T);
    if (p.beta != 0 && !fetch(c, result, p.m, p.n, p.ldc)) return launchFailed;  // with beta = 0 C need not hold anything
    for (int i = 0; i < p.m; i++)
      for (int j = 0; j < p.n; j++) {
        T sum = 0;
        for (int l = 0; l < p.k; l++)
          sum = std::fma(factor(a[p.transA ? l + size_t(i) * p.k : i + size_t(l) * p.m], h), factor(b[p.transB ? j + size_t(l) * p.n : l + size_t(j) * p.k], h), sum);
        T& to = c[i + size_t(j) * p.m];
        to = p.alpha * sum + (p.beta != 0 ? p.beta * to : T(0));
      }
    if (!put(result, c, p.m, p.n, p.ldc)) return launchFailed;
  }
  return 0;
}

template <class T>
int gemm(Handle* h, int transA, int transB, int m, int n, int k, const T* alpha, uint64_t A, int lda, int64_t strideA, uint64_t B, int ldb, int64_t strideB, const T* beta, uint64_t C, int ldc, int64_t strideC, int batch) {
  static const auto queue = (Queue)driver("ptxsimWork");
  if (!good(h)) return notInitialised;
  if (m < 0 || n < 0 || k < 0 || batch < 0 || transA < 0 || transA > 2 || transB < 0 || transB > 2) return invalidValue;
  if (lda < std::max(1, transA ? k : m) || ldb < std::max(1, transB ? n : k) || ldc < std::max(1, m) || !alpha || !beta) return invalidValue;
  if (batch > 1 && strideC < int64_t(ldc) * (n - 1) + m) return invalidValue;  // results that overlap
  auto* p = new Product<T>{h->mode, transA, transB, m, n, k, *alpha, *beta, A, B, C, lda, ldb, ldc, strideA, strideB, strideC, batch};
  auto work = [](void* x) { return multiply(*(Product<T>*)x); };
  auto end = [](void* x) { delete (Product<T>*)x; };
  return queue && queue(h->stream, "a product of cuBLAS", work, p, end) == 0 ? success : executionFailed;
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
