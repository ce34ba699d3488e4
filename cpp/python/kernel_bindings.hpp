// Binds the kernel trace.
#pragma once

#include <pybind11/pybind11.h>

namespace trtcore {

// After the timers are bound.
void bind_kernel_trace(pybind11::module_& module);

}  // namespace trtcore
