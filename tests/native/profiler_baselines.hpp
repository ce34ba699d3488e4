// What other profilers do in the callback, written anew from descriptions of theirs: what the
// recorder's cost is compared with.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "abi/nvinfer_abi.hpp"

namespace fake {

using IProfiler = trtcore::abi::v11::IProfiler;

// The least a native callback can cost.
template <class Interface>
class EmptyProfilerOf final : public Interface {
 public:
  void reportLayerTime(char const*, float) noexcept override {}
};

// The sample of old TensorRT: looks the layer up by its name and adds its time up.
class FindIfProfiler final : public IProfiler {
 public:
  void reportLayerTime(char const* layer_name, float ms) noexcept override {
    auto const found = std::find_if(layers_.begin(), layers_.end(),
                                    [&](auto const& layer) { return layer.first == layer_name; });
    if (found == layers_.end()) {
      layers_.emplace_back(layer_name, ms);
    } else {
      found->second += ms;
    }
  }

 private:
  std::vector<std::pair<std::string, float>> layers_;
};

// trtexec: a cursor goes round the layers in the order of the calls and appends to a vector of
// each; the name is looked at only where it comes round.
class CursorProfiler final : public IProfiler {
 public:
  void reportLayerTime(char const* layer_name, float ms) noexcept override {
    if (cursor_ == layers_.size()) {
      if (!layers_.empty() && layers_.front().name == layer_name) {
        cursor_ = 0;
      } else {
        layers_.push_back({layer_name, {}});
      }
    }
    layers_[cursor_++].times.push_back(ms);
  }

 private:
  struct Layer {
    std::string name;
    std::vector<float> times;
  };
  std::vector<Layer> layers_;
  std::size_t cursor_ = 0;
};

inline std::unique_ptr<IProfiler> make_baseline(std::string const& name) {
  if (name == "empty") return std::make_unique<EmptyProfilerOf<IProfiler>>();
  if (name == "find_if") return std::make_unique<FindIfProfiler>();
  if (name == "cursor") return std::make_unique<CursorProfiler>();
  return nullptr;
}

}  // namespace fake
