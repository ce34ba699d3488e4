// Feeds a buffer of activity records, made by hand, to the reader of kernel times.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

namespace fake {

// Kind, name, start and end in ns, stream, correlation.
using Record = std::tuple<std::uint32_t, std::string, std::uint64_t, std::uint64_t, std::uint32_t,
                          std::uint32_t>;

// Lays the records out at the given size and reads them back, walking with the library's own
// cuptiActivityGetNextRecord. Returns the kernels found and the number of unreadable buffers.
std::pair<std::vector<Record>, std::size_t> read_records(std::string const& library,
                                                         std::size_t record_bytes,
                                                         std::vector<Record> const& kernels);

}  // namespace fake
