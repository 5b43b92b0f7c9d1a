// From an opcode to the function that runs it. Only operations with one defined result are known; approximations (ex2.approx,
// div.full), flush to zero and rounding towards a side are refused, and so is whatever else the interpreter does not know.
#include <algorithm>

#include "sim.h"

namespace sim {

bool suffix(const Opcode& parts, const char* s) { return std::find(parts.begin() + 1, parts.end(), s) != parts.end(); }

namespace {

void nothing(Warp&, const Instr&, Mask) {}
void trap(Warp&, const Instr&, Mask) { throw Fault{kLaunchFailed, "the kernel executed trap"}; }

[[noreturn]] void refuse(const Opcode& parts, const std::string& why) {
  std::string whole;
  for (auto& p : parts) whole += (whole.empty() ? "" : ".") + p;
  throw Fault{218, why + ": " + whole};
}

// types reads the types, the space, and the suffixes whose results are nobody's definition.
void types(Instr& I, const Opcode& parts) {
  static const std::map<std::string, Space> spaces = {{"global", Space::global}, {"shared", Space::shared}, {"local", Space::local}, {"param", Space::param}, {"const", Space::constant}};
  for (const char* bad : {"approx", "full", "ftz", "sat", "rz", "rm", "rp", "cc", "bf16", "f16", "f16x2"})
    if (suffix(parts, bad)) refuse(parts, std::string("no exact emulation of .") + bad);
  for (size_t k = 1; k < parts.size(); k++) {
    if (Ty t = typeNamed(parts[k]); t != Ty::none) (I.ty == Ty::none ? I.ty : I.from) = t;
    if (auto it = spaces.find(parts[k]); it != spaces.end()) I.space = it->second;
  }
}

// control recognises what the scheduler handles itself.
bool control(Instr& I, const Opcode& parts) {
  const std::string& op = parts[0];
  if (op == "bra") { I.flow = Flow::branch; return true; }
  if (op == "ret" || op == "exit") { I.flow = Flow::exit; return true; }
  if (op != "bar" && op != "barrier") return false;
  if (suffix(parts, "warp")) { I.flow = Flow::warpSync; I.run = nothing; return true; }
  if (!suffix(parts, "sync")) refuse(parts, "unknown barrier");
  I.flow = Flow::barrier;
  return true;
}

}  // namespace

void decode(Instr& I, const Opcode& parts) {
  const std::string& op = parts[0];
  types(I, parts);
  if (control(I, parts)) return;
  if (op == "ld" || op == "st" || op == "atom" || op == "red") { I.run = memoryOp(I, parts); if (!I.run) refuse(parts, "unsupported access"); return; }
  if (op == "setp") {
    I.mode = suffix(parts, "and") ? 1 : suffix(parts, "or") ? 2 : 3;
    if (parts.size() > 1) I.run = comparison(I.ty, parts[1]);
    if (!I.run) refuse(parts, "unknown comparison");
    return;
  }
  if (op == "membar" || op == "fence") { I.run = nothing; return; }
  if (op == "trap") { I.run = trap; return; }
  for (Run (*find)(Instr&, const Opcode&) : {warpOp, conversionOp})
    if (!I.run) I.run = find(I, parts);
  if (!I.run) I.run = arithmeticOp(I, parts);
  if (op == "bfind") I.mode = suffix(parts, "shiftamt");
  if (!I.run) refuse(parts, "unsupported instruction");
}

}  // namespace sim
