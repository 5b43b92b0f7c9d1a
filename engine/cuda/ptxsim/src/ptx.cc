// Reads PTX text. Registers, constants and special registers become offsets into one file per warp, labels become
// indices, shared variables offsets; what the interpreter does not know is refused here, never at run time.
#include <cstdlib>

#include "parser.h"

namespace sim {

Ty typeNamed(const std::string& s) {
  static const char* const names[] = {"pred", "b8", "u8", "s8", "b16", "u16", "s16", "b32", "u32", "s32", "f32", "b64", "u64", "s64", "f64"};
  for (int k = 0; k < 15; k++) if (s == names[k]) return Ty(k + 1);  // in the order of Ty
  return Ty::none;
}

static bool wordChar(char c) { return isalnum((unsigned char)c) || c == '_' || c == '$' || c == '%' || c == '.'; }

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

static Opcode split(const std::string& s) {
  Opcode out(1);
  for (char c : s) if (c == '.') out.emplace_back(); else out.back() += c;
  return out;
}

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
  constants_.clear(); registers_.clear(); local_.clear(); scopes_.clear(); jumps_.clear();
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
  findUndefined(*f_, registers_);
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
  auto declare = [&](const std::string& name) {
    scope_->regs[name] = {slot(t), t};
    registers_[scope_->regs[name].offset] = name;
  };
  do {
    std::string name = next();
    if (accept("<")) {
      int64_t n = integer();
      expect(">");
      for (int64_t k = 0; k < n; k++) declare(name + std::to_string(k));
    } else {
      declare(name);
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
  const Opcode parts = split(next());
  decode(I, parts);
  operands(I, parts);
  I.copies = parts[0] == "mov" || parts[0] == "selp";
  I.vecWritten = parts[0] == "ld" || (parts[0] == "mov" && I.mode == 1);
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

std::unique_ptr<Module> parse(const char* text, int device) { return Parser(text, device).module(); }

}  // namespace sim
