#include "recorder/sequence_learner.hpp"

namespace trtcore {

void SequenceLearner::push(std::string const& name, float ms) {
  std::size_t const id = id_of_.try_emplace(name, id_of_.size()).first->second;
  failure_.push_back(failure_of(id));
  ids_.push_back(id);
  names_.push_back(name);
  values_.push_back(ms);
}

std::size_t SequenceLearner::failure_of(std::size_t id) const {
  if (ids_.empty()) return 0;
  std::size_t length = failure_.back();
  while (length > 0 && ids_[length] != id) length = failure_[length - 1];
  return ids_[length] == id ? length + 1 : 0;
}

std::optional<std::size_t> SequenceLearner::period() const noexcept {
  std::size_t const seen = ids_.size();
  if (seen > 0 && seen == expected_layers_) return seen;
  std::size_t const shortest = shortest_period();
  // Once is not enough: every sequence of names that has not repeated yet is its own period.
  bool const seen_twice = shortest > 0 && seen >= 2 * shortest;
  if (!seen_twice || seen < expected_layers_) return std::nullopt;
  return shortest;
}

std::size_t SequenceLearner::shortest_period() const noexcept {
  return ids_.empty() ? 0 : ids_.size() - failure_.back();
}

}  // namespace trtcore
