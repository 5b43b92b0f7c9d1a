// ptxsim is a stand-in for libcuda.so.1 that interprets PTX on the host, for tests on machines without a GPU.
//
// It executes warps of 32 lanes with divergence and reconvergence, several warps interleaved in a seeded random order, and
// it stops at what a real device may let pass: accesses out of bounds or misaligned, reads of bytes nobody wrote, two
// threads that touch one word without a barrier between them, barriers that not every thread reaches, warp operations
// that name absent lanes. It says nothing about speed.
//
// ptx.cc reads text into Functions with operand.cc for what an instruction names, and decode.cc finds the code of each: alu.cc holds
// the arithmetic, convert.cc moves and conversions, warp.cc shuffles and votes, memory.cc loads, stores, atomics and their checks.
// block.cc runs thread blocks, driver.cc is the CUDA driver interface.
#pragma once
#include <cstdint>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace sim {

using Mask = uint32_t;
constexpr int kLanes = 32;
constexpr Mask kAll = ~Mask(0);

// Fault stops a kernel or a module load: what a CUDA call reports (a CUresult) and why.
struct Fault {
  int code;
  std::string what;
};
enum { kInvalidValue = 1, kOutOfMemory = 2, kIllegalAddress = 700, kMisaligned = 716, kTimeout = 702, kLaunchFailed = 719 };

enum class Ty : uint8_t { none, pred, b8, u8, s8, b16, u16, s16, b32, u32, s32, f32, b64, u64, s64, f64 };
int size(Ty t);
inline bool isFloat(Ty t) { return t == Ty::f32 || t == Ty::f64; }
inline bool isSigned(Ty t) { return t == Ty::s8 || t == Ty::s16 || t == Ty::s32 || t == Ty::s64; }
// typeNamed returns Ty::none when s is not the name of a type.
Ty typeNamed(const std::string& s);

enum class Space : uint8_t { generic, global, shared, local, param, constant };
// Generic addresses of shared and local memory lie in windows that no host pointer reaches.
constexpr uint64_t kSharedWindow = 0x7e00000000000000, kLocalWindow = 0x7d00000000000000, kWindow = uint64_t(1) << 32;

struct Warp;
struct Instr;
using Run = void (*)(Warp&, const Instr&, Mask);

// How the scheduler treats an instruction; all but `plain` it handles itself.
enum class Flow : uint8_t { plain, branch, exit, barrier, warpSync };

constexpr uint32_t kNone = ~uint32_t(0);

// Instr is one decoded instruction. d, a, b, c, e are offsets of operands in the register file of a warp, where constants
// and special registers live too; a predicate is one 32-bit word, any other operand 32 lanes of its width.
struct Instr {
  Run run = nullptr;
  uint32_t d = kNone, a = kNone, b = kNone, c = kNone, e = kNone;
  uint32_t d2 = kNone;          // second result: setp p|q, shfl d|p
  uint32_t guard = kNone;       // predicate
  bool guardNot = false, srcNot = false;
  Flow flow = Flow::plain;
  Ty ty = Ty::none, from = Ty::none;
  uint8_t mode = 0, round = 0;
  Space space = Space::generic;
  bool wideAddress = true;      // the address register has 64 bits
  uint8_t lanesOf = 1;          // elements of a vector access
  uint8_t width[4] = {};        // bytes of the registers of a load or store
  uint32_t vec[4] = {kNone, kNone, kNone, kNone};
  int64_t disp = 0;             // address displacement
  int target = -1;
  int line = 0;
  const std::string* text = nullptr;
  mutable const struct Allocation* near = nullptr;  // where the last access of this instruction fell
};

enum class Special : uint8_t { tidX, tidY, tidZ, ntidX, ntidY, ntidZ, ctaidX, ctaidY, ctaidZ, nctaidX, nctaidY, nctaidZ,
  laneid, warpid, nwarpid, maskEq, maskLt, maskLe, maskGt, maskGe, count };

struct Param { std::string name; int offset, size; };

struct Function {
  std::string name;
  std::vector<Param> params;
  int paramBytes = 0;
  std::vector<Instr> code;
  uint32_t fileBytes = 0;                                  // registers, constants and special registers of one warp
  struct Constant { uint32_t offset; uint64_t bits; int bytes; };
  std::vector<Constant> constants;
  uint32_t special[int(Special::count)];
  uint32_t staticShared = 0, localBytes = 0;
  uint32_t maxDynamicShared = 49152;
  int maxThreads = 1024;
  std::deque<std::string> texts;                           // the instructions as written, for messages
};

