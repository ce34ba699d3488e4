#include "kernels/kernel_log.hpp"

#include <algorithm>

namespace trtcore {

void KernelLog::restart(std::size_t capacity) {
  kernels_.clear();
  losses_ = Losses();
  capacity_ = capacity;
}

void KernelLog::read(cupti::NextRecord next, std::uint8_t* buffer, std::size_t valid_size) {
  if (valid_size == 0) return;
  void* record = nullptr;
  cupti::Result result = cupti::kSuccess;
  while ((result = next(buffer, valid_size, &record)) == cupti::kSuccess) {
    auto const& kernel = *static_cast<cupti::KernelRecord const*>(record);
    if (kernel.kind == cupti::kConcurrentKernel) {
      take(kernel, kernel.name == nullptr ? "" : kernel.name);
    } else if (kernel.kind == cupti::kMemset) {
      take(*static_cast<cupti::MemsetRecord const*>(record), kMemsetName);
    }
  }
  // CUPTI ends a buffer with this result; any other one means that records behind it are lost.
  if (result != cupti::kMaxLimitReached) ++losses_.unreadable;
}

template <class Record>
void KernelLog::take(Record const& record, std::string_view name) {
  if (record.start_ns == 0 || record.end_ns < record.start_ns) {
    ++losses_.untimed;
  } else if (kernels_.size() >= capacity_) {
    ++losses_.overflowed;
  } else {
    kernels_.push_back(
        {record.start_ns, record.end_ns, intern(name), record.stream, record.correlation, -1});
  }
}

std::uint32_t KernelLog::intern(std::string_view name) {
  auto const found = name_ids_.find(name);
  if (found != name_ids_.end()) return found->second;
  auto const id = static_cast<std::uint32_t>(names_.size());
  names_.emplace_back(name);
  name_ids_.emplace(name, id);
  return id;
}

void KernelLog::assign_iterations(std::vector<std::uint64_t> const& begins_ns) {
  for (auto& kernel : kernels_) {
    auto const next = std::upper_bound(begins_ns.begin(), begins_ns.end(), kernel.start_ns);
    kernel.iteration = static_cast<std::int32_t>(next - begins_ns.begin()) - 1;
  }
}

}  // namespace trtcore
