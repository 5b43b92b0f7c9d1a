// The CUDA driver interface over the interpreter: one context a device, asynchronous launches whose faults surface at the
// next synchronisation as on a real device, and settings from the environment:
//   PTXSIM_SEED     order of warps and blocks          PTXSIM_DEVICES  number of devices (default 1, 0 for none)
//   PTXSIM_MEMORY   bytes of memory of each device     PTXSIM_DRIVER   driver version, 13000 for 13.0
//   PTXSIM_LIMIT    thread instructions of a launch before it counts as endless
//   PTXSIM_CAPABILITY  compute capability, 90 for 9.0
//   PTXSIM_REPLACE  load another module in place of one, original.ptx:other.ptx
//   PTXSIM_DUMP    a folder that gets the text of every module that is loaded, under the name of its hash
//   PTXSIM_FAIL_AFTER  the launch of that number on device PTXSIM_FAIL_DEVICE (0) fails, as a device may at any time
//   PTXSIM_QUIET    1: do not print faults on stderr   PTXSIM_TRACE    1: print every launch
//   CUDA_LAUNCH_BLOCKING=1  faults come back from the launch itself
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <set>
#include <unistd.h>

#include "sim.h"

using namespace sim;

namespace {

uint64_t setting(const char* name, uint64_t otherwise) { const char* s = getenv(name); return s && *s ? strtoull(s, nullptr, 0) : otherwise; }
bool on(const char* name) { return setting(name, 0) != 0; }

struct Context { int device; int fault = 0; };
struct State {
  std::recursive_mutex lock;
  std::set<std::pair<Context*, Module*>> modules;
  std::map<const Function*, Context*> owner;
  std::set<Context*> contexts;
  std::map<uint64_t, size_t> pinned;  // the host memory that the driver gave: address and bytes
  std::string fault, log;
  uint64_t instructions = 0;
  std::map<int, uint64_t> launches;  // by device: what one device does depends on no other's pace
  std::map<int, uint64_t> waits;     // calls at which the host waits for the device or may have to
};
State& state() { static State s; return s; }
thread_local std::vector<Context*> current;

int report(int code, const std::string& what) {
  state().fault = what;
  if (!on("PTXSIM_QUIET")) fprintf(stderr, "ptxsim: %s\n", what.c_str());
  return code;
}
Context* context() { return current.empty() ? nullptr : current.back(); }

// call runs f with the current context, which must be alive and free of faults.
template <class F> int call(F f) {
  std::lock_guard<std::recursive_mutex> g(state().lock);
  Context* c = context();
  if (!c || !state().contexts.count(c)) return 201;
  if (c->fault) return c->fault;
  try { return f(c); } catch (Fault& e) { return report(e.code, e.what); }
}
// wait is call for what makes the host wait for the device, or may.
template <class F> int wait(F f, bool counts = true) {
  return call([&](Context* c) { if (counts) state().waits[c->device]++; return f(c); });
}
// isPinned says whether these host bytes are the driver's own. Copies of others go through a buffer of the driver's: the host
// waits until it is free, or until the bytes have come.
bool isPinned(const void* p, size_t n) {
  std::lock_guard<std::recursive_mutex> g(state().lock);
  auto it = state().pinned.upper_bound(uint64_t(p));
  if (it == state().pinned.begin()) return false;
  --it;
  return uint64_t(p) + n <= it->first + it->second;
}
Allocation* range(Context* c, uint64_t p, size_t n, const char* what) {
  Allocation* a = memory().find(p, n);
  if (!a) throw Fault{kInvalidValue, std::string(what) + " outside of every allocation"};
  if (a->device != c->device) throw Fault{kInvalidValue, std::string(what) + " on another device"};
  return a;
}
size_t capacity() { return setting("PTXSIM_MEMORY", size_t(4) << 30); }

int copyIn(uint64_t d, const void* s, size_t n, bool waits) {
  return wait([&](Context* c) { if (!n) return 0; Allocation* a = range(c, d, n, "copy to the device"); memcpy((void*)d, s, n); a->shadow.mark(d - a->base, n); return 0; }, waits);
}
int copyOut(void* d, uint64_t s, size_t n, bool waits) {
  return wait([&](Context* c) {
    if (!n) return 0;
    Allocation* a = range(c, s, n, "copy from the device");
    size_t from = s - a->base;
    for (size_t k = from; k < from + n; k++) if (!a->shadow.isWritten(k, 1)) throw Fault{kInvalidValue, "copy from the device of byte " + std::to_string(k) + " of an allocation of " + std::to_string(a->bytes) + ", which was never written"};
    memcpy(d, (void*)s, n);
    return 0;
  }, waits);
}
int copyWithin(uint64_t d, uint64_t s, size_t n, bool waits) {
  return wait([&](Context* c) {
    if (!n) return 0;
    Allocation *to = range(c, d, n, "copy on the device"), *from = range(c, s, n, "copy on the device");
    if (d < s + n && s < d + n && d != s) throw Fault{kInvalidValue, "copy on the device between ranges that overlap"};
    memmove((void*)d, (void*)s, n);
    for (size_t k = 0; k < n; k++) if (from->shadow.isWritten(s - from->base + k, 1)) to->shadow.mark(d - to->base + k, 1);
    return 0;
  }, waits);
}
template <class T> int fill(uint64_t d, T v, size_t n, bool waits) {
  return wait([&](Context* c) {
    if (!n) return 0;
    Allocation* a = range(c, d, n * sizeof(T), "fill");
    for (size_t k = 0; k < n; k++) ((T*)d)[k] = v;
    a->shadow.mark(d - a->base, n * sizeof(T));
    return 0;
  }, waits);
}
// replaced lets a test load another module in place of one: PTXSIM_REPLACE=original.ptx:other.ptx.
std::string replaced(const char* text) {
  const char* setting = getenv("PTXSIM_REPLACE");
  if (!setting) return text;
  auto read = [](const std::string& path) { std::ifstream f(path); return std::string(std::istreambuf_iterator<char>(f), {}); };
  const std::string s = setting;
  const size_t colon = s.find(':');
  return read(s.substr(0, colon)) == text ? read(s.substr(colon + 1)) : text;
}
// dump writes a module's text to the folder PTXSIM_DUMP, whole or not at all: several processes may write the same one.
void dump(const char* text) {
  const char* folder = getenv("PTXSIM_DUMP");
  if (!folder || !*folder) return;
  uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (const char* p = text; *p; p++) hash = (hash ^ uint8_t(*p)) * 0x100000001b3;
  char name[32];
  snprintf(name, sizeof name, "/%016llx.ptx", (unsigned long long)hash);
  const std::string path = std::string(folder) + name, part = path + "." + std::to_string(getpid());
  std::error_code failed;
  if (std::filesystem::exists(path, failed)) return;
  std::filesystem::create_directories(folder, failed);
  std::ofstream f(part);
  f << text << std::flush;
  if (f) std::filesystem::rename(part, path, failed);
  if (!f || failed) throw Fault{kInvalidValue, "cannot write " + path + ", which PTXSIM_DUMP asks for"};
}
int loadModule(void** out, const char* text) {
  return call([&](Context* c) {
    dump(text);
    auto m = parse(replaced(text).c_str(), c->device);
    int driver = int(setting("PTXSIM_DRIVER", 13000)), newest = driver / 1000 == 11 ? 70 + driver % 1000 / 10 : driver / 1000 >= 12 ? 99 : 65;
    if (m->version > newest) return report(222, "PTX version " + std::to_string(m->version) + " is newer than the driver");
    if (m->target > 90) return report(209, "PTX target is newer than the device");
    for (auto& f : m->functions) state().owner[f.second.get()] = c;
    for (auto& g : m->globals) g.second->owner = c;
    *out = m.release();
    return 0;
  });
}
int launchKernel(Function* f, Dim3 grid, Dim3 dim, uint32_t shared, void** args) {
  return call([&](Context* c) {
    if (state().owner[f] != c) throw Fault{400, "function of another context"};
    if (!grid.count() || !dim.count() || dim.count() > 1024 || dim.z > 64 || grid.y > 65535 || grid.z > 65535 || grid.x > 2147483647u)
      throw Fault{kInvalidValue, f->name + ": invalid launch shape " + std::to_string(grid.count()) + " blocks of " + std::to_string(dim.count())};
    if (int(dim.count()) > f->maxThreads) throw Fault{kInvalidValue, f->name + ": block larger than .maxntid"};
    if (shared > f->maxDynamicShared || f->staticShared + shared > 232448) throw Fault{kInvalidValue, f->name + ": too much shared memory"};
    std::vector<uint8_t> params(size_t(f->paramBytes) + 16);
    for (size_t k = 0; k < f->params.size(); k++) memcpy(params.data() + f->params[k].offset, args[k], size_t(f->params[k].size));
    const uint64_t nth = ++state().launches[c->device];
    if (nth == setting("PTXSIM_FAIL_AFTER", 0) && uint64_t(c->device) == setting("PTXSIM_FAIL_DEVICE", 0)) {
      c->fault = report(kLaunchFailed, f->name + ": the fault that PTXSIM_FAIL_AFTER asked for");
      return 0;
    }
    uint64_t n = 0;  // stays 0 when it faults
    try {
      n = launch(*f, grid, dim, shared, params.data(), c->device, setting("PTXSIM_SEED", 1) * 1000003 + nth);
    } catch (Fault& e) {
      c->fault = report(e.code, e.what);
    }
    state().instructions += n;
    if (on("PTXSIM_TRACE"))
      fprintf(stderr, "ptxsim: %s <<<%u,%u,%u; %u,%u,%u; %u>>> %llu instructions\n", f->name.c_str(), grid.x, grid.y, grid.z, dim.x, dim.y, dim.z, shared, (unsigned long long)n);
    return on("CUDA_LAUNCH_BLOCKING") ? c->fault : 0;
  });
}

}  // namespace

