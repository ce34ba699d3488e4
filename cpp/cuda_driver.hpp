// The few entry points of the CUDA driver that timing needs. libcuda.so.1 is opened at run time, so
// the extension links no CUDA library and imports on machines that have none.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>

namespace trtcore::cuda {

using Stream = void*;
using EventHandle = void*;

class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A CUDA event with timing. Needs a current CUDA context.
class Event {
 public:
  Event();
  void record(Stream stream);
  // Milliseconds from `start` to this event; both must have completed.
  float since(Event const& start) const;

 private:
  struct Destroy {
    void operator()(EventHandle event) const noexcept;
  };
  std::unique_ptr<void, Destroy> handle_;
};

void synchronize(Stream stream);

}  // namespace trtcore::cuda
