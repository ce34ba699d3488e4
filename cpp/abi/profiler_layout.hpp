// Which IProfiler layout a live C++ object has, read from its run-time type information.
#pragma once

#include <optional>

#include "abi/nvinfer_abi.hpp"

namespace trtcore {

// `profiler` is an object of a class derived from nvinfer1's IProfiler with single inheritance.
// Returns nothing when its ancestors are not those of a layout we know.
std::optional<abi::Layout> profiler_layout(void const* profiler);

}  // namespace trtcore