#define API extern "C" __attribute__((visibility("default")))
using Ptr = unsigned long long;

API int cuInit(unsigned) { return setting("PTXSIM_DEVICES", 1) ? 0 : 100; }
API int cuDriverGetVersion(int* v) { *v = int(setting("PTXSIM_DRIVER", 13000)); return 0; }
API int cuDeviceGetCount(int* n) { *n = int(setting("PTXSIM_DEVICES", 1)); return *n ? 0 : 100; }
API int cuDeviceGet(int* d, int k) { if (k < 0 || uint64_t(k) >= setting("PTXSIM_DEVICES", 1)) return 101; *d = k; return 0; }
API int cuDeviceGetName(char* s, int n, int) { snprintf(s, size_t(n), "PTX emulator (not a GPU)"); return 0; }
API int cuDeviceTotalMem_v2(size_t* n, int) { *n = capacity(); return 0; }
API int cuDeviceGetAttribute(int* v, int a, int) {
  static const std::map<int, int> known = {{1, 1024}, {2, 1024}, {3, 1024}, {4, 64}, {5, 2147483647}, {6, 65535}, {7, 65535}, {8, 49152},
      {10, 32}, {12, 65536}, {16, 4}, {39, 2048}, {81, 233472}, {97, 232448}};
  const int capability = int(setting("PTXSIM_CAPABILITY", 90));
  if (a == 75 || a == 76) { *v = a == 75 ? capability / 10 : capability % 10; return 0; }
  auto it = known.find(a);
  *v = it == known.end() ? 0 : it->second;
  return 0;
}
API int cuDeviceComputeCapability(int* major, int* minor, int) { return cuDeviceGetAttribute(major, 75, 0) || cuDeviceGetAttribute(minor, 76, 0); }
API int cuMemGetInfo_v2(size_t* free, size_t* total) {
  return call([&](Context* c) { *total = capacity(); *free = *total - std::min(*total, memory().used[c->device]); return 0; });
}

