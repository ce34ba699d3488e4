#include "recorder/layer_recorder.hpp"

#include <algorithm>
#include <cstdint>
#include <new>
#include <stdexcept>
#include <utility>

namespace trtcore {
namespace {

// A contradiction within so few iterations means that the boundary was inferred too early: an
// iteration that begins with a repetition (a b a b c) is taken for two shorter ones. One that
// repeats more often than this at its beginning needs `expected_layers`. Later contradictions are a
// change of the network, which has to be reported. Four leave room for such a beginning and are few
// enough that a change during a real run is not taken for one.
constexpr std::size_t kTentativeIterations = 4;
// Gives up looking for a repetition after so many names: plans have thousands of layers, and a
// million names take some 100 MB.
constexpr std::size_t kLongestSequence = 1'000'000;

// How many of at most `most` bytes do not end inside a character of UTF-8.
std::size_t whole_characters(std::string_view text, std::size_t most) noexcept {
  if (text.size() <= most) return text.size();
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0U) == 0x80U) --most;
  return most;
}

}  // namespace

char const* name_of(Fault::Kind kind) noexcept {
  switch (kind) {
    case Fault::Kind::none:
      return "none";
    case Fault::Kind::unexpected_layer:
      return "unexpected layer";
    case Fault::Kind::missing_layers:
      return "missing layers";
    case Fault::Kind::no_layers:
      return "no layers";
    case Fault::Kind::no_repetition:
      return "no repetition";
    case Fault::Kind::out_of_memory:
      return "out of memory";
  }
  return "unknown";
}

LayerRecorder::LayerRecorder(IterationBoundary boundary, std::size_t capacity,
                             std::size_t expected_layers)
    : boundary_(boundary), learner_(expected_layers), capacity_(capacity) {}

void LayerRecorder::learn() {
  Lock const lock(mutex_);
  forget();
}

void LayerRecorder::forget() {
  state_ = State::learning;
  learner_ = SequenceLearner();
  names_.clear();
  expected_.clear();
  matrix_ = SampleMatrix();
  statistics_.reset();
  cursor_ = 0;
  iterations_ = 0;
  folded_ = 0;
  fault_ = Fault();
}

void LayerRecorder::reserve(std::size_t iterations) { renew_storage(iterations, false); }

void LayerRecorder::stream(std::size_t iterations) { renew_storage(iterations, true); }

// Gigabytes may have to be zeroed: outside the mutex, so that readers do not wait for it.
void LayerRecorder::renew_storage(std::size_t iterations, bool streams) {
  Storage storage = make_storage(iterations, streams, columns_to_take());
  Lock const lock(mutex_);
  install(std::move(storage));
}

// With inferred boundaries memory is taken again once the names are known; with marked ones never.
std::size_t LayerRecorder::columns_to_take() const {
  Lock const lock(mutex_);
  if (boundary_ == IterationBoundary::inferred || !names_.empty()) return names_.size();
  throw std::logic_error("the layers are not known yet: run an iteration before memory is taken");
}

// The zeros are written here, so that no page is touched for the first time inside the loop.
LayerRecorder::Storage LayerRecorder::make_storage(std::size_t iterations, bool streams,
                                                   std::size_t columns) {
  // The ring has a block to spare, so that the row being written never overwrites a kept one.
  std::size_t const rows = streams ? (iterations / kBlockRows + 2) * kBlockRows : iterations;
  if (rows < iterations || (columns > 0 && rows > SIZE_MAX / sizeof(float) / columns)) {
    throw std::bad_alloc();
  }
  auto statistics = streams ? std::make_shared<LayerStatistics>(columns) : nullptr;
  std::shared_ptr<float[]> values(new float[rows * columns]());
  return {{std::move(values), rows, columns}, std::move(statistics), iterations, streams};
}

void LayerRecorder::install(Storage storage) noexcept {
  matrix_ = std::move(storage.matrix);
  statistics_ = std::move(storage.statistics);
  capacity_ = storage.capacity;
  streams_ = storage.streams;
  iterations_ = 0;
  folded_ = 0;
  select_row();
}

void LayerRecorder::settle() {
  Lock const lock(mutex_);
  if (state_ == State::learning && learner_.shortest_period() > 0) {
    adopt(learner_.shortest_period());
  }
}

void LayerRecorder::begin_iteration() noexcept {
  Lock const lock(mutex_);
  cursor_ = 0;
  if (state_ == State::learning) learner_ = SequenceLearner();
  if (state_ == State::recording) select_row();
}

void LayerRecorder::end_iteration() noexcept {
  Lock const lock(mutex_);
  if (state_ == State::faulted) return;
  if (state_ == State::learning) {
    try {
      adopt(learner_.names().size());
    } catch (std::bad_alloc const&) {
      fail(Fault::Kind::out_of_memory);
    }
  } else if (cursor_ == expected_.size()) {
    finish_row();
  } else {
    fail(Fault::Kind::missing_layers);
  }
}

Fault LayerRecorder::fault() const {
  Lock const lock(mutex_);
  return fault_;
}

bool LayerRecorder::is_faulted() const {
  Lock const lock(mutex_);
  return state_ == State::faulted;
}

std::vector<std::string> LayerRecorder::names() const {
  Lock const lock(mutex_);
  return names_;
}

std::size_t LayerRecorder::iterations() const {
  Lock const lock(mutex_);
  return whole_rows();
}

std::size_t LayerRecorder::dropped() const {
  Lock const lock(mutex_);
  return dropped_rows();
}

// With inferred boundaries a full row is closed only when the next one begins.
bool LayerRecorder::open_row_is_whole() const noexcept {
  return boundary_ == IterationBoundary::inferred && state_ == State::recording &&
         cursor_.load(std::memory_order_acquire) == expected_.size();
}

