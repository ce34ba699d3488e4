// Binds the kernel trace.
#pragma once

#include <pybind11/pybind11.h>

namespace trtcore {

// After the timelines are bound.
void bind_kernel_trace(pybind11::module_& module);

}  // namespace trtcore
