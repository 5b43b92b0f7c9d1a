// Arithmetic: one template instance per operation and type, chosen once when the text is read.
#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "sim.h"

namespace sim {
namespace {

template <class T> using Wider = std::conditional_t<sizeof(T) == 2, std::conditional_t<std::is_signed_v<T>, int32_t, uint32_t>,
    std::conditional_t<sizeof(T) == 4, std::conditional_t<std::is_signed_v<T>, int64_t, uint64_t>,
    std::conditional_t<std::is_signed_v<T>, __int128, unsigned __int128>>>;

struct Add { template <class T> static T f(T a, T b) { return a + b; } };
struct Sub { template <class T> static T f(T a, T b) { return a - b; } };
struct Mul { template <class T> static T f(T a, T b) { return a * b; } };
struct And { template <class T> static T f(T a, T b) { return a & b; } };
struct Or { template <class T> static T f(T a, T b) { return a | b; } };
struct Xor { template <class T> static T f(T a, T b) { return a ^ b; } };
struct MulHi { template <class T> static T f(T a, T b) { return T((Wider<T>(a) * Wider<T>(b)) >> (8 * sizeof(T))); } };
struct Div { template <class T> static T f(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) return a / b;
  else if constexpr (std::is_signed_v<T>) return b == 0 ? T(-1) : b == -1 ? T(-a) : T(a / b);
  else return b == 0 ? T(-1) : T(a / b);
} };
struct Rem { template <class T> static T f(T a, T b) {
  if constexpr (std::is_signed_v<T>) return b == 0 ? a : b == -1 ? T(0) : T(a % b);
  else return b == 0 ? a : T(a % b);
} };
// PTX: the operand that is not NaN, and -0 < +0
struct Min { template <class T> static T f(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) { if (a != a) return b; if (b != b) return a; if (a == b) return std::signbit(a) ? a : b; }
  return a < b ? a : b;
} };
struct Max { template <class T> static T f(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) { if (a != a) return b; if (b != b) return a; if (a == b) return std::signbit(a) ? b : a; }
  return a > b ? a : b;
} };
struct Copysign { template <class T> static T f(T a, T b) { return std::copysign(b, a); } };

struct Neg { template <class T> static T f(T a) { return -a; } };
struct Abs { template <class T> static T f(T a) { if constexpr (std::is_floating_point_v<T>) return std::fabs(a); else return a < 0 ? T(-a) : a; } };
struct Not { template <class T> static T f(T a) { return T(~a); } };
struct Sqrt { template <class T> static T f(T a) { return std::sqrt(a); } };
struct Rcp { template <class T> static T f(T a) { return T(1) / a; } };
struct Brev { template <class T> static T f(T a) { T r = 0; for (unsigned k = 0; k < 8 * sizeof(T); k++) r |= ((a >> k) & 1) << (8 * sizeof(T) - 1 - k); return r; } };