std::size_t LayerRecorder::whole_rows() const noexcept {
  return iterations_ + (open_row_is_whole() ? 1 : 0);
}

std::size_t LayerRecorder::dropped_rows() const noexcept {
  std::size_t const kept = matrix_.rows == 0 ? 0 : capacity_;
  std::size_t const whole = whole_rows();
  return whole - std::min(whole, kept);
}

// The ring is copied under the mutex, so that no row is taken for a new iteration meanwhile.
SampleMatrix LayerRecorder::samples() const {
  Lock const lock(mutex_);
  std::size_t const whole = whole_rows();
  std::size_t const rows = std::min(whole, matrix_.rows == 0 ? 0 : capacity_);
  std::size_t const columns = names_.size();
  if (!streams_) return {matrix_.values, rows, columns};
  std::shared_ptr<float[]> const copy(new float[rows * columns]);
  for (std::size_t row = 0; row < rows; ++row) {
    std::size_t const place = (whole - rows + row) % matrix_.rows;
    std::copy_n(matrix_.values.get() + place * columns, columns, copy.get() + row * columns);
  }
  return {copy, rows, columns};
}

std::shared_ptr<LayerStatistics> LayerRecorder::statistics() const {
  Lock const lock(mutex_);
  if (!statistics_) return nullptr;
  auto const copy = std::make_shared<LayerStatistics>(*statistics_);
  copy->fold(unfolded_rows(), whole_rows() - folded_);
  return copy;
}

void LayerRecorder::record_unexpected(char const* name, float ms) noexcept {
  Lock const lock(mutex_);
  if (state_ == State::faulted) return;
  try {
    take_unexpected(name, ms);
  } catch (...) {
    fail(Fault::Kind::out_of_memory, name);
  }
}

void LayerRecorder::take_unexpected(char const* name, float ms) {
  bool const at_boundary = state_ == State::recording && cursor_ == expected_.size();
  if (state_ == State::learning) {
    learn_layer(name, ms);
  } else if (boundary_ == IterationBoundary::marked) {
    fail(Fault::Kind::unexpected_layer, name);
  } else if (at_boundary && std::strcmp(name, expected_[0]) == 0) {
    finish_row();
    take(ms);
  } else if (iterations_ < kTentativeIterations && dropped_rows() == 0) {
    relearn();
    learn_layer(name, ms);
  } else {
    if (at_boundary) finish_row();
    fail(Fault::Kind::unexpected_layer, name);
  }
}

void LayerRecorder::take(float ms) noexcept {
  std::size_t const position = cursor_;
  row_[position] = ms;
  cursor_ = position + 1;
}

void LayerRecorder::learn_layer(char const* name, float ms) {
  learner_.push(name, ms);
  if (boundary_ == IterationBoundary::marked) return;
  if (auto const layers = learner_.period()) return adopt(*layers);
  if (learner_.names().size() == kLongestSequence) fail(Fault::Kind::no_repetition, name);
}

// Hands everything recorded so far back to the learner, without the expectation that misled it.
void LayerRecorder::relearn() {
  SequenceLearner learner;
  std::size_t const seen = iterations_ * names_.size() + cursor_;
  for (std::size_t i = 0; i < seen; ++i) {
    std::size_t const column = i % names_.size();
    bool const whole_row = i < iterations_ * names_.size();
    learner.push(names_[column], whole_row ? matrix_.values[i] : row_[column]);
  }
  forget();
  learner_ = std::move(learner);
}

void LayerRecorder::adopt(std::size_t layers) {
  if (layers == 0) return fail(Fault::Kind::no_layers);
  auto const& seen = learner_.names();
  bool const infers = boundary_ == IterationBoundary::inferred;
  if (infers) install(make_storage(capacity_, streams_, layers));
  freeze({seen.begin(), seen.begin() + static_cast<std::ptrdiff_t>(layers)});
  if (!infers) return;
  select_row();
  for (float const ms : learner_.values()) {
    if (cursor_ == layers) finish_row();
    take(ms);
  }
  learner_ = SequenceLearner();
}

// All memory is taken before anything changes.
void LayerRecorder::freeze(std::vector<std::string> names) {
  std::vector<char const*> expected;
  expected.reserve(names.size());
  for (auto const& name : names) expected.push_back(name.c_str());
  spare_row_.assign(names.size(), 0.0F);
  names_ = std::move(names);
  expected_ = std::move(expected);
  row_ = spare_row_.data();
  cursor_ = 0;
  state_ = State::recording;
}

void LayerRecorder::finish_row() noexcept {
  ++iterations_;
  cursor_ = 0;
  if (statistics_ && iterations_ % kBlockRows == 0) fold();
  select_row();
}

void LayerRecorder::select_row() noexcept {
  std::size_t const row = statistics_ ? iterations_ % matrix_.rows : iterations_;
  bool const fits = row < matrix_.rows;
  row_ = fits ? matrix_.values.get() + row * matrix_.columns : spare_row_.data();
}

// The rows since the last fold are neighbours: they never cross the end of a block.
float const* LayerRecorder::unfolded_rows() const noexcept {
  return matrix_.values.get() + folded_ % matrix_.rows * matrix_.columns;
}

void LayerRecorder::fold() noexcept {
  statistics_->fold(unfolded_rows(), iterations_ - folded_);
  folded_ = iterations_;
}

void LayerRecorder::fail(Fault::Kind kind, std::string_view received) noexcept {
  fault_.kind = kind;
  fault_.iteration = iterations_;
  fault_.position = cursor_;
  std::size_t const length = whole_characters(received, fault_.received.size() - 1);
  received.copy(fault_.received.data(), length);
  expected_.clear();  // sends every further call to record_unexpected, which ignores it
  state_ = State::faulted;
}

}  // namespace trtcore
