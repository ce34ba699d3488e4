// What becomes of an iteration in which a call of TensorRT or CUDA fails.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>

#include "cuda/iteration_timer.hpp"

namespace trtcore {

// An iteration that failed; those before it are whole.
class RunFailure : public std::runtime_error {
 public:
  // `said` is the whole text, `reason` that without what the other two hold. `status` is CUDA's
  // number, 0 if CUDA tells of none.
  RunFailure(std::string const& said, std::string reason, std::size_t iteration, int status)
      : std::runtime_error(said),
        reason_(std::move(reason)),
        iteration_(iteration),
        status_(status) {}
  std::string const& reason() const noexcept { return reason_; }
  std::size_t iteration() const noexcept { return iteration_; }
  int status() const noexcept { return status_; }

 private:
  std::string reason_;
  std::size_t iteration_;
  int status_;
};

// A call of TensorRT that failed: it tells neither the iteration nor CUDA's number.
class Refusal : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

inline void require(bool succeeded, char const* call) {
  if (!succeeded) throw Refusal(std::string(call) + " failed");
}

// What CUDA says of the stream: an error that stays with the context is told by every call.
inline int status_of(IterationTimer& timer) noexcept {
  try {
    timer.synchronize();
    return 0;
  } catch (cuda::Error const& error) {
    return error.status();
  } catch (...) {
    return 0;
  }
}

// Runs an iteration, and says of a failure which one it was.
template <class Iteration>
void run_one(IterationTimer& timer, std::size_t i, Iteration iteration) {
  try {
    iteration();
  } catch (cuda::Error const& error) {
    throw RunFailure(error.what(), error.reason(), i, error.status());
  } catch (Refusal const& error) {
    // Only here, where the stream is no longer held.
    throw RunFailure(std::string(error.what()) + " in iteration " + std::to_string(i), error.what(),
                     i, status_of(timer));
  }
}

}  // namespace trtcore
