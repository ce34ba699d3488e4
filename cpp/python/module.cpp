// The Python bindings, and nothing else. trtcore/measure/_core.pyi documents them.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "abi/profiler_layout.hpp"
#include "loop/execute_loop.hpp"
#include "loop/gated_loop.hpp"
#include "python/chunked_loop.hpp"
#include "python/kernel_bindings.hpp"
#include "python/python_types.hpp"

namespace trtcore {
namespace {

using Addresses = std::vector<std::uintptr_t>;

Inference make_inference(ContextView const& view, IterationTimer& timer, Addresses const& bindings,
                         cuda::Graph const* graph = nullptr) {
  Inference inference{view.context(), timer, {}, graph};
  for (auto const address : bindings) {
    inference.bindings.push_back(reinterpret_cast<void*>(address));
  }
  return inference;
}

FloatArray first(FloatArray const& array, std::size_t count) {
  return array[py::slice(0, static_cast<py::ssize_t>(count), 1)].cast<FloatArray>();
}

// Set once, when the module is made; every error that was raised refers to it.
py::handle loop_error;

// A RuntimeError with the times of the iterations before the failing one.
[[noreturn]] void raise_failure(RunFailure const& failure, py::tuple const& times) {
  py::object const error = loop_error(failure.what());
  error.attr("reason") = failure.reason();
  error.attr("iteration") = failure.iteration();
  error.attr("status") = failure.status();
  error.attr("times") = times;
  PyErr_SetObject(loop_error.ptr(), error.ptr());
  throw py::error_already_set();
}

py::tuple run_inference(ContextView const& view, IterationTimer& timer, std::size_t count,
                        Addresses const& bindings, cuda::Graph const* graph,
                        py::object const& report) {
  FloatArray wall(count), enqueue(count), gpu(count);
  InferenceTimes const times{wall.mutable_data(), enqueue.mutable_data(), gpu.mutable_data()};
  Inference const inference = make_inference(view, timer, bindings, graph);
  auto const whole = [&](std::size_t done, bool interrupted) {
    return py::make_tuple(first(wall, done), first(enqueue, done), first(gpu, done), interrupted);
  };
  try {
    auto const progress = run_in_chunks(count, report, [&](auto done, auto deadline) {
      return time_inference(inference, times, done, count, deadline);
    });
    return whole(progress.done, progress.interrupted);
  } catch (RunFailure const& failure) {
    raise_failure(failure, whole(failure.iteration(), false));
  }
}

py::tuple run_gated(ContextView const& view, GatedTimer& timer, std::size_t count,
                    py::object const& report) {
  FloatArray gpu(count);
  GatedLoop loop(view.context(), timer, gpu.mutable_data());
  auto const whole = [&](std::size_t done, bool interrupted) {
    return py::make_tuple(first(gpu, done), interrupted);
  };
  try {
    auto const progress = run_in_chunks(
        count, report, [&](auto done, auto deadline) { return loop.run(done, count, deadline); });
    return whole(progress.done, progress.interrupted);
  } catch (RunFailure const& failure) {
    raise_failure(failure, whole(failure.iteration(), false));
  }
}

py::tuple run_layers(ContextView const& view, Recorder* recorder, IterationTimer& timer,
                     std::size_t count, Addresses const& bindings, py::object const& report) {
  FloatArray wall(count), gpu(count);
  LayerPassTimes const times{wall.mutable_data(), gpu.mutable_data()};
  Inference const inference = make_inference(view, timer, bindings);
  std::optional<Recorder::Use> use;
  if (recorder != nullptr) {
    use.emplace(*recorder, "time_layers");
  } else {
    ProfilerPort::profile_in_silence(view.context(), view.layout());
  }
  auto const whole = [&](std::size_t done, bool interrupted) {
    return py::make_tuple(first(wall, done), first(gpu, done), interrupted);
  };
  try {
    auto const progress = run_in_chunks(count, report, [&](auto done, auto deadline) {
      return time_layers(inference, recorder, times, done, count, deadline);
    });
    return whole(progress.done, progress.interrupted);
  } catch (RunFailure const& failure) {
    raise_failure(failure, whole(failure.iteration(), false));
  }
}

std::unique_ptr<cuda::Graph> capture(ContextView const& view, std::uintptr_t stream) {
  auto const handle = reinterpret_cast<cuda::Stream>(stream);
  return std::make_unique<cuda::Graph>(handle, [&] { return view.context().enqueue_v3(handle); });
}

std::optional<int> layout_of_profiler(py::handle profiler) {
  void* pointer = raw_pointer(profiler, typeid(nvinfer1::v_1_0::IProfiler));
  if (pointer == nullptr) return std::nullopt;
  auto const layout = profiler_layout(pointer);
  if (!layout) return std::nullopt;
  return static_cast<int>(*layout);
}

py::object fault_of(Recorder const& recorder) {
  Fault const fault = recorder.fault();
  if (fault.kind == Fault::Kind::none) return py::none();
  return py::make_tuple(name_of(fault.kind), fault.iteration, fault.position,
                        fault.received.data());
}

py::tuple fault_kinds() {
  py::tuple names(kFaultKinds.size());
  for (std::size_t i = 0; i < kFaultKinds.size(); ++i) names[i] = name_of(kFaultKinds[i]);
  return names;
}

// Changes the recorder while no other thread uses it.
template <class Work>
void change(Recorder& recorder, char const* call, Work work) {
  Recorder::Use const use(recorder, call);
  work();
}

// A property whose reader may wait for the thread that records, which needs no GIL for that.
template <class Value>
py::cpp_function without_gil(Value (LayerRecorder::*read)() const) {
  return py::cpp_function([read](Recorder const& recorder) { return (recorder.*read)(); },
                          py::call_guard<py::gil_scoped_release>());
}

void bind_context(py::module_& module) {
  py::class_<ContextView>(module, "Context")
      .def(py::init<py::object, int>(), py::arg("context"), py::arg("layout"))
      .def_property_readonly("name", [](ContextView const& v) { return v.context().get_name(); })
      .def_property(
          "enqueue_emits_profile",
          [](ContextView const& v) { return v.context().get_enqueue_emits_profile(); },
          [](ContextView const& v, bool emits) { v.context().set_enqueue_emits_profile(emits); })
      .def_property_readonly(
          "persistent_cache_limit",
          [](ContextView const& v) { return v.context().get_persistent_cache_limit(); })
      .def(
          "tensor_address",
          [](ContextView const& v, std::string const& tensor) {
            void const* const address = v.context().get_tensor_address(tensor.c_str());
            return reinterpret_cast<std::uintptr_t>(address);
          },
          py::arg("tensor"))
      .def_property_readonly("has_profiler", [](ContextView const& v) {
        return v.context().get_profiler() != nullptr;
      });
}

void bind_timers(py::module_& module) {
  py::class_<IterationTimer>(module, "IterationTimer")
      .def_property_readonly("invalidated", &IterationTimer::invalidated);
  py::class_<StreamTimer, IterationTimer>(module, "StreamTimer")
      .def(py::init([](std::uintptr_t stream) {
             return std::make_unique<StreamTimer>(reinterpret_cast<cuda::Stream>(stream));
           }),
           py::arg("stream"));
  py::class_<EventTimer, IterationTimer>(module, "EventTimer")
      .def(py::init([](std::uintptr_t stream) {
             return std::make_unique<EventTimer>(reinterpret_cast<cuda::Stream>(stream));
           }),
           py::arg("stream"));
  py::class_<GatedTimer, EventTimer>(module, "GatedTimer")
      .def(py::init([](std::uintptr_t stream) {
             return std::make_unique<GatedTimer>(reinterpret_cast<cuda::Stream>(stream));
           }),
           py::arg("stream"));
  py::class_<cuda::Graph>(module, "Graph")
      .def(py::init(&capture), py::arg("context"), py::arg("stream"), py::keep_alive<1, 2>());
  py::class_<HostTimer, IterationTimer>(module, "HostTimer").def(py::init<>());
}

void bind_statistics(py::module_& module) {
  using Statistics = LayerStatistics;
  auto const by_layer = [](auto const& (Statistics::*values)() const noexcept) {
    return py::cpp_function([values](py::object const& self) {
      auto const& statistics = self.cast<Statistics const&>();
      return array_over((statistics.*values)(), {statistics.layers()}, self);
    });
  };
  py::class_<Statistics, std::shared_ptr<Statistics>>(module, "LayerStatistics")
      .def_property_readonly("count", &Statistics::count)
      .def_property_readonly("mean_ms", by_layer(&Statistics::mean))
      .def_property_readonly("deviations_ms2", by_layer(&Statistics::deviations))
      .def_property_readonly("min_ms", by_layer(&Statistics::least))
      .def_property_readonly("max_ms", by_layer(&Statistics::most))
      .def_property_readonly("buckets", [](py::object const& self) {
        auto const& statistics = self.cast<Statistics const&>();
        return array_over(statistics.buckets(), {statistics.layers(), std::size_t{kBuckets}}, self);
      });
}

void bind_recorder(py::module_& module) {
  py::enum_<IterationBoundary>(module, "IterationBoundary")
      .value("MARKED", IterationBoundary::marked)
      .value("INFERRED", IterationBoundary::inferred);
  auto const no_gil = py::call_guard<py::gil_scoped_release>();  // gigabytes may have to be zeroed
  py::class_<Recorder>(module, "LayerRecorder")
      .def(py::init<IterationBoundary, std::size_t, std::size_t>(),
           py::arg("boundary") = IterationBoundary::marked, py::arg("capacity") = 0,
           py::arg("expected_layers") = 0)
      .def("attach", &Recorder::attach, py::arg("context"))
      .def("detach", &Recorder::detach)
      .def(
          "learn", [](Recorder& r) { change(r, "learn", [&] { r.learn(); }); }, no_gil)
      .def(
          "reserve",
          [](Recorder& r, std::size_t iterations) {
            change(r, "reserve", [&] { r.reserve(iterations); });
          },
          py::arg("iterations"), no_gil)
      .def(
          "stream",
          [](Recorder& r, std::size_t iterations) {
            change(r, "stream", [&] { r.stream(iterations); });
          },
          py::arg("iterations"), no_gil)
      .def(
          "settle", [](Recorder& r) { change(r, "settle", [&] { r.settle(); }); }, no_gil)
      .def("begin_iteration",
           [](Recorder& r) { change(r, "begin_iteration", [&] { r.begin_iteration(); }); })
      .def("end_iteration",
           [](Recorder& r) { change(r, "end_iteration", [&] { r.end_iteration(); }); })
      .def(
          "record",
          [](Recorder& r, char const* name, float ms) {
            change(r, "record", [&] { r.record(name, ms); });
          },
          py::arg("name"), py::arg("ms"))
      .def("samples", [](Recorder const& recorder) { return samples_array(recorder); })
      .def("statistics", &Recorder::statistics, no_gil)
      .def_property_readonly("names", without_gil(&LayerRecorder::names))
      .def_property_readonly("iterations", without_gil(&LayerRecorder::iterations))
      .def_property_readonly("dropped", without_gil(&LayerRecorder::dropped))
      .def_property_readonly("is_attached", &Recorder::is_attached)
      .def_property_readonly("fault", &fault_of);
}

}  // namespace
}  // namespace trtcore

PYBIND11_MODULE(_core, module) {
  using namespace trtcore;
  module.attr("__version__") = TRTCORE_VERSION;
  loop_error = py::exception<RunFailure>(module, "LoopError", PyExc_RuntimeError).release();
  bind_context(module);
  bind_timers(module);
  bind_statistics(module);
  bind_recorder(module);
  bind_kernel_trace(module);
  module.attr("FAULT_KINDS") = fault_kinds();
  module.def("count_profiler_ports", &ProfilerPort::count);
  module.def("profiler_layout", &layout_of_profiler, py::arg("profiler"));
  module.def("time_inference", &run_inference, py::arg("context"), py::arg("timer"),
             py::arg("iterations"), py::arg("bindings") = Addresses{},
             py::arg("graph").none(true) = py::none(), py::arg("report") = py::none());
  module.def("time_gated", &run_gated, py::arg("context"), py::arg("timer"), py::arg("iterations"),
             py::arg("report") = py::none());
  module.def("time_layers", &run_layers, py::arg("context"), py::arg("recorder").none(true),
             py::arg("timer"), py::arg("iterations"), py::arg("bindings") = Addresses{},
             py::arg("report") = py::none());
}
