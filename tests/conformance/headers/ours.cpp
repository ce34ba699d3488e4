#include <typeinfo>

#include "abi/nvinfer_abi.hpp"
#include "abi/nvinfer_names.hpp"
#include "slice.hpp"

namespace conformance {
namespace abi = trtcore::abi;

Slice our_slice(int layout) {
  bool const is_v10 = layout == 10;
  auto const slots = abi::slots_of(is_v10 ? abi::Layout::v10 : abi::Layout::v11);
  using Plain = abi::v10::IProfiler;
  using Versioned = abi::v11::IProfiler;
  return {slots.set_profiler,
          slots.get_profiler,
          slots.get_name,
          slots.execute_v2,
          slots.set_enqueue_emits_profile,
          slots.get_enqueue_emits_profile,
          slots.report_to_profiler,
          slots.get_tensor_address,
          slots.enqueue_v3,
          slots.get_persistent_cache_limit,
          abi::kImplementationOffset,
          is_v10 ? slot_of(&Plain::reportLayerTime) : slot_of(&Versioned::reportLayerTime),
          is_v10 ? 0 : slot_of(&Versioned::getAPILanguage),
          is_v10 ? 0 : slot_of(&Versioned::getInterfaceInfo),
          is_v10 ? 0 : sizeof(abi::v11::InterfaceInfo),
          0,  // v11::IProfiler::getAPILanguage
          typeid(nvinfer1::IExecutionContext).name(),
          typeid(nvinfer1::v_1_0::IProfiler).name()};
}

}  // namespace conformance
