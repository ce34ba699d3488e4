// Preloaded into a process, counts its allocations and lets one of them fail: how the tests see
// that a loop makes none, and what becomes of a call that runs out of memory.
#include <dlfcn.h>

#include <atomic>
#include <cstddef>

namespace {

std::atomic<long> count{0};
thread_local long until_failure = 0;

template <class Function>
Function* next(char const* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

bool fails() { return until_failure > 0 && --until_failure == 0; }

}  // namespace

extern "C" {

__attribute__((visibility("default"))) long trtcore_malloc_count() { return count; }

// The n-th malloc of this thread from now on fails, and no other; 0 lets all succeed.
__attribute__((visibility("default"))) void trtcore_malloc_fail(long n) { until_failure = n; }

__attribute__((visibility("default"))) void* malloc(std::size_t size) {
  static auto* const real = next<void*(std::size_t)>("malloc");
  ++count;
  return fails() ? nullptr : real(size);
}

__attribute__((visibility("default"))) void* realloc(void* pointer, std::size_t size) {
  static auto* const real = next<void*(void*, std::size_t)>("realloc");
  ++count;
  return real(pointer, size);
}
}
