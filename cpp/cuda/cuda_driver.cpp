#include "cuda/cuda_driver.hpp"

#include <dlfcn.h>

#include <new>
#include <type_traits>

namespace trtcore::cuda {
namespace {

constexpr unsigned kMappedForAllContexts = 0x1 | 0x2;  // CU_MEMHOSTALLOC_PORTABLE | _DEVICEMAP
constexpr unsigned kWaitUntilReached = 0x0;            // CU_STREAM_WAIT_VALUE_GEQ
constexpr int kCaptureThisThread = 1;                  // CU_STREAM_CAPTURE_MODE_THREAD_LOCAL

// A moved-from handle would be null, and the driver crashes on a null handle.
template <class Handle>
constexpr bool is_pinned =
    !std::is_move_constructible_v<Handle> && !std::is_move_assignable_v<Handle> &&
    !std::is_copy_constructible_v<Handle>;
static_assert(is_pinned<Event> && is_pinned<HostFlag> && is_pinned<Graph>);

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
  int (*event_synchronize)(EventHandle) = entry<int(EventHandle)>(library, "cuEventSynchronize");
  int (*event_elapsed)(float*, EventHandle, EventHandle) =
      entry<int(float*, EventHandle, EventHandle)>(library, "cuEventElapsedTime");
  int (*stream_synchronize)(Stream) = entry<int(Stream)>(library, "cuStreamSynchronize");
  int (*host_alloc)(void**, std::size_t,
                    unsigned) = entry<int(void**, std::size_t, unsigned)>(library,
                                                                          "cuMemHostAlloc");
  int (*host_free)(void*) = entry<int(void*)>(library, "cuMemFreeHost");
  int (*device_pointer)(unsigned long long*, void*, unsigned) =
      entry<int(unsigned long long*, void*, unsigned)>(library, "cuMemHostGetDevicePointer_v2");
  int (*wait_value)(Stream, unsigned long long, std::uint32_t, unsigned) =
      entry<int(Stream, unsigned long long, std::uint32_t, unsigned)>(library,
                                                                      "cuStreamWaitValue32_v2");
  int (*begin_capture)(Stream, int) = entry<int(Stream, int)>(library, "cuStreamBeginCapture_v2");
  int (*end_capture)(Stream, void**) = entry<int(Stream, void**)>(library, "cuStreamEndCapture");
  int (*instantiate)(void**, void*, unsigned long long) =
      entry<int(void**, void*, unsigned long long)>(library, "cuGraphInstantiateWithFlags");
  int (*graph_launch)(void*, Stream) = entry<int(void*, Stream)>(library, "cuGraphLaunch");
  int (*graph_destroy)(void*) = entry<int(void*)>(library, "cuGraphDestroy");
  int (*executable_destroy)(void*) = entry<int(void*)>(library, "cuGraphExecDestroy");
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
  throw Error(std::string(what) + " failed: " + (text == nullptr ? "unknown error" : text), status);
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

void Event::synchronize() const {
  check(driver().event_synchronize(handle_.get()), "cuEventSynchronize");
}

float Event::since(Event const& start) const {
  float ms = 0;
  check(driver().event_elapsed(&ms, start.handle_.get(), handle_.get()), "cuEventElapsedTime");
  return ms;
}

void Event::Destroy::operator()(EventHandle event) const noexcept { driver().event_destroy(event); }

HostFlag::HostFlag() {
  void* memory = nullptr;
  check(driver().host_alloc(&memory, sizeof(std::uint32_t), kMappedForAllContexts),
        "cuMemHostAlloc");
  memory_.reset(memory);
  new (memory) std::atomic<std::uint32_t>(0);
  check(driver().device_pointer(&device_address_, memory, 0), "cuMemHostGetDevicePointer");
}

void HostFlag::hold(Stream stream, std::uint32_t value) {
  check(driver().wait_value(stream, device_address_, value, kWaitUntilReached),
        "cuStreamWaitValue32");
}

void HostFlag::Free::operator()(void* memory) const noexcept { driver().host_free(memory); }

Graph::Graph(Stream stream, std::function<bool()> const& enqueue) {
  check(driver().begin_capture(stream, kCaptureThisThread), "cuStreamBeginCapture");
  // The capture is ended even where the enqueue failed: the stream would stay in capture otherwise.
  bool const enqueued = enqueue();
  void* graph = nullptr;
  int const captured = driver().end_capture(stream, &graph);
  struct Destroyer {
    void* graph;
    ~Destroyer() {
      if (graph != nullptr) driver().graph_destroy(graph);
    }
  } const destroyer{graph};
  if (!enqueued) throw Error("TensorRT refused to enqueue while the stream was captured");
  check(captured, "cuStreamEndCapture");
  void* executable = nullptr;
  check(driver().instantiate(&executable, graph, 0), "cuGraphInstantiate");
  executable_.reset(executable);
}

void Graph::launch(Stream stream) const {
  check(driver().graph_launch(executable_.get(), stream), "cuGraphLaunch");
}

void Graph::Destroy::operator()(void* graph) const noexcept { driver().executable_destroy(graph); }

void synchronize(Stream stream) {
  check(driver().stream_synchronize(stream), "cuStreamSynchronize");
}

}  // namespace trtcore::cuda
