#include "kernels/cupti.hpp"

#include <dlfcn.h>

#include <map>
#include <memory>
#include <mutex>
#include <utility>

namespace trtcore::cupti {
namespace {

constexpr char const* kNames[] = {"libcupti.so.13", "libcupti.so.12"};

// Values of CUptiResult (cupti_result.h) that a user can do something about.
constexpr struct {
  Result result;
  char const* advice;
} kAdvice[] = {
    {8, "there is not enough memory for its buffers"},
    {15,
     "there is no GPU driver, or it is older than this CUPTI: take a CUPTI of the driver's CUDA"},
    {23, "another profiler is in use: run without it"},
    {33, "it does not support virtual GPUs"},
    {35, "the driver allows profiling to administrators only"},
    {39,
     "another profiler (Nsight, cuda-gdb, torch.profiler) has CUPTI in this process: run without "
     "it"},
    {40, "the hypervisor does not allow profiling"},
    {41, "it does not support confidential computing"},
    {43, "it does not support this MIG instance"},
    {45, "it does not support this WSL"},
    {999,
     "there may be no GPU driver, or one older than this CUPTI: take a CUPTI of the driver's "
     "CUDA"},
};

char const* advice_for(Result result) noexcept {
  for (auto const& known : kAdvice) {
    if (known.result == result) return known.advice;
  }
  return "kernel times are unavailable";
}

template <class Function>
Function entry(void* handle, char const* name, std::string const& path) {
  auto const function = reinterpret_cast<Function>(dlsym(handle, name));
  if (function == nullptr) throw Error(path + " is no CUPTI: it has no " + name);
  return function;
}

struct Opened {
  void* handle;
  std::string path;
};

Opened open_first(std::vector<std::string> const& candidates) {
  // RTLD_NOLOAD finds the copy that another tool, such as PyTorch, has loaded already.
  for (char const* name : kNames) {
    if (void* handle = dlopen(name, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD)) return {handle, name};
  }
  std::string problem = "there is no library to try";
  for (auto const& candidate : candidates) {
    if (void* handle = dlopen(candidate.c_str(), RTLD_NOW | RTLD_LOCAL)) return {handle, candidate};
    problem = dlerror();
  }
  throw Error("CUPTI cannot be opened (" + problem +
              "): pip install 'trtcore[cupti]', for CUDA 12 'trtcore[cupti-cu12]'");
}

}  // namespace

std::string find(std::vector<std::string> const& candidates) { return open_first(candidates).path; }

Calls::Calls(void* handle, std::string const& path)
    : get_version(entry<GetVersion>(handle, "cuptiGetVersion", path)),
      result_string(entry<GetResultString>(handle, "cuptiGetResultString", path)),
      timestamp(entry<GetTimestamp>(handle, "cuptiGetTimestamp", path)),
      subscribe(entry<Subscribe>(handle, "cuptiSubscribe", path)),
      unsubscribe(entry<Unsubscribe>(handle, "cuptiUnsubscribe", path)),
      register_callbacks(entry<RegisterCallbacks>(handle, "cuptiActivityRegisterCallbacks", path)),
      enable(entry<EnableActivity>(handle, "cuptiActivityEnable", path)),
      disable(entry<DisableActivity>(handle, "cuptiActivityDisable", path)),
      flush_all(entry<FlushAll>(handle, "cuptiActivityFlushAll", path)),
      next_record(entry<NextRecord>(handle, "cuptiActivityGetNextRecord", path)),
      count_dropped(entry<CountDropped>(handle, "cuptiActivityGetNumDroppedRecords", path)) {}

Library::Library(void* handle, std::string path) : path_(std::move(path)), calls_(handle, path_) {
  check(calls_.get_version(&version_), "cuptiGetVersion");
  if (is_known_version(version_)) return;
  throw Error(path_ + " is CUPTI version " + std::to_string(version_) +
              ", whose records this trtcore does not know: it takes those of CUDA 12.0 to 13.5, "
              "such as pip install 'nvidia-cuda-cupti<13.6'");
}

Library const& Library::open(std::vector<std::string> const& candidates) {
  static std::mutex mutex;
  static auto* const libraries = new std::map<void*, std::unique_ptr<Library const>>();
  std::lock_guard<std::mutex> const lock(mutex);
  Opened opened = open_first(candidates);
  auto& library = (*libraries)[opened.handle];
  if (!library) library.reset(new Library(opened.handle, std::move(opened.path)));
  return *library;
}

void Library::check(Result result, char const* call) const {
  if (result == kSuccess) return;
  char const* text = nullptr;
  if (calls_.result_string(result, &text) != kSuccess || text == nullptr) text = "CUPTI error";
  throw Error(std::string(call) + " failed with " + text + " (" + std::to_string(result) +
              "): " + advice_for(result));
}

}  // namespace trtcore::cupti