template <class Op, class T> void unary(Warp& w, const Instr& I, Mask m) {
  T* d = w.at<T>(I.d); const T* a = w.at<T>(I.a);
  each(m, [&](int l) { d[l] = Op::template f<T>(a[l]); });
}
template <class Op, class T> void binary(Warp& w, const Instr& I, Mask m) {
  T* d = w.at<T>(I.d); const T *a = w.at<T>(I.a), *b = w.at<T>(I.b);
  each(m, [&](int l) { d[l] = Op::template f<T>(a[l], b[l]); });
}
template <class T> void madLo(Warp& w, const Instr& I, Mask m) {
  T* d = w.at<T>(I.d); const T *a = w.at<T>(I.a), *b = w.at<T>(I.b), *c = w.at<T>(I.c);
  each(m, [&](int l) { d[l] = T(a[l] * b[l] + c[l]); });
}
template <class T> void madHi(Warp& w, const Instr& I, Mask m) {
  T* d = w.at<T>(I.d); const T *a = w.at<T>(I.a), *b = w.at<T>(I.b), *c = w.at<T>(I.c);
  each(m, [&](int l) { d[l] = T(MulHi::f<T>(a[l], b[l]) + c[l]); });
}
template <class T> void mulWide(Warp& w, const Instr& I, Mask m) {
  auto* d = w.at<Wider<T>>(I.d); const T *a = w.at<T>(I.a), *b = w.at<T>(I.b);
  each(m, [&](int l) { d[l] = Wider<T>(a[l]) * Wider<T>(b[l]); });
}
template <class T> void madWide(Warp& w, const Instr& I, Mask m) {
  auto *d = w.at<Wider<T>>(I.d), *c = w.at<Wider<T>>(I.c); const T *a = w.at<T>(I.a), *b = w.at<T>(I.b);
  each(m, [&](int l) { d[l] = Wider<T>(a[l]) * Wider<T>(b[l]) + c[l]; });
}
template <class T> void fusedMultiplyAdd(Warp& w, const Instr& I, Mask m) {
  T* d = w.at<T>(I.d); const T *a = w.at<T>(I.a), *b = w.at<T>(I.b), *c = w.at<T>(I.c);
  each(m, [&](int l) { d[l] = std::fma(a[l], b[l], c[l]); });
}
template <class T> void shiftLeft(Warp& w, const Instr& I, Mask m) {
  T* d = w.at<T>(I.d); const T* a = w.at<T>(I.a); const uint32_t* b = w.at<uint32_t>(I.b);
  each(m, [&](int l) { d[l] = b[l] >= 8 * sizeof(T) ? T(0) : T(a[l] << (b[l] % (8 * sizeof(T)))); });
}
template <class T> void shiftRight(Warp& w, const Instr& I, Mask m) {
  T* d = w.at<T>(I.d); const T* a = w.at<T>(I.a); const uint32_t* b = w.at<uint32_t>(I.b);
  each(m, [&](int l) {
    uint32_t n = std::min<uint32_t>(b[l], 8 * sizeof(T) - 1);
    d[l] = !std::is_signed_v<T> && b[l] >= 8 * sizeof(T) ? T(0) : T(a[l] >> n);
  });
}
template <bool left, bool wrap> void funnel(Warp& w, const Instr& I, Mask m) {
  uint32_t *d = w.at<uint32_t>(I.d), *a = w.at<uint32_t>(I.a), *b = w.at<uint32_t>(I.b), *c = w.at<uint32_t>(I.c);
  each(m, [&](int l) {
    uint32_t n = wrap ? c[l] & 31 : std::min<uint32_t>(c[l], 32);
    uint64_t x = uint64_t(b[l]) << 32 | a[l];
    d[l] = left ? uint32_t((x << n) >> 32) : uint32_t(x >> n);
  });
}
void lop3(Warp& w, const Instr& I, Mask m) {
  uint32_t *d = w.at<uint32_t>(I.d), *a = w.at<uint32_t>(I.a), *b = w.at<uint32_t>(I.b), *c = w.at<uint32_t>(I.c), t = w.at<uint32_t>(I.e)[0];
  each(m, [&](int l) {
    uint32_t r = 0;
    for (int k = 0; k < 8; k++) r |= (-(t >> k & 1)) & (k & 4 ? a[l] : ~a[l]) & (k & 2 ? b[l] : ~b[l]) & (k & 1 ? c[l] : ~c[l]);
    d[l] = r;
  });
}
void permuteBytes(Warp& w, const Instr& I, Mask m) {
  uint32_t *d = w.at<uint32_t>(I.d), *a = w.at<uint32_t>(I.a), *b = w.at<uint32_t>(I.b), *c = w.at<uint32_t>(I.c);
  each(m, [&](int l) {
    uint64_t x = uint64_t(b[l]) << 32 | a[l];
    uint32_t r = 0;
    for (int k = 0; k < 4; k++) {
      uint32_t s = c[l] >> 4 * k & 15, byte = uint32_t(x >> 8 * (s & 7)) & 255;
      r |= (s & 8 ? (byte & 128 ? 255 : 0) : byte) << 8 * k;
    }
    d[l] = r;
  });
}
template <class T> void bitFieldExtract(Warp& w, const Instr& I, Mask m) {
  T* d = w.at<T>(I.d); const T* a = w.at<T>(I.a); const uint32_t *b = w.at<uint32_t>(I.b), *c = w.at<uint32_t>(I.c);
  each(m, [&](int l) {
    uint32_t p = b[l] & 255, n = c[l] & 255, bits = 8 * sizeof(T);
    using U = std::make_unsigned_t<T>;
    U x = p < bits ? U(a[l]) >> p : U(0);
    U r = n >= bits ? x : x & ((U(1) << n) - 1);
    uint32_t top = std::min(p + n - 1, bits - 1);
    if (std::is_signed_v<T> && n && (U(a[l]) >> top & 1)) { uint32_t have = p + n > bits ? (p < bits ? bits - p : 0) : n; if (have < bits) r |= ~U(0) << have; }
    d[l] = T(r);
  });
}
template <class T> void bitFieldInsert(Warp& w, const Instr& I, Mask m) {
  T* d = w.at<T>(I.d); const T *a = w.at<T>(I.a), *b = w.at<T>(I.b); const uint32_t *c = w.at<uint32_t>(I.c), *e = w.at<uint32_t>(I.e);
  each(m, [&](int l) {
    uint32_t p = c[l] & 255, n = e[l] & 255, bits = 8 * sizeof(T);
    T field = p >= bits ? T(0) : T((n >= bits ? ~T(0) : (T(1) << n) - 1) << p);
    d[l] = T((b[l] & ~field) | (p < bits ? (a[l] << p) & field : T(0)));
  });
}
template <class T> void popCount(Warp& w, const Instr& I, Mask m) {
  uint32_t* d = w.at<uint32_t>(I.d); const T* a = w.at<T>(I.a);
  each(m, [&](int l) { d[l] = uint32_t(__builtin_popcountll(a[l])); });
}
template <class T> void leadingZeros(Warp& w, const Instr& I, Mask m) {
  uint32_t* d = w.at<uint32_t>(I.d); const T* a = w.at<T>(I.a);
  each(m, [&](int l) { d[l] = a[l] ? uint32_t(__builtin_clzll(uint64_t(a[l])) - (64 - 8 * sizeof(T))) : uint32_t(8 * sizeof(T)); });
}
// bfind, or with mode 1 bfind.shiftamt: how far to the left the bit it finds must go to be the first.
template <class T> void findHighest(Warp& w, const Instr& I, Mask m) {
  uint32_t* d = w.at<uint32_t>(I.d); const T* a = w.at<T>(I.a);
  each(m, [&](int l) {
    T x = a[l]; if (std::is_signed_v<T> && x < 0) x = T(~x);
    const uint32_t at = 63 - (x ? uint32_t(__builtin_clzll(uint64_t(x))) : 0);
    d[l] = !x ? ~0u : I.mode == 1 ? uint32_t(8 * sizeof(T) - 1) - at : at;
  });
}

