// Moves, conversions between types, and between generic addresses and those of a space.
#include <cmath>

#include "sim.h"

namespace sim {
namespace {

template <class T> void copy(Warp& w, const Instr& I, Mask m) {
  T* d = w.at<T>(I.d); const T* a = w.at<T>(I.a);
  each(m, [&](int l) { d[l] = a[l]; });
}
void predicateMove(Warp& w, const Instr& I, Mask m) {
  uint32_t& d = *w.at<uint32_t>(I.d), a = *w.at<uint32_t>(I.a);
  d = (d & ~m) | ((I.srcNot ? ~a : a) & m);
}
uint64_t loadBits(Warp& w, uint32_t offset, int bytes, int l) { uint64_t v = 0; memcpy(&v, w.file + offset + bytes * l, bytes); return v; }
void storeBits(Warp& w, uint32_t offset, int bytes, int l, uint64_t v) { memcpy(w.file + offset + bytes * l, &v, bytes); }
void moveVector(Warp& w, const Instr& I, Mask m) {  // mode 1: {x, y} from a; mode 2: d from {x, y}
  int whole = size(I.ty), part = whole / I.lanesOf;
  each(m, [&](int l) {
    if (I.mode == 1) {
      uint64_t v = loadBits(w, I.a, whole, l);
      for (int k = 0; k < I.lanesOf; k++) if (I.vec[k] != kNone) storeBits(w, I.vec[k], part, l, v >> 8 * part * k);
    } else {
      uint64_t v = 0;
      for (int k = 0; k < I.lanesOf; k++) v |= loadBits(w, I.vec[k], part, l) << 8 * part * k;
      storeBits(w, I.d, whole, l, v);
    }
  });
}
template <class T> void moveAny(Warp& w, const Instr& I, Mask m) { if (I.mode) moveVector(w, I, m); else copy<T>(w, I, m); }

// cvta and cvta.to: generic addresses of shared and local memory are windows
void toGeneric(Warp& w, const Instr& I, Mask m) {
  uint64_t *d = w.at<uint64_t>(I.d), *a = w.at<uint64_t>(I.a);
  uint64_t base = I.space == Space::shared ? kSharedWindow : I.space == Space::local ? kLocalWindow : 0;
  each(m, [&](int l) { d[l] = I.mode ? a[l] - base : a[l] + base; });
}

enum Rounding : uint8_t { rn, rni, rzi, rmi, rpi };
template <class T> T roundTo(T x, uint8_t r) {
  switch (r) { case rni: return std::nearbyint(x); case rzi: return std::trunc(x); case rmi: return std::floor(x); case rpi: return std::ceil(x); default: return x; }
}
uint64_t extend(uint64_t v, Ty t) {  // the bits of a value of type t, extended to 64 by its sign
  int bits = 8 * size(t);
  if (bits == 64) return v;
  v &= (uint64_t(1) << bits) - 1;
  return isSigned(t) && (v >> (bits - 1) & 1) ? v | ~uint64_t(0) << bits : v;
}
uint64_t toInteger(double x, Ty t) {
  if (x != x) return 0;
  int bits = 8 * size(t);
  if (isSigned(t)) {
    double top = std::ldexp(1.0, bits - 1);
    if (x >= top) return (uint64_t(1) << (bits - 1)) - 1;
    if (x < -top) return uint64_t(0) - (uint64_t(1) << (bits - 1));
    return uint64_t(int64_t(x));
  }
  if (x <= 0) return 0;
  if (x >= std::ldexp(1.0, bits)) return bits == 64 ? ~uint64_t(0) : (uint64_t(1) << bits) - 1;
  return uint64_t(x);
}
template <class T> uint64_t bitsOf(T x) { uint64_t v = 0; memcpy(&v, &x, sizeof x); return v; }
template <class T> T fromBits(uint64_t v) { T x; memcpy(&x, &v, sizeof x); return x; }

uint64_t convertOne(const Instr& I, uint64_t v) {
  v = extend(v, I.from);
  if (isFloat(I.from)) {
    if (I.ty == Ty::f32 && I.from == Ty::f32) return bitsOf(roundTo(fromBits<float>(v), I.round));
    double x = I.from == Ty::f32 ? double(fromBits<float>(v)) : fromBits<double>(v);
    x = roundTo(x, I.round);
    if (I.ty == Ty::f32) return bitsOf(float(x));
    if (I.ty == Ty::f64) return bitsOf(x);
    return toInteger(x, I.ty);
  }
  if (I.ty == Ty::f32) return isSigned(I.from) ? bitsOf(float(int64_t(v))) : bitsOf(float(v));
  if (I.ty == Ty::f64) return isSigned(I.from) ? bitsOf(double(int64_t(v))) : bitsOf(double(v));
  return extend(v, I.ty);
}
template <class D, class S> void convertPlain(Warp& w, const Instr& I, Mask m) {
  D* d = w.at<D>(I.d); const S* a = w.at<S>(I.a);
  each(m, [&](int l) { d[l] = D(a[l]); });
}
void convert(Warp& w, const Instr& I, Mask m) {
  bool exact = I.width[0] == size(I.ty) && I.width[1] == size(I.from) && I.round == rn;
  if (exact) switch (int(I.ty) * 16 + int(I.from)) {
    case int(Ty::f32) * 16 + int(Ty::u32): return convertPlain<float, uint32_t>(w, I, m);
    case int(Ty::f32) * 16 + int(Ty::s32): return convertPlain<float, int32_t>(w, I, m);
    case int(Ty::f64) * 16 + int(Ty::f32): return convertPlain<double, float>(w, I, m);
    case int(Ty::f32) * 16 + int(Ty::f64): return convertPlain<float, double>(w, I, m);
    case int(Ty::u64) * 16 + int(Ty::u32): return convertPlain<uint64_t, uint32_t>(w, I, m);
    case int(Ty::s64) * 16 + int(Ty::s32): return convertPlain<int64_t, int32_t>(w, I, m);
    case int(Ty::u32) * 16 + int(Ty::u64): return convertPlain<uint32_t, uint64_t>(w, I, m);
  }
  each(m, [&](int l) { storeBits(w, I.d, I.width[0], l, convertOne(I, loadBits(w, I.a, I.width[1], l))); });
}

Run moveOf(Ty t) { if (t == Ty::pred) return predicateMove; switch (size(t)) { case 2: return moveAny<uint16_t>; case 4: return moveAny<uint32_t>; case 8: return moveAny<uint64_t>; default: return nullptr; } }

}  // namespace

Run conversionOp(Instr& I, const Opcode& parts) {
  static const char* const rounds[] = {"rn", "rni", "rzi", "rmi", "rpi"};
  for (uint8_t k = 1; k < 5; k++) if (suffix(parts, rounds[k])) I.round = k;
  if (parts[0] == "mov") return moveOf(I.ty);
  if (parts[0] == "cvt") return convert;
  if (parts[0] != "cvta" || size(I.ty) != 8) return nullptr;
  if (I.from == Ty::none) I.from = I.ty;
  I.mode = suffix(parts, "to");
  return toGeneric;
}

}  // namespace sim
