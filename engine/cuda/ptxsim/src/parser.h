// The reader of PTX text: ptx.cc has modules, entry points and statements, operand.cc what an instruction names.
#pragma once
#include "sim.h"

namespace sim {

struct Token { std::string s; int line; };
std::vector<Token> tokens(const char* text);

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
  std::map<uint32_t, std::string> registers_;
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
  void operands(Instr& I, const Opcode& parts);
  void access(Instr& I, const std::string& base);
  void move(Instr& I);
  void resolve();
};

}  // namespace sim
