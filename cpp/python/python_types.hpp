// What Python holds of the native half: views and owners that keep their Python objects alive.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <typeinfo>
#include <utility>
#include <vector>

#include "abi/nvinfer_abi.hpp"
#include "abi/nvinfer_names.hpp"
#include "recorder/attachment.hpp"
#include "recorder/layer_recorder.hpp"

namespace trtcore {

namespace py = pybind11;
using FloatArray = py::array_t<float, py::array::c_style>;

// The C++ object inside a Python object of another pybind11 module; null if it is not a `type`. The
// function is pybind11's own conduit, which 3.0 keeps in `detail`.
inline void* raw_pointer(py::handle object, std::type_info const& type) {
  void* pointer = py::detail::try_raw_pointer_ephemeral_from_cpp_conduit(object, &type);
  if (pointer == nullptr && PyErr_Occurred() != nullptr) throw py::error_already_set();
  return pointer;
}

// A live execution context of a TensorRT Python binding, kept alive while this view is.
class ContextView {
 public:
  ContextView(py::object owner, int layout)
      : owner_(std::move(owner)), layout_(layout_of(layout)), context_(pointer(owner_), layout_) {}

  abi::ExecutionContext const& context() const noexcept { return context_; }
  abi::Layout layout() const noexcept { return layout_; }
  py::object owner() const { return owner_; }

 private:
  static abi::Layout layout_of(int layout) {
    if (layout == 10) return abi::Layout::v10;
    if (layout == 11) return abi::Layout::v11;
    throw py::value_error("layout " + std::to_string(layout) + " is not known; 10 and 11 are");
  }

  static void* pointer(py::handle owner) {
    void* pointer = raw_pointer(owner, typeid(nvinfer1::IExecutionContext));
    if (pointer != nullptr) return pointer;
    throw py::type_error(py::str("{} gives no nvinfer1::IExecutionContext")
                             .format(py::str(py::type::handle_of(owner).attr("__name__"))));
  }

  py::object owner_;
  abi::Layout layout_;
  abi::ExecutionContext context_;
};

// The recorder as Python sees it. It may die while attached, unless the context is running: its
// attachment disconnects first.
class Recorder : public LayerRecorder {
 public:
  using LayerRecorder::LayerRecorder;

  // Held by whatever records into it or changes it: with the GIL released, two threads could do so
  // at once. Throws std::logic_error while another Use exists.
  class Use {
   public:
    Use(Recorder& recorder, char const* call) : recorder_(recorder) {
      if (!recorder_.is_in_use_.exchange(true)) return;
      throw std::logic_error(std::string(call) +
                             "() was called while the recorder is in use by a loop or another "
                             "call: wait for that to end");
    }
    ~Use() { recorder_.is_in_use_ = false; }
    Use(Use const&) = delete;
    Use& operator=(Use const&) = delete;

   private:
    Recorder& recorder_;
  };

  // What can throw comes first: detach() relies on an attachment always having its view.
  void attach(ContextView const& view) {
    Use const use(*this, "attach");
    if (attachment_) throw std::logic_error("this recorder is attached to a context already");
    auto attached_to = std::make_unique<ContextView>(view);
    attachment_ = std::make_unique<Attachment>(*this, view.context(), view.layout());
    attached_to_ = std::move(attached_to);
  }

  void detach() {
    Use const use(*this, "detach");
    if (!attachment_) return;
    attachment_->end(attached_to_->context());
    attachment_.reset();
    attached_to_.reset();
  }

  bool is_attached() const noexcept { return attachment_ != nullptr; }

 private:
  std::atomic<bool> is_in_use_{false};
  std::unique_ptr<ContextView> attached_to_;
  std::unique_ptr<Attachment> attachment_;
};

// An array over the recorder's own memory, which lives as long as the array does.
inline FloatArray samples_array(LayerRecorder const& recorder) {
  SampleMatrix matrix;
  {
    py::gil_scoped_release const release;  // a long copy when streaming
    matrix = recorder.samples();
  }
  std::vector<std::size_t> const shape{matrix.rows, matrix.columns};
  if (!matrix.values) return FloatArray(shape);
  auto* keep = new std::shared_ptr<float[]>(matrix.values);
  py::capsule const owner(
      keep, [](void* p) noexcept { delete static_cast<std::shared_ptr<float[]>*>(p); });
  return FloatArray(shape, matrix.values.get(), owner);
}

// A read-only array over a vector that lives as long as `owner` does.
template <class T>
py::array array_over(std::vector<T> const& values, std::vector<std::size_t> const& shape,
                     py::handle owner) {
  py::array_t<T> array(shape, values.data(), owner);
  array.attr("setflags")(py::arg("write") = false);
  return array;
}

}  // namespace trtcore
