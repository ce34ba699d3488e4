#include "read_records.hpp"

#include "kernels/cupti.hpp"
#include "kernels/kernel_log.hpp"

namespace fake {
namespace {

constexpr std::size_t kWord = sizeof(std::uint64_t);

}  // namespace

std::pair<std::vector<Record>, std::size_t> read_records(std::string const& library,
                                                         std::size_t record_bytes,
                                                         std::vector<Record> const& kernels) {
  // Named: newer GCC take the reference to be into the list of names.
  std::vector<std::string> const names{library};
  auto const& calls = trtcore::cupti::Library::open(names).calls();
  std::vector<std::uint64_t> words(kernels.size() * record_bytes / kWord + 1);
  auto* const buffer = reinterpret_cast<std::uint8_t*>(words.data());
  for (std::size_t i = 0; i < kernels.size(); ++i) {
    auto& record = *reinterpret_cast<trtcore::cupti::KernelRecord*>(buffer + i * record_bytes);
    std::string const& name = std::get<1>(kernels[i]);
    record.kind = std::get<0>(kernels[i]);
    record.name = name.empty() ? nullptr : name.c_str();
    record.start_ns = std::get<2>(kernels[i]);
    record.end_ns = std::get<3>(kernels[i]);
    record.stream = std::get<4>(kernels[i]);
    record.correlation = std::get<5>(kernels[i]);
  }
  trtcore::KernelLog log;
  log.restart(kernels.size());
  log.read(calls.next_record, buffer, kernels.size() * record_bytes);
  std::vector<Record> found;
  for (auto const& kernel : log.kernels()) {
    found.emplace_back(trtcore::cupti::kConcurrentKernel, log.names()[kernel.name], kernel.start_ns,
                       kernel.end_ns, kernel.stream, kernel.launch);
  }
  return {found, log.losses().unreadable};
}

}  // namespace fake
