// Keeps what an IProfiler is told: one float per layer and iteration, in memory taken beforehand.
// When streaming, that memory is a ring, and each block of it that is full goes into statistics.
//
// Layers are keyed by position, because names can repeat. TensorRT's name pointers change from call
// to call, so the names are copied in the first iteration and compared by content ever after; a
// sequence that differs becomes a Fault that names the iteration.
#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "recorder/layer_statistics.hpp"
#include "recorder/sequence_learner.hpp"

namespace trtcore {

// Who says where an iteration begins: the loop that runs it, or the sequence itself.
enum class IterationBoundary { marked, inferred };

struct Fault {
  enum class Kind {
    none,
    unexpected_layer,
    missing_layers,
    no_layers,
    no_repetition,
    out_of_memory
  };
  Kind kind = Kind::none;
  std::size_t iteration = 0;
  std::size_t position = 0;
  std::array<char, 160> received{};  // cut if longer: a fault must not allocate
};

// (rows, columns) floats, C order; shared so that NumPy arrays over it outlive the recorder.
struct SampleMatrix {
  std::shared_ptr<float[]> values;
  std::size_t rows = 0;
  std::size_t columns = 0;
};

class LayerRecorder {
 public:
  explicit LayerRecorder(IterationBoundary boundary = IterationBoundary::marked,
                         std::size_t capacity = 0, std::size_t expected_layers = 0);

  // Forgets names and samples; the next iteration is the one whose names are copied.
  void learn();
  // Takes memory for `iterations` rows and touches it; drops the samples so far. Iterations beyond
  // the capacity are checked and counted, not kept. A row is as long as there are names: with
  // marked boundaries it throws std::logic_error before they are known; with inferred ones the
  // memory is taken once they are.
  void reserve(std::size_t iterations);
  // Instead: takes memory for statistics of all iterations to come and the samples of the last
  // `iterations` of them. Throws like reserve().
  void stream(std::size_t iterations);
  // Inferred boundaries only: settles on the shortest sequence when fewer than two iterations came.
  void settle();

  void begin_iteration() noexcept;
  void end_iteration() noexcept;

  void record(char const* name, float ms) noexcept {
    if (cursor_ < expected_.size() && std::strcmp(name, expected_[cursor_]) == 0) {
      row_[cursor_++] = ms;
    } else {
      record_unexpected(name, ms);
    }
  }

  Fault const& fault() const noexcept { return fault_; }
  std::vector<std::string> const& names() const noexcept { return names_; }
  std::size_t iterations() const noexcept;
  std::size_t dropped() const noexcept;
  // The samples of the whole iterations kept, in the order they came: a view of the memory, or a
  // copy when streaming.
  SampleMatrix samples() const;
  // Of all whole iterations so far; null unless streaming. Not while the context runs.
  std::shared_ptr<LayerStatistics> statistics() noexcept;

 private:
  enum class State { learning, recording, faulted };

  void record_unexpected(char const* name, float ms) noexcept;
  void learn_layer(char const* name, float ms);
  void relearn();
  void adopt(std::size_t layers);
  void freeze(std::vector<std::string> names);
  void require_columns() const;
  void take_memory(std::size_t iterations, bool streams, std::size_t columns);
  bool open_row_is_whole() const noexcept;
  void finish_row() noexcept;
  void select_row() noexcept;
  void fold() noexcept;
  void fail(Fault::Kind kind, std::string_view received = {}) noexcept;

  // What record() uses stands together.
  std::vector<char const*> expected_;  // into names_; empty unless recording
  float* row_ = nullptr;
  std::size_t cursor_ = 0;

  IterationBoundary boundary_;
  State state_ = State::learning;
  SequenceLearner learner_;
  std::vector<std::string> names_;
  SampleMatrix matrix_;
  std::size_t capacity_;
  std::vector<float> spare_row_;  // where iterations beyond the capacity go
  std::size_t iterations_ = 0;
  bool streams_ = false;
  std::shared_ptr<LayerStatistics> statistics_;
  std::size_t folded_ = 0;
  Fault fault_;
};

}  // namespace trtcore
