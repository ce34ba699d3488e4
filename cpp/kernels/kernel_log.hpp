// Keeps what CUPTI records of kernels: fixed-size entries, names once each, memory bounded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "abi/cupti_abi.hpp"

namespace trtcore {

struct Kernel {
  std::uint64_t start_ns;
  std::uint64_t end_ns;
  std::uint32_t name;      // index into the names
  std::uint32_t stream;    // as CUPTI numbers them
  std::uint32_t launch;    // CUPTI's correlation id: grows with every launch, where it is recorded
  std::int32_t iteration;  // -1: before the first
};

// What stands for a kernel's name where TensorRT has memory filled, as Nsight Systems writes it.
constexpr char const* kMemsetName = "[CUDA memset]";

class KernelLog {
 public:
  // Records that cannot be used, by reason.
  struct Losses {
    std::size_t untimed = 0;     // without a start or an end
    std::size_t overflowed = 0;  // beyond the capacity
    std::size_t unreadable = 0;  // buffers that hold anything but whole records
  };

  // Forgets kernels and losses, not names; keeps at most `capacity` kernels from now on.
  void restart(std::size_t capacity);
  // Takes the records of kernels and memsets of a buffer, walking it with CUPTI's own `next`.
  void read(cupti::NextRecord next, std::uint8_t* buffer, std::size_t valid_size);
  // Gives each kernel its iteration: the last one that began before the kernel did.
  void assign_iterations(std::vector<std::uint64_t> const& begins_ns);

  std::vector<Kernel> const& kernels() const noexcept { return kernels_; }
  std::vector<std::string> const& names() const noexcept { return names_; }
  Losses const& losses() const noexcept { return losses_; }

 private:
  // Takes a record of either kind under a name.
  template <class Record>
  void take(Record const& record, std::string_view name);
  std::uint32_t intern(std::string_view name);

  std::vector<Kernel> kernels_;
  std::vector<std::string> names_;
  std::map<std::string, std::uint32_t, std::less<>> name_ids_;
  std::size_t capacity_ = 0;
  Losses losses_;
};

}  // namespace trtcore