// Predicates hold one bit a lane.
template <class Op> void predicate2(Warp& w, const Instr& I, Mask m) {
  uint32_t& d = *w.at<uint32_t>(I.d);
  d = (d & ~m) | (Op::template f<uint32_t>(*w.at<uint32_t>(I.a), *w.at<uint32_t>(I.b)) & m);
}
void predicateNot(Warp& w, const Instr& I, Mask m) { uint32_t& d = *w.at<uint32_t>(I.d); d = (d & ~m) | (~*w.at<uint32_t>(I.a) & m); }

enum Compare : uint8_t { eq, ne, lt, le, gt, ge, equ, neu, ltu, leu, gtu, geu, num, nan };
template <class T, Compare c> bool compare(T a, T b) {
  bool un = a != a || b != b;
  switch (c) {
    case eq: return a == b;
    case ne: return !un && a != b;
    case lt: return a < b;
    case le: return a <= b;
    case gt: return a > b;
    case ge: return a >= b;
    case equ: return un || a == b;
    case neu: return a != b;
    case ltu: return !(a >= b);
    case leu: return !(a > b);
    case gtu: return !(a <= b);
    case geu: return !(a < b);
    case num: return !un;
    case nan: return un;
  }
  return false;
}
template <class T, Compare c> void setPredicate(Warp& w, const Instr& I, Mask m) {
  const T *a = w.at<T>(I.a), *b = w.at<T>(I.b);
  Mask r = 0;
  if (m == kAll) for (int l = 0; l < kLanes; l++) r |= Mask(compare<T, c>(a[l], b[l])) << l;
  else each(m, [&](int l) { r |= Mask(compare<T, c>(a[l], b[l])) << l; });
  Mask r2 = ~r;
  if (I.c != kNone) {
    Mask q = *w.at<uint32_t>(I.c);
    if (I.srcNot) q = ~q;
    auto join = [&](Mask x) { return I.mode == 1 ? x & q : I.mode == 2 ? x | q : x ^ q; };
    r = join(r); r2 = join(r2);
  }
  if (I.d != kNone) { uint32_t& d = *w.at<uint32_t>(I.d); d = (d & ~m) | (r & m); }
  if (I.d2 != kNone) { uint32_t& d = *w.at<uint32_t>(I.d2); d = (d & ~m) | (r2 & m); }
}
template <class T> Run setPredicateOf(uint8_t c) {
  static constexpr Run table[] = {setPredicate<T, eq>, setPredicate<T, ne>, setPredicate<T, lt>, setPredicate<T, le>, setPredicate<T, gt>,
      setPredicate<T, ge>, setPredicate<T, equ>, setPredicate<T, neu>, setPredicate<T, ltu>, setPredicate<T, leu>, setPredicate<T, gtu>,
      setPredicate<T, geu>, setPredicate<T, num>, setPredicate<T, nan>};
  return table[c];
}
template <class T> void selectByPredicate(Warp& w, const Instr& I, Mask m) {
  T* d = w.at<T>(I.d); const T *a = w.at<T>(I.a), *b = w.at<T>(I.b);
  Mask p = *w.at<uint32_t>(I.c);
  if (I.srcNot) p = ~p;
  each(m, [&](int l) { d[l] = p >> l & 1 ? a[l] : b[l]; });
}

