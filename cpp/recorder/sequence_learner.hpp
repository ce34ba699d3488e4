// Learns where one iteration ends from the stream of layer names alone: the shortest sequence whose
// repetition the stream is. Names may repeat inside an iteration.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace trtcore {

class SequenceLearner {
 public:
  // `expected_layers` (0: unknown) is trusted until the stream contradicts it.
  explicit SequenceLearner(std::size_t expected_layers = 0) : expected_layers_(expected_layers) {}

  void push(std::string const& name, float ms);

  // The number of layers of an iteration, once two whole ones (or the expected one) were seen.
  std::optional<std::size_t> period() const noexcept;
  // The shortest number of layers that explains what was seen so far; 0 when nothing was.
  std::size_t shortest_period() const noexcept;

  std::vector<std::string> const& names() const noexcept { return names_; }
  std::vector<float> const& values() const noexcept { return values_; }

 private:
  std::size_t failure_of(std::size_t id) const;

  std::size_t expected_layers_;
  std::vector<std::string> names_;
  std::vector<float> values_;
  std::vector<std::size_t> ids_;
  // failure_[i]: length of the longest proper prefix of ids_[0..i] that is also its suffix
  // (the failure function of Knuth, Morris and Pratt).
  std::vector<std::size_t> failure_;
  std::unordered_map<std::string, std::size_t> id_of_;
};

}  // namespace trtcore
