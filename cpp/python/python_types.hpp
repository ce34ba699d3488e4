// What Python holds of the native half: views and owners that keep their Python objects alive.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <memory>
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

// The C++ object inside a Python object of another pybind11 module; null if it is not a `type`.
inline void* raw_pointer(py::handle object, std::type_info const& type) {
  void* pointer = py::detail::try_raw_pointer_ephemeral_from_cpp_conduit(object, &type);
  if (pointer == nullptr && PyErr_Occurred() != nullptr) throw py::error_already_set();
  return pointer;
}

// A live execution context of somebody's TensorRT binding, kept alive while this view is.
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

  void attach(ContextView const& view) {
    if (attachment_) throw std::logic_error("this recorder is attached to a context already");
    attachment_ = std::make_unique<Attachment>(*this, view.context(), view.layout());
    attached_to_ = std::make_unique<ContextView>(view);
  }

  void detach() {
    if (!attachment_) return;
    attachment_->restore(attached_to_->context());
    attachment_.reset();
    attached_to_.reset();
  }

  bool is_attached() const noexcept { return attachment_ != nullptr; }

 private:
  std::unique_ptr<ContextView> attached_to_;
  std::unique_ptr<Attachment> attachment_;
};

// An array over the recorder's own memory, which lives as long as the array does.
inline FloatArray samples_array(LayerRecorder const& recorder) {
  SampleMatrix const matrix = recorder.samples();
  std::vector<std::size_t> const shape{matrix.rows, recorder.names().size()};
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
