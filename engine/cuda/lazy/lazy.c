// Links in place of -lcuda: every driver function is a stub that finds the real one at its first call. A program linked with
// it has no dependency on libcuda.so.1 and starts on machines that have none; there lazy_problem says why.
//
// gorgonia.org/cu calls cuInit while the program starts, and ends the process when it fails. Here cuInit always succeeds and
// does nothing; the driver is loaded and initialised by the first call that needs it.
//
// CAVITY_LIBCUDA names another library, such as the PTX emulator.
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#if !defined(__x86_64__)
#error "the stubs are written for amd64"
#endif

struct entry {
  void *fn;
  const char *name;
};

// A stub keeps all argument registers and jumps; r11 is free for it in the calling convention.
#define LAZY(f)                                                                        \
  __attribute__((visibility("hidden"), used)) struct entry lazy_##f = {0, #f};         \
  __asm__(".text\n.globl " #f "\n.type " #f ", @function\n" #f ":\n\tendbr64\n"        \
          "\tleaq lazy_" #f "(%rip), %r11\n\tjmp lazy_enter\n");
#include "names.h"

__asm__(".text\n.type lazy_enter, @function\nlazy_enter:\n"
        "\tmovq (%r11), %rax\n\ttestq %rax, %rax\n\tje 1f\n\tjmp *%rax\n"
        "1:\tpushq %rbp\n\tmovq %rsp, %rbp\n"
        "\tpushq %rdi\n\tpushq %rsi\n\tpushq %rdx\n\tpushq %rcx\n\tpushq %r8\n\tpushq %r9\n"
        "\tsubq $32, %rsp\n\tmovsd %xmm0, (%rsp)\n\tmovsd %xmm1, 8(%rsp)\n"
        "\tmovq %r11, %rdi\n\tcall lazy_resolve\n\tmovq %rax, %r11\n"
        "\tmovsd (%rsp), %xmm0\n\tmovsd 8(%rsp), %xmm1\n\taddq $32, %rsp\n"
        "\tpopq %r9\n\tpopq %r8\n\tpopq %rcx\n\tpopq %rdx\n\tpopq %rsi\n\tpopq %rdi\n\tpopq %rbp\n"
        "\tjmp *%r11\n");

enum { NO_DEVICE = 100, NOT_FOUND = 500 };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static void *library;
static int initialised = NO_DEVICE;  // what the driver's cuInit returned
static char problem[512];

static void load(void) {
  const char *name = getenv("CAVITY_LIBCUDA");
  if (!name || !*name) name = "libcuda.so.1";
  library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    snprintf(problem, sizeof problem, "%s", dlerror());
    return;
  }
  int (*init)(unsigned) = (int (*)(unsigned))dlsym(library, "cuInit");
  if (init) initialised = init(0);
  else snprintf(problem, sizeof problem, "%s has no cuInit", name);
}

static long failedToStart(void) { return initialised ? initialised : NO_DEVICE; }
static long unknown(void) { return NOT_FOUND; }

__attribute__((visibility("hidden"), used)) void *lazy_resolve(struct entry *e) {
  pthread_once(&once, load);
  if (!library || initialised) return (void *)failedToStart;
  void *fn = dlsym(library, e->name);
  if (!fn) return (void *)unknown;
  __atomic_store_n(&e->fn, fn, __ATOMIC_RELEASE);
  return fn;
}

int cuInit(unsigned flags) {
  (void)flags;
  return 0;
}

// lazy_problem says why no driver could be loaded; it is empty when one was.
const char *lazy_problem(void) {
  pthread_once(&once, load);
  return problem;
}

// lazy_initialised is what the driver's own cuInit returned; 0 is success.
int lazy_initialised(void) {
  pthread_once(&once, load);
  return initialised;
}

// lazy_version is the version that the driver reports even when it does not initialise, 13000 for 13.0; 0 if it has none.
int lazy_version(void) {
  pthread_once(&once, load);
  int v = 0;
  int (*version)(int *) = library ? (int (*)(int *))dlsym(library, "cuDriverGetVersion") : 0;
  return version && version(&v) == 0 ? v : 0;
}