#define INTEGERS(F, O) \
  case Ty::u16: case Ty::b16: return F<O uint16_t>; case Ty::s16: return F<O int16_t>; case Ty::u32: case Ty::b32: return F<O uint32_t>; \
  case Ty::s32: return F<O int32_t>; case Ty::u64: case Ty::b64: return F<O uint64_t>; case Ty::s64: return F<O int64_t>;
#define FLOATS(F, O) case Ty::f32: return F<O float>; case Ty::f64: return F<O double>;
#define COMMA ,
template <class Op> Run arithmetic(Ty t) { switch (t) { INTEGERS(binary, Op COMMA) FLOATS(binary, Op COMMA) default: return nullptr; } }
template <class Op> Run integer2(Ty t) { switch (t) { INTEGERS(binary, Op COMMA) default: return nullptr; } }
template <class Op> Run bitwise(Ty t) { switch (t) { case Ty::pred: return predicate2<Op>; INTEGERS(binary, Op COMMA) default: return nullptr; } }
template <class Op> Run unaryOf(Ty t) { switch (t) { INTEGERS(unary, Op COMMA) FLOATS(unary, Op COMMA) default: return nullptr; } }
template <class Op> Run floats1(Ty t) { switch (t) { FLOATS(unary, Op COMMA) default: return nullptr; } }
Run notOf(Ty t) { switch (t) { case Ty::pred: return predicateNot; INTEGERS(unary, Not COMMA) default: return nullptr; } }
Run madLoOf(Ty t) { switch (t) { INTEGERS(madLo, ) default: return nullptr; } }
Run madHiOf(Ty t) { switch (t) { INTEGERS(madHi, ) default: return nullptr; } }
Run wideOf(Ty t, bool add) {
  switch (t) { case Ty::u16: return add ? madWide<uint16_t> : mulWide<uint16_t>; case Ty::s16: return add ? madWide<int16_t> : mulWide<int16_t>;
    case Ty::u32: return add ? madWide<uint32_t> : mulWide<uint32_t>; case Ty::s32: return add ? madWide<int32_t> : mulWide<int32_t>; default: return nullptr; }
}
Run shlOf(Ty t) { switch (size(t)) { case 2: return shiftLeft<uint16_t>; case 4: return shiftLeft<uint32_t>; case 8: return shiftLeft<uint64_t>; default: return nullptr; } }
Run shrOf(Ty t) { switch (t) { INTEGERS(shiftRight, ) default: return nullptr; } }
Run selectOf(Ty t) { switch (size(t)) { case 2: return selectByPredicate<uint16_t>; case 4: return selectByPredicate<uint32_t>; case 8: return selectByPredicate<uint64_t>; default: return nullptr; } }
Run compareOf(Ty t, uint8_t c) {
  switch (t) { case Ty::u16: case Ty::b16: return setPredicateOf<uint16_t>(c); case Ty::s16: return setPredicateOf<int16_t>(c);
    case Ty::u32: case Ty::b32: return setPredicateOf<uint32_t>(c); case Ty::s32: return setPredicateOf<int32_t>(c);
    case Ty::u64: case Ty::b64: return setPredicateOf<uint64_t>(c); case Ty::s64: return setPredicateOf<int64_t>(c);
    case Ty::f32: return setPredicateOf<float>(c); case Ty::f64: return setPredicateOf<double>(c); default: return nullptr; }
}
Run bitsOp(const std::string& op, Ty t) {
  bool w = size(t) == 8, s = isSigned(t);
  if (op == "popc") return w ? popCount<uint64_t> : popCount<uint32_t>;
  if (op == "clz") return w ? leadingZeros<uint64_t> : leadingZeros<uint32_t>;
  if (op == "brev") return w ? unary<Brev, uint64_t> : unary<Brev, uint32_t>;
  if (op == "bfi") return w ? bitFieldInsert<uint64_t> : bitFieldInsert<uint32_t>;
  if (op == "bfe") return w ? (s ? bitFieldExtract<int64_t> : bitFieldExtract<uint64_t>) : s ? bitFieldExtract<int32_t> : bitFieldExtract<uint32_t>;
  return w ? (s ? findHighest<int64_t> : findHighest<uint64_t>) : s ? findHighest<int32_t> : findHighest<uint32_t>;  // bfind
}

}  // namespace

