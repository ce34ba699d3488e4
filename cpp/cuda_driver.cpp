#include "cuda_driver.hpp"

#include <dlfcn.h>

#include <type_traits>

namespace trtcore::cuda {
namespace {

static_assert(std::is_nothrow_move_constructible_v<Event>);
static_assert(!std::is_copy_constructible_v<Event>);

void* open_driver() {
  void* library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr)
    throw Error(std::string("the CUDA driver cannot be opened: ") + dlerror());
  return library;
}

template <class Function>
Function* entry(void* library, char const* name) {
  auto* function = reinterpret_cast<Function*>(dlsym(library, name));
  if (function == nullptr) throw Error(std::string("the CUDA driver has no ") + name);
  return function;
}

// Opened once and never closed: TensorRT uses the same driver until the process ends.
struct Driver {
  void* library = open_driver();
  int (*event_create)(EventHandle*, unsigned) = entry<int(EventHandle*, unsigned)>(library,
                                                                                   "cuEventCreate");
  int (*event_destroy)(EventHandle) = entry<int(EventHandle)>(library, "cuEventDestroy_v2");
  int (*event_record)(EventHandle, Stream) = entry<int(EventHandle, Stream)>(library,
                                                                             "cuEventRecord");
  int (*event_elapsed)(float*, EventHandle, EventHandle) =
      entry<int(float*, EventHandle, EventHandle)>(library, "cuEventElapsedTime");
  int (*stream_synchronize)(Stream) = entry<int(Stream)>(library, "cuStreamSynchronize");
  int (*error_string)(int, char const**) = entry<int(int, char const**)>(library,
                                                                         "cuGetErrorString");
};

Driver& driver() {
  static Driver* const instance = new Driver();
  return *instance;
}

void check(int status, char const* what) {
  if (status == 0) return;
  char const* text = nullptr;
  driver().error_string(status, &text);
  throw Error(std::string(what) + " failed: " + (text == nullptr ? "unknown error" : text) +
              " (CUDA error " + std::to_string(status) + ")");
}

}  // namespace

Event::Event() {
  EventHandle handle = nullptr;
  check(driver().event_create(&handle, 0), "cuEventCreate");
  handle_.reset(handle);
}

void Event::record(Stream stream) {
  check(driver().event_record(handle_.get(), stream), "cuEventRecord");
}

float Event::since(Event const& start) const {
  float ms = 0;
  check(driver().event_elapsed(&ms, start.handle_.get(), handle_.get()), "cuEventElapsedTime");
  return ms;
}

void Event::Destroy::operator()(EventHandle event) const noexcept { driver().event_destroy(event); }

void synchronize(Stream stream) {
  check(driver().stream_synchronize(stream), "cuStreamSynchronize");
}

}  // namespace trtcore::cuda
