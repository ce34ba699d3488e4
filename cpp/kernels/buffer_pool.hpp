// The memory that CUPTI writes its records into: bounded, and used again and again.
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

  void prepare() {
    std::lock_guard<std::mutex> const lock(mutex_);
    free_.reserve(kMostBuffers);
    while (buffers_.size() < kReadyBuffers) free_.push_back(allocate());
  }

  // Null where there is none left: CUPTI then drops records and counts them.
  std::uint8_t* take() {
    std::lock_guard<std::mutex> const lock(mutex_);
    if (free_.empty()) return buffers_.size() < kMostBuffers ? allocate() : nullptr;
    std::uint8_t* const buffer = free_.back();
    free_.pop_back();
    return buffer;
  }

  // A buffer of another tool, which had its callbacks registered before us, is none of ours.
  bool owns(std::uint8_t const* buffer) {
    std::lock_guard<std::mutex> const lock(mutex_);
    return std::any_of(buffers_.begin(), buffers_.end(),
                       [&](auto const& owned) { return bytes(owned) == buffer; });
  }

  void give_back(std::uint8_t* buffer) {
    std::lock_guard<std::mutex> const lock(mutex_);
    free_.push_back(buffer);
  }

 private:
  static constexpr std::size_t kMostBuffers = 24;
  static constexpr std::size_t kReadyBuffers = 2;
  using Memory = std::unique_ptr<std::uint64_t[]>;  // as CUPTI wants it: aligned to 8 bytes

  static std::uint8_t* bytes(Memory const& memory) {
    return reinterpret_cast<std::uint8_t*>(memory.get());
  }

  // Written to once, so that no page is touched for the first time while something is timed.
  std::uint8_t* allocate() {
    buffers_.push_back(std::make_unique<std::uint64_t[]>(kBufferBytes / sizeof(std::uint64_t)));
    return bytes(buffers_.back());
  }

  std::mutex mutex_;
  std::vector<Memory> buffers_;
  std::vector<std::uint8_t*> free_;
};

}  // namespace trtcore