Run arithmeticOp(const Instr& I, const Opcode& parts) {
  const std::string& op = parts[0];
  auto has = [&](const char* s) { return suffix(parts, s); };
  Ty t = I.ty;
  if (op == "add") return arithmetic<Add>(t);
  if (op == "sub") return arithmetic<Sub>(t);
  if (op == "mul") return has("wide") ? wideOf(t, false) : has("hi") ? integer2<MulHi>(t) : arithmetic<Mul>(t);
  if (op == "mad") return has("wide") ? wideOf(t, true) : has("hi") ? madHiOf(t) : madLoOf(t);
  if (op == "fma") return t == Ty::f32 ? fusedMultiplyAdd<float> : t == Ty::f64 ? fusedMultiplyAdd<double> : nullptr;
  if (op == "div") return arithmetic<Div>(t);
  if (op == "rem") return integer2<Rem>(t);
  if (op == "min") return arithmetic<Min>(t);
  if (op == "max") return arithmetic<Max>(t);
  if (op == "neg") return unaryOf<Neg>(t);
  if (op == "abs") return unaryOf<Abs>(t);
  if (op == "sqrt") return floats1<Sqrt>(t);
  if (op == "rcp") return floats1<Rcp>(t);
  if (op == "copysign") return t == Ty::f32 ? binary<Copysign, float> : binary<Copysign, double>;
  if (op == "and") return bitwise<And>(t);
  if (op == "or") return bitwise<Or>(t);
  if (op == "xor") return bitwise<Xor>(t);
  if (op == "not") return notOf(t);
  if (op == "shl") return shlOf(t);
  if (op == "shr") return shrOf(t);
  if (op == "shf") return has("l") ? (has("wrap") ? funnel<true, true> : funnel<true, false>) : has("wrap") ? funnel<false, true> : funnel<false, false>;
  if (op == "lop3") return lop3;
  if (op == "prmt") return permuteBytes;
  if (op == "popc" || op == "clz" || op == "brev" || op == "bfi" || op == "bfe" || op == "bfind") return bitsOp(op, t);
  if (op == "selp") return selectOf(t);
  return nullptr;
}

Run comparison(Ty t, const std::string& name) {
  static const char* const names[] = {"eq", "ne", "lt", "le", "gt", "ge", "equ", "neu", "ltu", "leu", "gtu", "geu", "num", "nan"};
  static const std::map<std::string, uint8_t> unsignedNames = {{"lo", lt}, {"ls", le}, {"hi", gt}, {"hs", ge}};
  // for integers ne is the plain inequality, which the float comparison `neu` also is
  for (uint8_t k = 0; k < 14; k++) if (name == names[k]) return compareOf(t, k);
  auto it = unsignedNames.find(name);
  return it == unsignedNames.end() ? nullptr : compareOf(t, it->second);
}

}  // namespace sim
