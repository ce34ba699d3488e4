// trtcore_fake: the scripted execution context as Python sees it. pybind11 gives it the same
// conduit that TensorRT's bindings have.
#include <pybind11/functional.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <memory>
#include <thread>

#include "bare_loop.hpp"
#include "fake_nvinfer.hpp"
#include "read_records.hpp"
#include "shifted_table.hpp"

namespace py = pybind11;

namespace fake {

constexpr double kSpunUs = 1000;

bool Behaviour::run() {
  using Clock = std::chrono::steady_clock;
  auto const end = Clock::now() + std::chrono::duration<double, std::micro>(busy_us);
  // A sleep may end late by some 100 us, so the last of a long time is spun and no more of it.
  if (busy_us > kSpunUs)
    std::this_thread::sleep_for(std::chrono::duration<double, std::micro>(busy_us - kSpunUs));
  while (busy_us > 0 && Clock::now() < end) {
  }
  if (on_run != nullptr) on_run();
  if (runs == interrupt_at) std::raise(SIGINT);
  return runs++ != fail_at;
}

bool Behaviour::report() {
  if (profiler == nullptr) return false;
  bool const changed = change_at >= 0 && runs > change_at;
  LayerScript const& script = changed ? changed_layers : layers;
  if (copied_ != &script) {
    copies_[0] = copies_[1] = script;
    copied_ = &script;
  }
  void* const hearer = instead != nullptr ? instead : profiler;
  bool const is_v10 = layout == trtcore::abi::Layout::v10 && instead == nullptr;
  for (auto const& [layer, ms] : copies_[runs % 2]) {
    if (is_v10) {
      static_cast<trtcore::abi::v10::IProfiler*>(hearer)->reportLayerTime(layer.c_str(), ms);
    } else {
      static_cast<trtcore::abi::v11::IProfiler*>(hearer)->reportLayerTime(layer.c_str(), ms);
    }
  }
  return true;
}

}  // namespace fake

// The names that the conduit compares.
namespace nvinfer1 {

// An object of nvinfer1: a virtual table, then the pointer to what does the work.
class IExecutionContext {
 public:
  explicit IExecutionContext(int layout) {
    if (layout == 10) {
      behaviour.layout = trtcore::abi::Layout::v10;
      mImpl = std::make_unique<fake::Context10>(behaviour);
    } else {
      mImpl = std::make_unique<fake::Context11>(behaviour);
    }
  }
  virtual ~IExecutionContext() = default;

  // From now on the table is that of a release with one method more, or one less, at `slot`.
  void shift_table(std::size_t slot, bool inserts) {
    bool const is_v10 = behaviour.layout == trtcore::abi::Layout::v10;
    shifted_.reset();
    shifted_ = std::make_unique<fake::ShiftedTable>(
        mImpl.get(), is_v10 ? fake::kMethodsOf10 : fake::kMethodsOf11, slot, inserts);
  }

 private:
  std::unique_ptr<fake::VRoot> mImpl;
  std::unique_ptr<fake::ShiftedTable> shifted_;

 public:
  fake::Behaviour behaviour;
  std::unique_ptr<fake::IProfiler> baseline;
  // Of whoever had the context before us.
  fake::EmptyProfilerOf<trtcore::abi::v10::IProfiler> own10;
  fake::EmptyProfilerOf<trtcore::abi::v11::IProfiler> own11;

  void* own_profiler() {
    if (behaviour.layout == trtcore::abi::Layout::v10) return &own10;
    return &own11;
  }
};

class ICudaEngine {};

namespace v_1_0 {
// As in layout 10: no base.
class IProfiler {
 public:
  virtual void reportLayerTime(char const*, float) noexcept {}
  virtual ~IProfiler() = default;
};
}  // namespace v_1_0
}  // namespace nvinfer1

namespace {

using Context = nvinfer1::IExecutionContext;

void report_to_baseline(Context& context, std::string const& name) {
  auto baseline = fake::make_baseline(name);
  if (!baseline) throw py::value_error("no baseline '" + name + "'");
  context.behaviour.instead = baseline.get();
  context.baseline = std::move(baseline);
}

// A profiler of layout 11 that belongs to another module, such as a Python subclass.
void report_to_profiler(Context& context, py::handle profiler) {
  void* const pointer = py::detail::try_raw_pointer_ephemeral_from_cpp_conduit(
      profiler, &typeid(nvinfer1::v_1_0::IProfiler));
  if (pointer == nullptr) throw py::type_error("not an nvinfer1::v_1_0::IProfiler");
  context.behaviour.instead = static_cast<fake::IProfiler*>(pointer);
}

trtcore::abi::ExecutionContext native_view(py::handle owner, int layout) {
  void* const pointer = py::detail::try_raw_pointer_ephemeral_from_cpp_conduit(
      owner, &typeid(nvinfer1::IExecutionContext));
  if (pointer == nullptr) throw py::type_error("not an nvinfer1::IExecutionContext");
  return {pointer, static_cast<trtcore::abi::Layout>(layout)};
}

void run_bare(py::handle owner, int layout, std::uintptr_t stream, long iterations) {
  auto const context = native_view(owner, layout);
  py::gil_scoped_release const release;
  fake::run_bare(context, reinterpret_cast<void*>(stream), iterations);
}

std::vector<float> time_bare(py::handle owner, int layout, std::uintptr_t stream, long iterations,
                             int events) {
  auto const context = native_view(owner, layout);
  py::gil_scoped_release const release;
  return fake::time_bare(context, reinterpret_cast<void*>(stream), iterations, events);
}

}  // namespace

