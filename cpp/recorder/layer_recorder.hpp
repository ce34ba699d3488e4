// Keeps what TensorRT reports to an IProfiler: one float per layer and iteration, in memory taken
// beforehand. When streaming, that memory is a ring, and each full block goes into statistics.
//
// Layers are keyed by position, because names can repeat. TensorRT's name pointers change from call
// to call, so the names are copied in the first iteration and compared by content ever after; a
// sequence that differs becomes a Fault that names the iteration.
//
// One thread records; any others may read at the same time. Between the first and the last layer of
// an iteration the recording thread takes no lock: a position that is published holds a time that
// never changes again. Everything else is changed and read under the mutex.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <memory>
#include <mutex>
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
  // Cut if longer: a fault must not allocate. Enough to tell a layer by.
  std::array<char, 160> received{};
};

// The name that Python shows; kFaultKinds holds all kinds but `none`, which is no fault.
char const* name_of(Fault::Kind kind) noexcept;
inline constexpr std::array kFaultKinds{Fault::Kind::unexpected_layer, Fault::Kind::missing_layers,
                                        Fault::Kind::no_layers, Fault::Kind::no_repetition,
                                        Fault::Kind::out_of_memory};

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

  // Up to settle(): must not be called while an iteration is being recorded.

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
    std::size_t const position = cursor_.load(std::memory_order_relaxed);
    if (position < expected_.size() && std::strcmp(name, expected_[position]) == 0) {
      row_[position] = ms;
      cursor_.store(position + 1, std::memory_order_release);  // publishes the time
    } else {
      record_unexpected(name, ms);
    }
  }

  // What follows may be called by any thread at any time; each call is a moment of its own.

  Fault fault() const;
  bool is_faulted() const;
  std::vector<std::string> names() const;
  std::size_t iterations() const;
  std::size_t dropped() const;
  // The samples of the whole iterations kept, in the order they came, with a column for each name:
  // a view of the memory, or a copy when streaming.
  SampleMatrix samples() const;
  // Of all whole iterations so far, as a copy; null unless streaming.
  std::shared_ptr<LayerStatistics> statistics() const;

 private:
  enum class State { learning, recording, faulted };
  using Lock = std::lock_guard<std::mutex>;

  // Memory for samples, and for statistics when streaming.
  struct Storage {
    SampleMatrix matrix;
    std::shared_ptr<LayerStatistics> statistics;
    std::size_t capacity;
    bool streams;
  };

  static Storage make_storage(std::size_t iterations, bool streams, std::size_t columns);
  void renew_storage(std::size_t iterations, bool streams);
  void record_unexpected(char const* name, float ms) noexcept;

  // All that follows is called under the mutex.
  void take_unexpected(char const* name, float ms);
  void take(float ms) noexcept;
  void forget();
  void learn_layer(char const* name, float ms);
  void relearn();
  void adopt(std::size_t layers);
  void freeze(std::vector<std::string> names);
  std::size_t columns_to_take() const;
  void install(Storage storage) noexcept;
  bool open_row_is_whole() const noexcept;
  std::size_t whole_rows() const noexcept;
  std::size_t dropped_rows() const noexcept;
  float const* unfolded_rows() const noexcept;
  void finish_row() noexcept;
  void select_row() noexcept;
  void fold() noexcept;
  void fail(Fault::Kind kind, std::string_view received = {}) noexcept;

  // What record() uses stands together; it is changed by the thread that records.
  std::vector<char const*> expected_;  // into names_; empty unless recording
  float* row_ = nullptr;
  std::atomic<std::size_t> cursor_{0};

  mutable std::mutex mutex_;
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
