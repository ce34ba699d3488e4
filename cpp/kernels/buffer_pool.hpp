// The memory that CUPTI writes its records into: reused, and bounded in each trace.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace trtcore {

// Several threads may use it at once.
class BufferPool {
 public:
  // CUPTI recommends 1 to 10 MB. A buffer holds about 8,000 kernels.
  static constexpr std::size_t kBufferBytes = std::size_t{2} << 20;

  // Before a trace. Buffers that CUPTI has not given back after the one before, it may keep for
  // good: they are no part of what this trace may take. The process grows by them; counted for all
  // traces, 24 of them would leave later ones without kernels.
  void prepare() {
    std::lock_guard<std::mutex> const lock(mutex_);
    lent_ = 0;
    while (free_.size() < kReadyBuffers) free_.push_back(allocate());
  }

  // Null when all buffers of a trace are in use: CUPTI then drops records and counts them.
  std::uint8_t* take() {
    std::lock_guard<std::mutex> const lock(mutex_);
    if (lent_ == kMostBuffers) return nullptr;
    if (free_.empty()) free_.push_back(allocate());
    std::uint8_t* const buffer = free_.back();
    free_.pop_back();
    ++lent_;
    return buffer;
  }

  // False for a buffer of another tool whose callbacks were registered before ours: giving it back
  // to this pool would hand out memory that the other tool frees.
  bool owns(std::uint8_t const* buffer) {
    std::lock_guard<std::mutex> const lock(mutex_);
    return std::any_of(buffers_.begin(), buffers_.end(),
                       [&](auto const& owned) { return bytes(owned) == buffer; });
  }

  void give_back(std::uint8_t* buffer) {
    std::lock_guard<std::mutex> const lock(mutex_);
    free_.push_back(buffer);
    if (lent_ > 0) --lent_;
  }

 private:
  // Of a trace: 48 MiB, room for about 190,000 kernels that CUPTI has not delivered yet. More would
  // let a long trace take memory from the process it measures; with fewer, records are dropped
  // sooner.
  static constexpr std::size_t kMostBuffers = 24;
  // One for CUPTI to fill while the other is read; the rest is allocated when CUPTI asks for it.
  static constexpr std::size_t kReadyBuffers = 2;
  using Memory = std::unique_ptr<std::uint64_t[]>;  // as CUPTI wants it: aligned to 8 bytes

  static std::uint8_t* bytes(Memory const& memory) {
    return reinterpret_cast<std::uint8_t*>(memory.get());
  }

  // Written to once, so that no page is touched for the first time while something is timed.
  std::uint8_t* allocate() {
    buffers_.push_back(std::make_unique<std::uint64_t[]>(kBufferBytes / sizeof(std::uint64_t)));
    free_.reserve(buffers_.size());  // give_back() must not throw
    return bytes(buffers_.back());
  }

  std::mutex mutex_;
  std::vector<Memory> buffers_;
  std::vector<std::uint8_t*> free_;
  std::size_t lent_ = 0;  // since the trace began
};

}  // namespace trtcore