PYBIND11_MODULE(trtcore_fake, module) {
  auto run = [](Context& context, bool emits) {
    if (!context.behaviour.run()) return false;
    return !emits || context.behaviour.profiler == nullptr || context.behaviour.report();
  };
  py::class_<Context>(module, "Context")
      .def(py::init<int>(), py::arg("layout") = 11)
      .def_property(
          "layers", [](Context const& c) { return c.behaviour.layers; },
          [](Context& c, fake::LayerScript layers) { c.behaviour.set_layers(std::move(layers)); })
      .def(
          "change_layers",
          [](Context& c, long run_index, fake::LayerScript layers) {
            c.behaviour.change_at = run_index;
            c.behaviour.changed_layers = std::move(layers);
          },
          py::arg("at"), py::arg("layers"))
      .def_property(
          "fail_at", [](Context const& c) { return c.behaviour.fail_at; },
          [](Context& c, long run_index) { c.behaviour.fail_at = run_index; })
      .def_property(
          "interrupt_at", [](Context const& c) { return c.behaviour.interrupt_at; },
          [](Context& c, long run_index) { c.behaviour.interrupt_at = run_index; })
      .def_property(
          "busy_us", [](Context const& c) { return c.behaviour.busy_us; },
          [](Context& c, double us) { c.behaviour.busy_us = us; })
      .def_property(
          "on_run",
          [](Context const& c) { return reinterpret_cast<std::uintptr_t>(c.behaviour.on_run); },
          [](Context& c, std::uintptr_t function) {
            c.behaviour.on_run = reinterpret_cast<void (*)()>(function);
          })
      .def_property(
          "name", [](Context const& c) { return c.behaviour.name; },
          [](Context& c, std::string name) { c.behaviour.name = std::move(name); })
      .def_property(
          "enqueue_emits_profile", [](Context const& c) { return c.behaviour.emits; },
          [](Context& c, bool emits) { c.behaviour.emits = emits; })
      .def_property(
          "on_set_profiler",
          [](Context const& c) -> std::function<void()> { return c.behaviour.on_set_profiler; },
          [](Context& c, std::function<void()> hook) {
            c.behaviour.on_set_profiler = std::move(hook);
          })
      .def_property(
          "persistent_cache_limit",
          [](Context const& c) { return c.behaviour.persistent_cache_limit; },
          [](Context& c, std::size_t bytes) {
            if (c.behaviour.takes_cache_limit) c.behaviour.persistent_cache_limit = bytes;
          })
      .def_property(
          "takes_cache_limit", [](Context const& c) { return c.behaviour.takes_cache_limit; },
          [](Context& c, bool takes) { c.behaviour.takes_cache_limit = takes; })
      .def_property_readonly("engine", [](Context const&) { return nvinfer1::ICudaEngine{}; })
      .def("set_tensor_address",
           [](Context& c, std::string const& tensor, std::uintptr_t address) {
             c.behaviour.addresses[tensor] = reinterpret_cast<void const*>(address);
             return true;
           })
      .def("get_tensor_address",
           [](Context const& c, std::string const& tensor) {
             auto const found = c.behaviour.addresses.find(tensor);
             void const* const address =
                 found == c.behaviour.addresses.end() ? nullptr : found->second;
             return reinterpret_cast<std::uintptr_t>(address);
           })
      .def("shift_table", &Context::shift_table, py::arg("slot"), py::arg("inserts"))
      .def("set_own_profiler", [](Context& c) { c.behaviour.profiler = c.own_profiler(); })
      .def_property_readonly("has_own_profiler",
                             [](Context& c) { return c.behaviour.profiler == c.own_profiler(); })
      .def("report_to_baseline", &report_to_baseline, py::arg("name"))
      .def("report_to", &report_to_profiler, py::arg("profiler"), py::keep_alive<1, 2>())
      .def_property_readonly("runs", [](Context const& c) { return c.behaviour.runs; })
      .def("execute_async_v3",
           [run](Context& c, std::uintptr_t) { return run(c, c.behaviour.emits); })
      .def("report_to_profiler", [](Context& c) { return c.behaviour.report(); });
  module.def("run_bare", &run_bare, py::arg("context"), py::arg("layout"), py::arg("stream"),
             py::arg("iterations"));
  module.def("time_bare", &time_bare, py::arg("context"), py::arg("layout"), py::arg("stream"),
             py::arg("iterations"), py::arg("events"));
  module.def("read_records", &fake::read_records, py::arg("library"), py::arg("record_bytes"),
             py::arg("kernels"));
  py::class_<nvinfer1::ICudaEngine>(module, "Engine")
      .def(py::init<>())
      .def_property_readonly("num_io_tensors", [](nvinfer1::ICudaEngine const&) { return 1; })
      .def("get_tensor_name", [](nvinfer1::ICudaEngine const&, int) { return "x"; });
  py::class_<nvinfer1::v_1_0::IProfiler>(module, "Profiler10").def(py::init<>());
}
