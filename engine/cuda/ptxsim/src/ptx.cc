// Reads PTX text. Registers, constants and special registers become offsets into one file per warp, labels become
// indices, shared variables offsets; what the interpreter does not know is refused here, never at run time.
#include <cstdlib>

#include "sim.h"

namespace sim {

static const struct { const char* name; Ty ty; int bytes; } kTypes[] = {
    {"pred", Ty::pred, 4}, {"b8", Ty::b8, 1}, {"u8", Ty::u8, 1}, {"s8", Ty::s8, 1}, {"b16", Ty::b16, 2}, {"u16", Ty::u16, 2},
    {"s16", Ty::s16, 2}, {"b32", Ty::b32, 4}, {"u32", Ty::u32, 4}, {"s32", Ty::s32, 4}, {"f32", Ty::f32, 4}, {"b64", Ty::b64, 8},
    {"u64", Ty::u64, 8}, {"s64", Ty::s64, 8}, {"f64", Ty::f64, 8}};

int size(Ty t) {
  for (auto& k : kTypes) if (k.ty == t) return k.bytes;
  return 0;
}
Ty typeNamed(const std::string& s) {
  for (auto& k : kTypes) if (s == k.name) return k.ty;
  return Ty::none;
}

namespace {

struct Token { std::string s; int line; };

bool wordChar(char c) { return isalnum((unsigned char)c) || c == '_' || c == '$' || c == '%' || c == '.'; }

std::vector<Token> tokens(const char* p) {
  std::vector<Token> out;
  int line = 1;
  while (*p) {
    if (*p == '\n') { line++; p++; continue; }
    if (isspace((unsigned char)*p)) { p++; continue; }
    if (p[0] == '/' && p[1] == '/') { while (*p && *p != '\n') p++; continue; }
    if (p[0] == '/' && p[1] == '*') {
      for (p += 2; *p && !(p[0] == '*' && p[1] == '/'); p++) line += *p == '\n';
      if (*p) p += 2;
      continue;
    }
    if (*p == '"') { const char* q = strchr(p + 1, '"'); if (!q) break; out.push_back({std::string(p, q + 1), line}); p = q + 1; continue; }
    const char* q = p;
    if (wordChar(*q)) while (wordChar(*q)) q++; else q++;
    out.push_back({std::string(p, q), line});
    p = q;
  }
  return out;
}

std::vector<std::string> split(const std::string& s) {
  std::vector<std::string> out(1);
  for (char c : s) if (c == '.') out.emplace_back(); else out.back() += c;
  return out;
}

struct Reg { uint32_t offset; Ty ty; };
struct Scope {
  Scope* up;
  std::map<std::string, Reg> regs;
  std::map<std::string, int> labels;
};
struct Symbol { Space space; int64_t offset; };

class Parser {
 public:
  Parser(const char* text, int device) : t_(tokens(text)), device_(device) {}
  std::unique_ptr<Module> module();

 private:
  std::vector<Token> t_;
  size_t i_ = 0;
  int device_;
  std::unique_ptr<Module> m_ = std::make_unique<Module>();
  std::map<std::string, Symbol> symbols_, local_;
  uint32_t moduleShared_ = 0;
  Function* f_ = nullptr;
  Scope* scope_ = nullptr;
  std::deque<Scope> scopes_;
  std::map<std::pair<uint64_t, int>, uint32_t> constants_;
  struct Jump { size_t instr; std::string label; Scope* scope; };
  std::vector<Jump> jumps_;

