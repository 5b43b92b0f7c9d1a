// Normal numbers in pairs by Box and Muller, the operations of engine/rng/normal.go one by one.
#pragma once
#include "philox.cuh"

// poly evaluates c[0] f^(n-1) + … + c[n-1] by Horner's rule with fused steps.
template <int n> __device__ __forceinline__ float poly(const float (&c)[n], float f) {
  float p = c[0];
#pragma unroll
  for (int i = 1; i < n; i++) p = __fmaf_rn(p, f, c[i]);
  return p;
}
template <int n> __device__ __forceinline__ double poly(const double (&c)[n], double f) {
  double p = c[0];
#pragma unroll
  for (int i = 1; i < n; i++) p = __fma_rn(p, f, c[i]);
  return p;
}

__device__ __forceinline__ void boxMuller32(u32 a, u32 b, float &x, float &y) {
  const float ln[] = {0.2589791365897014f, -0.28009516320431831f, 0.24334313334254533f, -0.28002321034686514f, 0.33364610935459594f,
                      -0.40021495180804888f, 0.49999434935688306f, -0.66666416834481183f, 1.0000000241515755f};
  const float sine[] = {-0.0046016578872117952f, 0.079680032768536677f, -0.64596346023320465f, 1.5707963217083444f};
  const float cosine[] = {0.00090336297538154142f, -0.020859936027770347f, 0.2536691825960689f, -1.2337005395647638f, 1.f};
  float u = __fmaf_rn((float)(int)(a >> 1), 0x1p-31f, 0x1p-32f);
  u32 t = __float_as_uint(u) - 0x3F2AAAABu;
  float k = (float)((int)t >> 23);
  float f = __uint_as_float((t & 0x7FFFFFu) + 0x3F2AAAABu) - 1.f;
  float q = __fmaf_rn(f * f, poly(ln, f), -2.f * f);
  float r = __fsqrt_rn(__fmaf_rn(k, -1.38629436111989061883446424291635313615f, q));
  float g = (float)(int)(b << 2 | 2) * 0x1p-32f, z = g * g;
  float s = poly(sine, z) * g * r;
  float c = __uint_as_float(__float_as_uint(poly(cosine, z)) ^ (b & 0x80000000u)) * r;
  bool swap = b & (1u << 30);
  x = swap ? s : c;
  y = swap ? c : s;
}

__device__ __forceinline__ void boxMuller64(u64 a, u64 b, double &x, double &y) {
  const double ln[] = {0.16696244780638422833, -0.17007363088908276728, 0.07660876935128275693, -0.083462838639112483569,
                       0.1149876803062275985377, -0.1210463995088083204992, 0.1246058986695070125305, -0.1330116044655428500667,
                       0.1428829200731547299706, -0.1538654538609397025861, 0.1666655723191315916013, -0.1818174462099473616505,
                       0.200000029554356613357, -0.2222222394962775534644, 0.2499999995181455997611, -0.2857142854818164218918,
                       0.3333333333376150343923, -0.4000000000015463300663, 0.4999999999999831425761, -0.6666666666666631089765,
                       1.000000000000000017138};
  const double sine[] = {5.633721012201000410978e-8, -0.000003598641754448450762919, 0.0001604411502916515369932,
                         -0.004681754132282418194343, 0.0796926262460395603381, -0.6459640975062442416209, 1.570796326794896614029};
  const double cosine[] = {-6.320557335939868598108e-9, 4.710603581268371532631e-7, -0.00002520203656820771857605, 0.0009192602741467707084568,
                           -0.02086348076330800332496, 0.2536695079010465743665, -1.233700550136169809697, 1.};
  const u64 one = 0x3FF0000000000000ull, third = 0x3FE5555555555555ull;
  double u = __longlong_as_double(a >> 12 | one) - (1 - 0x1p-53);
  u64 t = (u64)__double_as_longlong(u) - third;
  double k = (double)((long long)t >> 52);
  double f = __longlong_as_double((t & 0xFFFFFFFFFFFFFull) + third) - 1;
  double q = __fma_rn(f * f, poly(ln, f), -2 * f);
  double r = __dsqrt_rn(__fma_rn(k, -1.38629436111989061883446424291635313615, q));
  double g = __longlong_as_double(b << 2 >> 12 | one | 1) - 1.5, z = g * g;
  double s = poly(sine, z) * g * r;
  double c = __longlong_as_double((u64)__double_as_longlong(poly(cosine, z)) ^ (b & 0x8000000000000000ull)) * r;
  bool swap = b >> 62 & 1;
  x = swap ? s : c;
  y = swap ? c : s;
}

// normal32 is rng.Normal32: element e of a tensor of normal numbers.
__device__ __forceinline__ float normal32(const Stream s, u64 e) {
  const u64 c = e >> 6 << 4 | (e & 15);
  const uint4 w = philox(s, (u32)c, (u32)(c >> 32));
  const u32 k = (u32)(e >> 4) & 3;
  float x, y;
  boxMuller32(k & 2 ? w.z : w.x, k & 2 ? w.w : w.y, x, y);
  return k & 1 ? y : x;
}
