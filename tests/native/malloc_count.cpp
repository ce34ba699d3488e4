// Preloaded into a process, counts its allocations: how the tests see that a loop makes none.
#include <dlfcn.h>

#include <atomic>
#include <cstddef>

namespace {

std::atomic<long> count{0};

template <class Function>
Function* next(char const* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

__attribute__((visibility("default"))) long trtcore_malloc_count() { return count; }

__attribute__((visibility("default"))) void* malloc(std::size_t size) {
  static auto* const real = next<void*(std::size_t)>("malloc");
  ++count;
  return real(size);
}

__attribute__((visibility("default"))) void* realloc(void* pointer, std::size_t size) {
  static auto* const real = next<void*(void*, std::size_t)>("realloc");
  ++count;
  return real(pointer, size);
}
}