struct Module {
  std::map<std::string, std::unique_ptr<Function>> functions;
  std::map<std::string, struct Allocation*> globals;       // .global and .const arrays
  int version = 0, target = 0;                             // .version 7.0 is 70, .target sm_80 is 80
};

// parse reads PTX text; it throws a Fault that names the line. device owns the module's global arrays.
std::unique_ptr<Module> parse(const char* text, int device);
// An Opcode is "add.s32" split at its dots.
using Opcode = std::vector<std::string>;
bool suffix(const Opcode& parts, const char* s);
// decode fills I.run and I.flow; it throws a Fault when it knows no such instruction. The others are its parts: each finds the
// functions of its kind and fills in what these need, or returns nullptr.
void decode(Instr& I, const Opcode& parts);
Run arithmeticOp(const Instr& I, const Opcode& parts);
Run comparison(Ty t, const std::string& name);
Run conversionOp(Instr& I, const Opcode& parts);
Run warpOp(Instr& I, const Opcode& parts);
Run memoryOp(Instr& I, const Opcode& parts);

// Trace is the last access of one kind to a 4-byte word. Epochs count barriers over all blocks and launches, so a trace
// says by itself whether it belongs to this launch, this block, and this side of the last barrier.
struct Trace {
  uint32_t epoch = 0;
  uint32_t sync = 0;     // how many warp-wide synchronisations its warp had passed
  uint16_t thread = 0;   // in its block
  uint8_t bytes = 0;     // which of the four
  uint8_t flags = 0;
};
enum : uint8_t { kManyWarps = 1, kManyThreads = 2, kOtherBlock = 4, kAtomic = 8 };
struct Cell { Trace write, read; };

// Shadow says for every 4-byte word which bytes were ever written and who touched it last.
struct Shadow {
  static constexpr size_t kPage = 1024;
  std::vector<uint8_t> written;
  std::vector<std::unique_ptr<Cell[]>> pages;
  void resize(size_t bytes);
  void mark(size_t from, size_t bytes);
  bool isWritten(size_t from, size_t bytes) const;
  Cell& cell(size_t word);
};

struct Allocation {
  uint64_t base = 0;
  size_t bytes = 0;
  int device = 0;
  const void* owner = nullptr;  // the context, whose end is the memory's
  bool constant = false;
  mutable Shadow shadow;
};

// Memory is every live device allocation, over all devices.
struct Memory {
  std::map<uint64_t, std::unique_ptr<Allocation>> live;
  std::map<int, size_t> used;
  Allocation* add(size_t bytes, int device);
  bool remove(uint64_t base);
  void removeAll(const void* owner);
  Allocation* find(uint64_t address, size_t bytes);
};
Memory& memory();

struct Fragment {        // lanes of a warp at one program counter
  Mask lanes;
  int pc;
  enum { ready, atBarrier, atSync } state;
};

struct Block;
struct Warp {
  uint8_t* file = nullptr;
  std::vector<Fragment> fragments;
  std::vector<uint8_t> local;      // kLanes x localBytes
  std::vector<uint8_t> localWritten;  // a flag a byte
  int index = 0;
  Mask exited = 0, present = 0;
  uint32_t sync = 0;
  Block* block = nullptr;
  template <class T> T* at(uint32_t offset) { return reinterpret_cast<T*>(file + offset); }
};

struct Dim3 { uint32_t x, y, z; uint64_t count() const { return uint64_t(x) * y * z; } };

struct Block {
  const Function* fn = nullptr;
  Dim3 grid{}, dim{};
  const uint8_t* params = nullptr;
  int device = 0;
  std::vector<uint8_t> shared;
  Shadow sharedShadow;
  uint32_t launchEpoch = 0, firstEpoch = 0, epoch = 0;
  uint64_t budget = 0;             // thread instructions left before the launch counts as endless
};

// launch runs a whole grid; seed orders blocks and warps. It returns the number of thread instructions executed.
uint64_t launch(const Function& fn, Dim3 grid, Dim3 dim, uint32_t dynamicShared, const uint8_t* params, int device, uint64_t seed);

// each applies f to the lanes in m; a full warp is a plain loop that the compiler vectorises.
template <class F> [[gnu::always_inline]] inline void each(Mask m, F f) {
  if (m == kAll) {
#pragma GCC ivdep
    for (int l = 0; l < kLanes; l++) f(l);
  } else {
    for (; m; m &= m - 1) f(__builtin_ctz(m));
  }
}

}  // namespace sim