API int cuCtxCreate_v2(void** out, unsigned, int device) {
  if (device < 0 || uint64_t(device) >= setting("PTXSIM_DEVICES", 1)) return 101;
  std::lock_guard<std::recursive_mutex> g(state().lock);
  auto* c = new Context{device};
  state().contexts.insert(c);
  current.push_back(c);
  *out = c;
  return 0;
}
API int cuCtxDestroy_v2(void* p) {
  std::lock_guard<std::recursive_mutex> g(state().lock);
  if (!state().contexts.erase((Context*)p)) return 201;
  memory().removeAll(p);
  current.erase(std::remove(current.begin(), current.end(), (Context*)p), current.end());
  return 0;
}
API int cuCtxSetCurrent(void* p) { current.clear(); if (p) current.push_back((Context*)p); return 0; }
API int cuCtxGetCurrent(void** p) { *p = context(); return 0; }
API int cuCtxPushCurrent_v2(void* p) { current.push_back((Context*)p); return 0; }
API int cuCtxPopCurrent_v2(void** p) { if (current.empty()) return 201; if (p) *p = current.back(); current.pop_back(); return 0; }
API int cuCtxGetDevice(int* d) { if (!context()) return 201; *d = context()->device; return 0; }
API int cuCtxSynchronize() { return wait([](Context*) { return 0; }); }

