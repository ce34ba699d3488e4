// nvinfer1's classes by name only: pybind11's conduit compares the names of types, so an empty
// class of the right name is enough to ask another module for a pointer.
#pragma once

namespace nvinfer1 {
class IExecutionContext {};
class IVersionedInterface {};
namespace v_1_0 {
class IProfiler {};
}  // namespace v_1_0
}  // namespace nvinfer1
