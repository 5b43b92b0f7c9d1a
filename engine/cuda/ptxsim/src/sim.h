// ptxsim is a stand-in for libcuda.so.1 that interprets PTX on the host, for tests on machines without a GPU.
//
// It executes warps of 32 lanes with divergence and reconvergence, several warps interleaved in a seeded random order, and
// it stops at what a real device may let pass: accesses out of bounds or misaligned, reads of bytes nobody wrote, registers
// read before they are written, two threads that touch one word without a barrier between them, barriers that not every thread
// reaches, warp operations that name absent lanes.
//
// Streams are queues that run as late as they can, in an order between streams that the seed decides. It stops at two operations
// that touch the same bytes, one of them writing, when no event, wait or rule of the null stream orders them, whichever ran
// first; at pinned memory that the host changes before it has waited for the copy from there. It hides what a copy brings to
// pinned memory until the host has waited.
//
// It does not see: host threads that are not ordered among themselves (what one waited for counts for all), a race of three
// streams with an older reader than the last two, two streams that write the same value, races in memory of which one side is
// 65,536 copies ago. It says nothing about speed.
//
// ptx.cc reads text into Functions with operand.cc for what an instruction names, define.cc finds the registers to watch, and
// decode.cc the code of each instruction: alu.cc holds the arithmetic, convert.cc moves and conversions, warp.cc shuffles and votes,
// memory.cc loads, stores, atomics and their checks. block.cc runs thread blocks. driver.cc is the CUDA driver interface, with
// copy.cc for what moves bytes and stream.cc for queues and events; order.cc knows which operations of streams come before which.
#pragma once
#include <algorithm>
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
// size is the bytes of a register; a predicate is one word for all lanes.
constexpr int size(Ty t) {
  constexpr int bytes[] = {0, 4, 1, 1, 1, 2, 2, 2, 4, 4, 4, 4, 8, 8, 8, 8};
  return bytes[int(t)];
}
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
  bool copies = false;          // the result is one of the sources, which may be a register that was never written
  bool vecWritten = false;      // vec is written, not read
  int watch = 0;                // if not 0, watches[watch-1] says which registers to look at
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

// Watch is what to check of an instruction that may read registers before they are written; see define.cc.
struct Watch {
  struct Register { uint32_t word = kNone; std::string name; };  // word: where the lanes are in which it was written
  struct Source { uint32_t word; bool ifTrue, ifFalse; };        // of a copy, under the predicate of a selection
  Register guard;
  std::vector<Register> uses;
  std::vector<Source> sources;
  std::vector<uint32_t> results;
};

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
  std::vector<Watch> watches;
  std::vector<uint32_t> definedWords;                      // 0 when a block begins
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
// findUndefined sets up the watches of a function; registers are the names of what lies at which offset.
void findUndefined(Function& f, const std::map<uint32_t, std::string>& registers);
// decode fills I.run and I.flow; it throws a Fault when it knows no such instruction. The others are its parts: each finds the
// functions of its kind and fills in what these need, or returns nullptr.
void decode(Instr& I, const Opcode& parts);
Run arithmeticOp(const Instr& I, const Opcode& parts);
Run comparison(Ty t, const std::string& name);
Run conversionOp(Instr& I, const Opcode& parts);
Run warpOp(Instr& I, const Opcode& parts);
Run memoryOp(Instr& I, const Opcode& parts);

// Trace is the last access of one kind to a 4-byte word. Epochs count barriers over all blocks and operations, so a trace
// says by itself whether it belongs to this launch, this block, and this side of the last barrier; order.h knows of which
// operation an earlier one is.
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
  std::vector<std::unique_ptr<Trace[]>> otherReads;  // one more reader of a word, of a stream not ordered with the last
  void resize(size_t bytes);
  void mark(size_t from, size_t bytes);
  bool isWritten(size_t from, size_t bytes) const;
  size_t firstUnwritten(size_t from, size_t bytes) const;  // from + bytes if there is none
  Cell& cell(size_t word);
  void keepRead(size_t word, const Trace& t);
  const Trace* otherRead(size_t word) const;
  // visit calls f(trace, whether it wrote) for what touched bytes of a range.
  template <class F> void visit(size_t from, size_t bytes, F f) const;
};
// bytesMask has the bits of n bytes in their word.
inline uint8_t bytesMask(size_t at, size_t n) { return uint8_t(((1u << n) - 1) << (at & 3)); }
template <class F> void Shadow::visit(size_t from, size_t bytes, F f) const {
  for (size_t end = from + bytes; from < end;) {
    const size_t word = from / 4, n = std::min(end, (word + 1) * 4) - from;
    if (const auto& page = pages[word / kPage]; page) {
      const Cell& c = page[word % kPage];
      const uint8_t mask = bytesMask(from, n);
      if (c.write.bytes & mask) f(c.write, true);
      if (c.read.bytes & mask) f(c.read, false);
      if (const Trace* t = otherRead(word); t && t->bytes & mask) f(*t, false);
      from += n;
    } else {
      from = (word / kPage + 1) * kPage * 4;
    }
  }
}

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
  struct Turn* turn = nullptr;     // the launch among the operations of streams
  uint32_t since = 0;              // its first epoch that may be of an operation in a race with this one
  bool copies = false;             // there are copies that may be in a race with this one
  uint64_t budget = 0;             // thread instructions left before the launch counts as endless
};

// Dice are splitmix64 and xorshift: what runs next, and for how long.
struct Dice {
  uint64_t s;
  explicit Dice(uint64_t seed) {
    s = seed + 0x9e3779b97f4a7c15;
    s = (s ^ (s >> 30)) * 0xbf58476d1ce4e5b9;
    s = (s ^ (s >> 27)) * 0x94d049bb133111eb;
    s = (s ^ (s >> 31)) | 1;
  }
  uint32_t below(uint32_t n) { s ^= s << 13; s ^= s >> 7; s ^= s << 17; return uint32_t((s >> 32) * n >> 32); }
};

// launch runs a whole grid; seed orders blocks and warps. It returns the number of thread instructions executed.
uint64_t launch(const Function& fn, Dim3 grid, Dim3 dim, uint32_t dynamicShared, const uint8_t* params, int device, uint64_t seed, struct Turn& turn);

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