API int cuMemAlloc_v2(Ptr* p, size_t n) {
  return call([&](Context* c) {
    if (!n) throw Fault{kInvalidValue, "allocation of no bytes"};
    if (memory().used[c->device] + n > capacity()) return int(kOutOfMemory);
    Allocation* a = memory().add(n, c->device);
    a->owner = c;
    *p = a->base;
    return 0;
  });
}
API int cuMemFree_v2(Ptr p) { return wait([&](Context*) { return memory().remove(p) ? 0 : report(kInvalidValue, "free of what was never allocated"); }); }
API int cuMemAllocHost_v2(void** p, size_t n) {
  return call([&](Context*) {
    if (!n) throw Fault{kInvalidValue, "allocation of no bytes"};
    if (!(*p = malloc(n))) return int(kOutOfMemory);
    state().pinned[uint64_t(*p)] = n;
    return 0;
  });
}
API int cuMemHostAlloc(void** p, size_t n, unsigned) { return cuMemAllocHost_v2(p, n); }
API int cuMemFreeHost(void* p) {
  std::lock_guard<std::recursive_mutex> g(state().lock);
  if (!state().pinned.erase(uint64_t(p))) return kInvalidValue;
  free(p);
  return 0;
}
API int cuMemcpyHtoD_v2(Ptr d, const void* s, size_t n) { return copyIn(d, s, n, true); }
API int cuMemcpyDtoH_v2(void* d, Ptr s, size_t n) { return copyOut(d, s, n, true); }
API int cuMemcpyDtoD_v2(Ptr d, Ptr s, size_t n) { return copyWithin(d, s, n, true); }
API int cuMemcpyHtoDAsync_v2(Ptr d, const void* s, size_t n, void*) { return copyIn(d, s, n, !isPinned(s, n)); }
API int cuMemcpyDtoHAsync_v2(void* d, Ptr s, size_t n, void*) { return copyOut(d, s, n, !isPinned(d, n)); }
API int cuMemcpyDtoDAsync_v2(Ptr d, Ptr s, size_t n, void*) { return copyWithin(d, s, n, false); }
API int cuMemsetD8_v2(Ptr d, unsigned char v, size_t n) { return fill(d, v, n, true); }
API int cuMemsetD32_v2(Ptr d, unsigned v, size_t n) { return fill(d, v, n, true); }
API int cuMemsetD8Async(Ptr d, unsigned char v, size_t n, void*) { return fill(d, v, n, false); }
API int cuMemsetD32Async(Ptr d, unsigned v, size_t n, void*) { return fill(d, v, n, false); }

API int cuStreamCreate(void** s, unsigned) { *s = malloc(1); return 0; }
API int cuStreamDestroy_v2(void* s) { free(s); return 0; }
API int cuStreamSynchronize(void*) { return cuCtxSynchronize(); }
API int cuStreamQuery(void*) { return call([](Context*) { return 0; }); }
API int cuStreamWaitEvent(void*, void*, unsigned) { return 0; }
API int cuEventCreate(void** e, unsigned) { *e = malloc(1); return 0; }
API int cuEventDestroy_v2(void* e) { free(e); return 0; }
API int cuEventRecord(void*, void*) { return 0; }
API int cuEventSynchronize(void*) { return cuCtxSynchronize(); }
API int cuEventQuery(void*) { return call([](Context*) { return 0; }); }
// No time is ever taken from an emulation.
API int cuEventElapsedTime(float*, void*, void*) { return 801; }

API int cuModuleLoadData(void** m, const void* image) { return loadModule(m, (const char*)image); }
API int cuModuleLoadDataEx(void** m, const void* image, unsigned, int*, void**) { return loadModule(m, (const char*)image); }
API int cuModuleUnload(void* p) {
  return call([&](Context*) {
    auto* m = (Module*)p;
    for (auto& g : m->globals) memory().remove(g.second->base);
    for (auto& f : m->functions) state().owner.erase(f.second.get());
    delete m;
    return 0;
  });
}
API int cuModuleGetFunction(void** f, void* m, const char* name) {
  auto& all = ((Module*)m)->functions;
  auto it = all.find(name);
  if (it == all.end()) return 500;
  *f = it->second.get();
  return 0;
}
API int cuModuleGetGlobal_v2(Ptr* p, size_t* n, void* m, const char* name) {
  auto& all = ((Module*)m)->globals;
  auto it = all.find(name);
  if (it == all.end()) return 500;
  if (p) *p = it->second->base;
  if (n) *n = it->second->bytes;
  return 0;
}
API int cuFuncSetAttribute(void* f, int attribute, int value) {
  if (attribute != 8 || value < 0 || value > 232448) return kInvalidValue;
  ((Function*)f)->maxDynamicShared = uint32_t(value);
  return 0;
}
API int cuFuncGetAttribute(int* v, int attribute, void* f) {
  auto* fn = (Function*)f;
  *v = attribute == 0 ? fn->maxThreads : attribute == 1 ? int(fn->staticShared) : attribute == 8 ? int(fn->maxDynamicShared) : 0;
  return 0;
}
API int cuLaunchKernel(void* f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared, void*, void** args, void** extra) {
  if (extra) return kInvalidValue;
  return launchKernel((Function*)f, {gx, gy, gz}, {bx, by, bz}, shared, args);
}
API int cuGetErrorString(int, const char** s) { *s = "see ptxsimFault"; return 0; }
API int cuGetErrorName(int, const char** s) { *s = "CUDA_ERROR"; return 0; }

// Beyond the driver interface, for tests: why the last call failed, how much was executed, and how often the host waited.
API const char* ptxsimFault() { return state().fault.c_str(); }
API unsigned long long ptxsimInstructions() { return state().instructions; }
API unsigned long long ptxsimLaunches(int device) { return state().launches[device]; }
API unsigned long long ptxsimWaits(int device) { return state().waits[device]; }
