#include "abi/profiler_layout.hpp"

#include <cxxabi.h>

#include <cstring>
#include <typeinfo>

#include "abi/nvinfer_names.hpp"

namespace trtcore {
namespace {

bool is_named(std::type_info const& type, char const* name) {
  return std::strcmp(type.name(), name) == 0;
}

std::type_info const* base_of(std::type_info const& type) {
  auto const* single = dynamic_cast<__cxxabiv1::__si_class_type_info const*>(&type);
  return single == nullptr ? nullptr : single->__base_type;
}

}  // namespace

// The type information stands one slot before the virtual functions (Itanium C++ ABI).
std::optional<trtcore::abi::Layout> profiler_layout(void const* profiler) {
  auto const* vtable = *static_cast<void const* const* const*>(profiler);
  auto const* type = static_cast<std::type_info const*>(vtable[-1]);
  for (; type != nullptr; type = base_of(*type)) {
    if (!is_named(*type, typeid(nvinfer1::v_1_0::IProfiler).name())) continue;
    auto const* base = base_of(*type);
    if (base == nullptr) return trtcore::abi::Layout::v10;
    if (is_named(*base, typeid(nvinfer1::IVersionedInterface).name()))
      return trtcore::abi::Layout::v11;
  }
  return std::nullopt;
}

}  // namespace trtcore