  [[noreturn]] void fail(const std::string& why) {
    int line = i_ < t_.size() ? t_[i_].line : t_.empty() ? 0 : t_.back().line;
    throw Fault{218, (f_ ? f_->name + ": " : "") + why + " (PTX line " + std::to_string(line) + ")"};
  }
  const std::string& peek(size_t k = 0) {
    static const std::string end;
    return i_ + k < t_.size() ? t_[i_ + k].s : end;
  }
  std::string next() { if (i_ >= t_.size()) fail("unexpected end"); return t_[i_++].s; }
  bool accept(const char* s) { if (peek() == s) { i_++; return true; } return false; }
  void expect(const char* s) { if (!accept(s)) fail(std::string("expected ") + s + ", found " + peek()); }
  int64_t integer() {
    bool minus = accept("-");
    std::string s = next();
    if (!isdigit((unsigned char)s[0])) fail("expected a number, found " + s);
    int64_t v = int64_t(strtoull(s.c_str(), nullptr, 0));
    return minus ? -v : v;
  }
  uint32_t slot(int bytes) { uint32_t o = (f_->fileBytes + 63) / 64 * 64; f_->fileBytes = o + bytes; return o; }
  uint32_t slot(Ty t) { return slot(t == Ty::pred ? 4 : size(t) * kLanes); }
  uint32_t constant(uint64_t bits, int bytes) {
    if (bytes < 8) bits &= (uint64_t(1) << 8 * bytes) - 1;
    auto [it, fresh] = constants_.try_emplace({bits, bytes}, 0);
    if (fresh) { it->second = slot(bytes * kLanes); f_->constants.push_back({it->second, bits, bytes}); }
    return it->second;
  }
  struct Variable { std::string name; int align = 1, bytes = 0; Ty ty = Ty::none; bool open = false; };
  Variable variable();
  void moduleVariable(Space space);
  void initialise(Allocation* a, const Variable& v);
  void entry();
  void parameters();
  void sharedVariables(size_t from);
  void body();
  void registers();
  void statement();
  void instruction();
  Reg reg(const std::string& name);
  const Symbol* symbol(const std::string& name);
  uint32_t special(const std::string& name);
  uint32_t operand(Ty t, bool* negated = nullptr);
  void address(Instr& I);
  void vectorOf(Instr& I, Ty t);
  void operands(Instr& I, const std::vector<std::string>& parts);
  void access(Instr& I, const std::string& base);
  void move(Instr& I);
  void resolve();
};

// .align 4 .b8 name[12] or .u32 name
Parser::Variable Parser::variable() {
  Variable v;
  for (;;) {
    std::string s = next();
    if (s == ".align") { v.align = int(integer()); continue; }
    if (s == ".ptr") { while (peek()[0] == '.') { if (next() == ".align") integer(); } continue; }
    if (s[0] == '.') { v.ty = typeNamed(s.substr(1)); if (v.ty == Ty::none) fail("unknown type " + s); continue; }
    v.name = s;
    break;
  }
  int n = 1;
  while (accept("[")) { if (accept("]")) { v.open = true; break; } n *= int(integer()); expect("]"); }
  v.bytes = v.open ? 0 : n * size(v.ty);
  v.align = std::max(v.align, size(v.ty));
  return v;
}

void Parser::initialise(Allocation* a, const Variable& v) {
  memset((void*)a->base, 0, a->bytes);
  a->shadow.mark(0, a->bytes);
  if (!accept("=")) return;
  size_t at = 0;
  bool list = accept("{");
  do {
    if (list && peek() == "}") break;
    std::string s = peek();
    uint64_t bits;
    if (s.size() > 2 && s[0] == '0' && strchr("fFdD", s[1])) { next(); bits = strtoull(s.c_str() + 2, nullptr, 16); }
    else bits = uint64_t(integer());
    if (at + size(v.ty) > a->bytes) fail("too many initialisers for " + v.name);
    memcpy((char*)a->base + at, &bits, size(v.ty));
    at += size(v.ty);
  } while (accept(","));
  if (list) expect("}");
}

void Parser::moduleVariable(Space space) {
  Variable v = variable();
  if (space == Space::shared) {
    moduleShared_ = (moduleShared_ + v.align - 1) / v.align * v.align;
    symbols_[v.name] = {Space::shared, v.open ? -1 : int64_t(moduleShared_)};  // -1: after all static variables
    moduleShared_ += v.bytes;
  } else {
    Allocation* a = memory().add(v.bytes, device_);
    a->constant = space == Space::constant;
    initialise(a, v);
    m_->globals[v.name] = a;
    symbols_[v.name] = {space, int64_t(a->base)};
  }
  expect(";");
}

std::unique_ptr<Module> Parser::module() {
  while (i_ < t_.size()) {
    std::string s = next();
    if (s == ".version") { std::string v = next(); m_->version = atoi(v.c_str()) * 10 + atoi(v.c_str() + v.find('.') + 1); }
    else if (s == ".target") { std::string v = next(); m_->target = atoi(v.c_str() + 3); while (accept(",")) next(); }
    else if (s == ".address_size") { if (integer() != 64) fail("only 64-bit addresses"); }
    else if (s == ".visible" || s == ".extern" || s == ".weak") continue;
    else if (s == ".entry") entry();
    else if (s == ".shared") moduleVariable(Space::shared);
    else if (s == ".global") moduleVariable(Space::global);
    else if (s == ".const") moduleVariable(Space::constant);
    else { i_--; fail("unsupported at module level: " + s); }
  }
  if (!m_->version || !m_->target) fail("no .version or no .target");
  return std::move(m_);
}

void Parser::parameters() {
  if (!accept("(")) return;
  while (!accept(")")) {
    if (next() != ".param") fail("expected .param");
    Variable v = variable();
    int align = std::min(std::max(v.align, 1), 16);
    f_->paramBytes = (f_->paramBytes + align - 1) / align * align;
    f_->params.push_back({v.name, f_->paramBytes, v.bytes});
    local_[v.name] = {Space::param, f_->paramBytes};
    f_->paramBytes += v.bytes;
    accept(",");
  }
}

void Parser::entry() {
  auto fn = std::make_unique<Function>();
  f_ = fn.get();
  f_->name = next();
  for (auto& s : f_->special) s = kNone;
  constants_.clear(); local_.clear(); scopes_.clear(); jumps_.clear();
  parameters();
  while (peek() != "{") {
    std::string s = next();
    if (s == ".maxntid" || s == ".reqntid") { int64_t n = integer(); while (accept(",")) n *= integer(); f_->maxThreads = int(n); }
    else if (s == ".minnctapersm" || s == ".maxnreg") integer();
    else fail("unsupported directive " + s);
  }
  sharedVariables(i_);
  scopes_.push_back({nullptr, {}, {}});
  scope_ = &scopes_.back();
  next();
  body();
  Instr end;
  f_->texts.push_back("end of " + f_->name);
  end.text = &f_->texts.back();
  decode(end, {"exit"});
  f_->code.push_back(end);
  resolve();
  m_->functions[f_->name] = std::move(fn);
  f_ = nullptr;
}

// Shared variables may be declared after their first use in the text's order of scopes, so all are laid out first.
void Parser::sharedVariables(size_t from) {
  f_->staticShared = moduleShared_;
  size_t keep = i_;
  int depth = 0;
  for (i_ = from; i_ < t_.size(); i_++) {
    if (peek() == "{") depth++;
    if (peek() == "}" && --depth == 0) break;
    if (peek() != ".shared") continue;
    i_++;
    Variable v = variable();
    f_->staticShared = (f_->staticShared + v.align - 1) / v.align * v.align;
    local_[v.name] = {Space::shared, f_->staticShared};
    f_->staticShared += v.bytes;
  }
  i_ = keep;
  f_->staticShared = (f_->staticShared + 15) / 16 * 16;
}

void Parser::body() {
  while (!accept("}")) {
    if (accept("{")) {
      scopes_.push_back({scope_, {}, {}});
      scope_ = &scopes_.back();
      body();
      scope_ = scope_->up;
    } else {
      statement();
    }
  }
}

void Parser::registers() {
  Ty t = typeNamed(next().substr(1));
  if (t == Ty::none) fail("unknown register type");
  do {
    std::string name = next();
    if (accept("<")) {
      int64_t n = integer();
      expect(">");
      for (int64_t k = 0; k < n; k++) scope_->regs[name + std::to_string(k)] = {slot(t), t};
    } else {
      scope_->regs[name] = {slot(t), t};
    }
  } while (accept(","));
  expect(";");
}

void Parser::statement() {
  const std::string s = peek();
  if (peek(1) == ":" && s[0] != '@') { scope_->labels[s] = int(f_->code.size()); i_ += 2; return; }
  if (s == ".reg") { next(); return registers(); }
  if (s == ".local") {
    next();
    Variable v = variable();
    f_->localBytes = (f_->localBytes + v.align - 1) / v.align * v.align;
    local_[v.name] = {Space::local, f_->localBytes};
    f_->localBytes += v.bytes;
    return expect(";");
  }
  if (s == ".shared" || s == ".pragma") { while (next() != ";") {} return; }
  if (s == ".loc") { for (int k = 0; k < 4; k++) next(); return; }
  if (s[0] == '.') fail("unsupported directive " + s);
  instruction();
}

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
  if (base == "ld") { vectorOf(I, I.ty); expect(","); address(I); return; }
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
void Parser::operands(Instr& I, const std::vector<std::string>& parts) {
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

void Parser::instruction() {
  Instr I;
  I.line = t_[i_].line;
  size_t first = i_;
  if (accept("@")) {
    I.guardNot = accept("!");
    Reg r = reg(next());
    if (r.ty != Ty::pred) fail("guard is not a predicate");
    I.guard = r.offset;
  }
  std::vector<std::string> parts = split(next());
  decode(I, parts);
  operands(I, parts);
  expect(";");
  if (!I.run && I.flow == Flow::plain) fail("cannot run " + parts[0]);
  std::string text;
  for (size_t k = first; k + 1 < i_; k++) text += (k == first ? "" : " ") + t_[k].s;
  f_->texts.push_back(text + " (PTX line " + std::to_string(I.line) + ")");
  I.text = &f_->texts.back();
  f_->code.push_back(I);
}

void Parser::resolve() {
  for (auto& j : jumps_) {
    Scope* s = j.scope;
    while (s && !s->labels.count(j.label)) s = s->up;
    if (!s) fail("unknown label " + j.label);
    f_->code[j.instr].target = s->labels[j.label];
  }
}

}  // namespace

std::unique_ptr<Module> parse(const char* text, int device) { return Parser(text, device).module(); }

}  // namespace sim
