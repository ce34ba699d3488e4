#include "kernels/kernel_trace.hpp"

#include <cxxabi.h>

#include <cstdlib>
#include <memory>
#include <mutex>
#include <new>
#include <stdexcept>

#include "kernels/buffer_pool.hpp"

namespace trtcore {
namespace {

// Memsets too: some matrix products of TensorRT's fill a buffer before their kernel, in the time of
// the same layer.
constexpr int kKinds[] = {cupti::kConcurrentKernel, cupti::kMemset};

// Where CUPTI's callbacks, which carry no user data, find the buffers and the log to read them
// into. It lives as long as the process, as CUPTI may hand buffers back at its very end.
class Mailbox {
 public:
  BufferPool pool;

  // False while another trace is open.
  bool open(KernelLog& log, cupti::NextRecord next) {
    std::lock_guard<std::mutex> const lock(mutex_);
    if (log_ != nullptr) return false;
    pool.prepare();
    log_ = &log;
    next_ = next;
    is_out_of_memory_ = false;
    return true;
  }

  void close() noexcept {
    std::lock_guard<std::mutex> const lock(mutex_);
    log_ = nullptr;
  }

  bool is_out_of_memory() const noexcept { return is_out_of_memory_; }

  // Not under the pool's lock: reading calls CUPTI, and a kernel launch may be waiting for a
  // buffer.
  void read(std::uint8_t* buffer, std::size_t valid_size) {
    std::lock_guard<std::mutex> const lock(mutex_);
    try {
      if (log_ != nullptr) log_->read(next_, buffer, valid_size);
    } catch (std::bad_alloc const&) {
      is_out_of_memory_ = true;
    }
  }

 private:
  std::mutex mutex_;
  KernelLog* log_ = nullptr;
  cupti::NextRecord next_ = nullptr;
  bool is_out_of_memory_ = false;
};

Mailbox& mailbox() {
  static Mailbox* const instance = new Mailbox();
  return *instance;
}

void on_request(std::uint8_t** buffer, std::size_t* size, std::size_t* most_records) noexcept {
  *size = BufferPool::kBufferBytes;
  *most_records = 0;  // as many as fit
  try {
    *buffer = mailbox().pool.take();
  } catch (...) {
    *buffer = nullptr;
  }
}

void on_complete(void*, std::uint32_t, std::uint8_t* buffer, std::size_t,
                 std::size_t valid_size) noexcept {
  BufferPool& pool = mailbox().pool;
  if (!pool.owns(buffer)) return;
  mailbox().read(buffer, valid_size);
  pool.give_back(buffer);
}

// CUPTI allows one subscriber per process, so subscribing shuts other profilers out; no callback is
// ever enabled.
void on_nothing(void*, int, std::uint32_t, void const*) noexcept {}

std::string demangled(std::string const& name) {
  int status = 0;
  std::unique_ptr<char, decltype(&std::free)> const text(
      abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status), &std::free);
  return text ? std::string(text.get()) : name;
}

}  // namespace

KernelTrace::~KernelTrace() {
  try {
    stop();
  } catch (...) {
    // A destructor must not throw; stop() reports the same error to whoever calls it before.
  }
}

void KernelTrace::start(std::size_t iterations, std::size_t capacity) {
  if (is_started_) throw std::logic_error("this trace is started already");
  begins_ns_.clear();
  begins_ns_.reserve(iterations);
  log_.restart(capacity);
  dropped_ = 0;
  if (!mailbox().open(log_, library_.calls().next_record)) {
    throw cupti::Error("kernels are being traced already in this process");
  }
  try {
    library_.check(library_.calls().subscribe(&subscriber_, on_nothing, nullptr), "cuptiSubscribe");
    library_.check(library_.calls().register_callbacks(on_request, on_complete),
                   "cuptiActivityRegisterCallbacks");
    for (int const kind : kKinds) {
      library_.check(library_.calls().enable(kind), "cuptiActivityEnable");
    }
  } catch (...) {
    release();
    throw;
  }
  is_started_ = true;
}

// The first flush delivers finished records; the forced one returns the buffers even where records
// are unfinished. Errors are checked last, so that a failed call leaves nothing enabled.
void KernelTrace::stop() {
  if (!is_started_) return;
  cupti::Result const flushed = library_.calls().flush_all(0);
  cupti::Result const disabled = disable();
  cupti::Result const forced = library_.calls().flush_all(cupti::kFlushForced);
  cupti::Result const counted = library_.calls().count_dropped(nullptr, 0, &dropped_);
  release();
  is_started_ = false;
  log_.assign_iterations(begins_ns_);
  library_.check(flushed, "cuptiActivityFlushAll");
  library_.check(disabled, "cuptiActivityDisable");
  library_.check(forced, "cuptiActivityFlushAll");
  library_.check(counted, "cuptiActivityGetNumDroppedRecords");
  if (mailbox().is_out_of_memory()) throw std::bad_alloc();
}

// Disables every kind, whatever happens to one; returns the first failure.
cupti::Result KernelTrace::disable() noexcept {
  cupti::Result first = cupti::kSuccess;
  for (int const kind : kKinds) {
    cupti::Result const result = library_.calls().disable(kind);
    if (first == cupti::kSuccess) first = result;
  }
  return first;
}

void KernelTrace::release() noexcept {
  mailbox().close();
  if (subscriber_ != nullptr) library_.calls().unsubscribe(subscriber_);
  subscriber_ = nullptr;
}

void KernelTrace::begin_iteration() noexcept {
  std::uint64_t now_ns = 0;
  if (!is_started_ || library_.calls().timestamp(&now_ns) != cupti::kSuccess) return;
  if (begins_ns_.size() < begins_ns_.capacity()) begins_ns_.push_back(now_ns);
}

KernelLog const& KernelTrace::log() const {
  if (is_started_) throw std::logic_error("stop the trace before its kernels are read");
  return log_;
}

std::vector<std::string> KernelTrace::names() const {
  std::vector<std::string> names;
  for (auto const& name : log().names()) names.push_back(demangled(name));
  return names;
}

}  // namespace trtcore
