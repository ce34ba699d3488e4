// The few entry points of the CUDA driver that timing needs. libcuda.so.1 is opened at run time, so
// the extension links no CUDA library and imports on machines that have none.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

namespace trtcore::cuda {

using Stream = void*;
using EventHandle = void*;

class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  // A call that CUDA refused: `reason` names the call and has CUDA's words, `status` is its number.
  Error(std::string reason, int status)
      : std::runtime_error(reason + " (CUDA error " + std::to_string(status) + ")"),
        reason_(std::move(reason)),
        status_(status) {}
  // Without the number; the whole text where no call failed.
  std::string reason() const { return reason_.empty() ? what() : reason_; }
  // 0 where no call failed.
  int status() const noexcept { return status_; }

 private:
  std::string reason_;
  int status_ = 0;
};

// A CUDA event with timing. Needs a current CUDA context. It cannot be moved, so that there is
// always an event to record.
class Event {
 public:
  Event();
  Event(Event const&) = delete;
  Event& operator=(Event const&) = delete;
  void record(Stream stream);
  // Waits until the device has reached the event.
  void synchronize() const;
  // Milliseconds from `start` to this event; both must have completed.
  float since(Event const& start) const;

 private:
  struct Destroy {
    void operator()(EventHandle event) const noexcept;
  };
  std::unique_ptr<void, Destroy> handle_;
};

// A 32-bit word in host memory that the device can wait for. It cannot be moved, so that there is
// always a word to set.
class HostFlag {
 public:
  HostFlag();
  HostFlag(HostFlag const&) = delete;
  HostFlag& operator=(HostFlag const&) = delete;
  void set(std::uint32_t value) noexcept { word()->store(value, std::memory_order_release); }
  // Holds the stream until the flag has reached `value`.
  void hold(Stream stream, std::uint32_t value);

 private:
  struct Free {
    void operator()(void* memory) const noexcept;
  };
  std::atomic<std::uint32_t>* word() const noexcept {
    return static_cast<std::atomic<std::uint32_t>*>(memory_.get());
  }

  std::unique_ptr<void, Free> memory_;
  unsigned long long device_address_ = 0;
};

// What was enqueued on a stream while it was captured, ready to be launched as one. It cannot be
// moved, so that there is always something to launch.
class Graph {
 public:
  // `enqueue` is called once, with the stream in capture.
  Graph(Stream stream, std::function<bool()> const& enqueue);
  Graph(Graph const&) = delete;
  Graph& operator=(Graph const&) = delete;
  void launch(Stream stream) const;

 private:
  struct Destroy {
    void operator()(void* graph) const noexcept;
  };
  std::unique_ptr<void, Destroy> executable_;
};

void synchronize(Stream stream);

}  // namespace trtcore::cuda
