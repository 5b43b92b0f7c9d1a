// The decisions of package chance, operation by operation; nothing here may be fused (-fmad=false).
#pragma once
#include "philox.cuh"

// logUniform is ln u, u = max(float(w), 1/2) 2^-32.
__device__ __forceinline__ float logUniform(u32 w) {
  const u32 rootHalf = 0x3f3504f3u;
  float x = (float)w;
  u32 bits = __float_as_uint(x > .5f ? x : .5f) - rootHalf;
  float k = (float)(((int)bits >> 23) - 32);
  float f = __uint_as_float((bits & 0x007fffffu) + rootHalf) - 1.f;
  float s = f / (f + 2.f), z = s * s;
  float p = z * (float)(1. / 9);
  p = (p + (float)(1. / 7)) * z;
  p = (p + (float)(1. / 5)) * z;
  p += (float)(1. / 3);
  s += s;
  return k * 0.69314718055994531f + (s + s * z * p);
}

enum { METROPOLIS, HEATBATH };

// threshold is the energy below which a spin turns: s h <= threshold.
__device__ __forceinline__ float threshold(u32 rule, u32 w, float halfT) {
  float l = logUniform(w);
  if (rule == HEATBATH) l -= logUniform(~w);
  return -l * halfT;
}
