// What instructions name: registers, constants, symbols, addresses and vectors, in the shape that each opcode takes.
#include <cstdlib>

#include "parser.h"

namespace sim {

Reg Parser::reg(const std::string& name) {
  for (Scope* s = scope_; s; s = s->up)
    if (auto it = s->regs.find(name); it != s->regs.end()) return it->second;
  fail("undeclared register " + name);
}

const Symbol* Parser::symbol(const std::string& name) {
  if (auto it = local_.find(name); it != local_.end()) return &it->second;
  if (auto it = symbols_.find(name); it != symbols_.end()) return &it->second;
  return nullptr;
}

uint32_t Parser::special(const std::string& name) {
  static const char* const names[] = {"%tid.x", "%tid.y", "%tid.z", "%ntid.x", "%ntid.y", "%ntid.z", "%ctaid.x", "%ctaid.y",
      "%ctaid.z", "%nctaid.x", "%nctaid.y", "%nctaid.z", "%laneid", "%warpid", "%nwarpid", "%lanemask_eq", "%lanemask_lt",
      "%lanemask_le", "%lanemask_gt", "%lanemask_ge"};
  for (int k = 0; k < int(Special::count); k++)
    if (name == names[k]) { if (f_->special[k] == kNone) f_->special[k] = slot(Ty::u32); return f_->special[k]; }
  return kNone;
}

// operand reads one source or destination that an instruction of type t uses.
uint32_t Parser::operand(Ty t, bool* negated) {
  if (negated && accept("!")) *negated = true;
  bool minus = accept("-");
  std::string s = next();
  if (s == "_") return kNone;
  if (s[0] == '%') {
    if (uint32_t o = special(s); o != kNone) return o;
    Reg r = reg(s);
    if ((t == Ty::pred) != (r.ty == Ty::pred)) fail(s + " mixes a predicate and a number");
    if (t != Ty::pred && size(r.ty) != size(t)) fail(s + " has not the width of the instruction");
    return r.offset;
  }
  if (t == Ty::pred && (s == "0" || s == "1")) return constant(s == "1" ? kAll : 0, 4);  // one bit a lane
  if (t == Ty::pred) fail("expected a predicate, found " + s);
  if (s.size() == 10 && s[0] == '0' && (s[1] == 'f' || s[1] == 'F')) return constant(strtoull(s.c_str() + 2, nullptr, 16), size(t));
  if (s.size() == 18 && s[0] == '0' && (s[1] == 'd' || s[1] == 'D')) return constant(strtoull(s.c_str() + 2, nullptr, 16), size(t));
  if (isdigit((unsigned char)s[0])) {
    if (isFloat(t)) fail("integer constant " + s + " for a float");
    uint64_t v = strtoull(s.c_str(), nullptr, 0);
    return constant(minus ? -v : v, size(t));
  }
  if (s == "WARP_SZ") return constant(kLanes, size(t));
  if (const Symbol* y = symbol(s)) return constant(y->space == Space::shared && y->offset < 0 ? f_->staticShared : uint64_t(y->offset), size(t));
  fail("unknown operand " + s);
}

// [register], [register+n], [symbol], [symbol+n], [n]
void Parser::address(Instr& I) {
  expect("[");
  std::string s = peek();
  I.a = kNone;
  if (s[0] == '%') {
    Reg r = reg(next());
    I.a = r.offset;
    I.wideAddress = size(r.ty) == 8;
  } else if (const Symbol* y = symbol(s)) {
    next();
    I.disp = y->space == Space::shared && y->offset < 0 ? f_->staticShared : y->offset;
    if (I.space == Space::generic && y->space == Space::shared) fail("generic access to a shared symbol");
  } else {
    I.disp = integer();
  }
  if (accept("+")) I.disp += integer();
  else if (peek() == "-") I.disp += integer();
  expect("]");
}

// {a, b, c, d} or a: the registers of a load or store, which may be wider than the data
void Parser::vectorOf(Instr& I, Ty t) {
  bool list = accept("{");
  int n = 0;
  do {
    if (n == 4) fail("vector of more than four");
    std::string s = peek();
    if (s[0] == '%') {
      Reg r = reg(next());
      if (size(r.ty) < size(t)) fail(s + " is too narrow");
      I.vec[n] = r.offset; I.width[n] = uint8_t(size(r.ty));
    } else if (s == "_") {
      next();
    } else {
      I.vec[n] = operand(t); I.width[n] = uint8_t(size(t));
    }
    n++;
  } while (list && accept(","));
  if (list) expect("}");
  if (n != I.lanesOf) fail("vector length");
}

void Parser::access(Instr& I, const std::string& base) {
  if (base == "ld") {
    vectorOf(I, I.ty); expect(","); address(I);
    if (I.space == Space::param && (I.a != kNone || I.disp < 0 || I.disp + size(I.ty) * I.lanesOf > f_->paramBytes)) fail("load outside of the parameters");
    return;
  }
  if (base == "st") { address(I); expect(","); vectorOf(I, I.ty); return; }
  if (base == "atom") { I.d = operand(I.ty); expect(","); }
  address(I);
  expect(",");
  I.b = operand(I.ty);
  if (accept(",")) I.c = operand(I.ty);
}

// mov d, a; mov {x, y}, d; mov d, {x, y}
void Parser::move(Instr& I) {
  auto list = [&]() {
    expect("{");
    int n = 0;
    do { if (n == 4) fail("vector of more than four"); if (accept("_")) { I.vec[n++] = kNone; continue; } Reg r = reg(next()); I.vec[n] = r.offset; I.width[n++] = uint8_t(size(r.ty)); } while (accept(","));
    expect("}");
    I.lanesOf = uint8_t(n);
  };
  if (peek() == "{") { list(); expect(","); I.a = operand(I.ty); I.mode = 1; return; }
  I.d = operand(I.ty);
  expect(",");
  if (peek() == "{") { list(); I.mode = 2; return; }
  I.a = operand(I.ty, I.ty == Ty::pred ? &I.srcNot : nullptr);
}

// operands reads what an opcode takes, by the shape that decode left in I.
void Parser::operands(Instr& I, const Opcode& parts) {
  const std::string& op = parts[0];
  if (op == "ld" || op == "st" || op == "atom" || op == "red") return access(I, op);
  if (op == "mov") return move(I);
  if (op == "bra") { jumps_.push_back({f_->code.size(), next(), scope_}); return; }
  if (op == "ret" || op == "exit" || op == "membar" || op == "fence" || op == "trap") return;
  if (op == "bar" || op == "barrier") {
    if (I.flow == Flow::warpSync) { I.e = operand(Ty::b32); return; }
    if (integer() != 0 || peek() == ",") fail("only barrier 0 of the whole block");
    return;
  }
  if (op == "activemask") { I.d = operand(Ty::b32); return; }
  bool narrowCount = op == "shl" || op == "shr";
  if (op == "setp") {
    I.d = operand(Ty::pred);
    if (accept("|")) I.d2 = operand(Ty::pred);
    expect(","); I.a = operand(I.ty); expect(","); I.b = operand(I.ty);
    if (accept(",")) I.c = operand(Ty::pred, &I.srcNot);
    return;
  }
  if (op == "selp") { I.d = operand(I.ty); expect(","); I.a = operand(I.ty); expect(","); I.b = operand(I.ty); expect(","); I.c = operand(Ty::pred, &I.srcNot); return; }
  if (op == "cvt" || op == "cvta") {  // registers of a conversion may be wider than their type
    Reg d = reg(next());
    I.d = d.offset; I.width[0] = uint8_t(size(d.ty));
    expect(",");
    std::string s = peek();
    if (s[0] == '%' && special(s) == kNone) { Reg a = reg(next()); I.a = a.offset; I.width[1] = uint8_t(size(a.ty)); }
    else { I.a = operand(I.from); I.width[1] = uint8_t(size(I.from)); }
    if (I.width[0] < size(I.ty) || I.width[1] < size(I.from)) fail("register too narrow for a conversion");
    return;
  }
  if (op == "shfl") {
    I.d = operand(Ty::b32);
    if (accept("|")) I.d2 = operand(Ty::pred);
    expect(","); I.a = operand(Ty::b32); expect(","); I.b = operand(Ty::b32); expect(","); I.c = operand(Ty::b32); expect(","); I.e = operand(Ty::b32);
    return;
  }
  if (op == "vote") {
    I.d = operand(I.ty); expect(","); I.a = operand(Ty::pred, &I.srcNot); expect(","); I.e = operand(Ty::b32);
    return;
  }
  if (op == "redux") { I.d = operand(I.ty); expect(","); I.a = operand(I.ty); expect(","); I.e = operand(Ty::b32); return; }
  // d, a [, b [, c [, e]]]; some operands have a type of their own
  Ty dst = I.ty, third = I.ty, last = I.ty;
  bool wide = false;
  for (auto& p : parts) wide |= p == "wide";
  if (wide) { dst = I.ty == Ty::s32 ? Ty::s64 : I.ty == Ty::u32 ? Ty::u64 : Ty::u32; last = dst; }
  if (op == "popc" || op == "clz" || op == "bfind") dst = Ty::u32;
  if (narrowCount || op == "bfe" || op == "bfi" || op == "shf" || op == "lop3") third = last = Ty::u32;
  bool neg = false;
  I.d = operand(dst);
  expect(","); I.a = operand(I.ty, I.ty == Ty::pred ? &neg : nullptr);
  if (accept(",")) I.b = operand(narrowCount || op == "bfe" ? Ty::u32 : I.ty, I.ty == Ty::pred ? &neg : nullptr);
  if (accept(",")) I.c = operand(op == "lop3" ? I.ty : op == "bfi" || op == "bfe" || op == "shf" ? third : last);
  if (accept(",")) I.e = operand(Ty::u32);
  if (neg) fail("negated predicate operand");
}

}  // namespace sim
