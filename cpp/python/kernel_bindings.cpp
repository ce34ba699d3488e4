#include "python/kernel_bindings.hpp"

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <memory>
#include <string>
#include <vector>

#include "kernels/cupti.hpp"
#include "kernels/kernel_trace.hpp"

namespace trtcore {
namespace {

namespace py = pybind11;

py::array_t<Kernel> kernel_array(KernelTrace const& trace) {
  auto const& kernels = trace.log().kernels();
  return py::array_t<Kernel>(static_cast<py::ssize_t>(kernels.size()), kernels.data());
}

py::dict losses(KernelTrace const& trace) {
  auto const& lost = trace.log().losses();
  py::dict counts;
  counts["dropped"] = trace.dropped();
  counts["untimed"] = lost.untimed;
  counts["overflowed"] = lost.overflowed;
  counts["unreadable"] = lost.unreadable;
  return counts;
}

}  // namespace

void bind_kernel_trace(py::module_& module) {
  PYBIND11_NUMPY_DTYPE(Kernel, start_ns, end_ns, name, stream, launch, iteration);
  auto const without_gil = py::call_guard<py::gil_scoped_release>();
  py::class_<KernelTrace>(module, "KernelTrace")
      .def(py::init([](std::vector<std::string> const& libraries) {
             return std::make_unique<KernelTrace>(cupti::Library::open(libraries));
           }),
           py::arg("libraries"))
      .def("start", &KernelTrace::start, py::arg("iterations"), py::arg("capacity") = 1U << 20,
           without_gil)
      .def("stop", &KernelTrace::stop, without_gil)
      .def("begin_iteration", &KernelTrace::begin_iteration)
      .def("kernels", &kernel_array)
      .def_property_readonly("names", &KernelTrace::names)
      .def_property_readonly("losses", &losses)
      .def_property_readonly("is_started", &KernelTrace::is_started)
      .def_property_readonly("library", [](KernelTrace const& t) { return t.library().path(); })
      .def_property_readonly("version", [](KernelTrace const& t) { return t.library().version(); });
  module.attr("MEMSET_NAME") = kMemsetName;
  module.def("find_cupti", &cupti::find, py::arg("libraries"));
  py::class_<TracedTimer, IterationTimer>(module, "TracedTimer")
      .def(py::init<IterationTimer&, KernelTrace&>(), py::arg("timer"), py::arg("trace"),
           py::keep_alive<1, 2>(), py::keep_alive<1, 3>());
}

}  // namespace trtcore
