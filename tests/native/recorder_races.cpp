// One thread records iterations whose number is the time of each of their layers; another reads all
// it can meanwhile. Every row read has to be whole, and follow the one before. Built with
// ThreadSanitizer by test_data_races.py.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "recorder/layer_recorder.hpp"

namespace {

using trtcore::IterationBoundary;
using trtcore::LayerRecorder;

constexpr int kIterations = 20000;
// Begins with a repetition, so that inferred boundaries are learned twice.
char const* const kNames[] = {"a", "b", "a", "b", "a layer with a name that takes memory"};
constexpr std::size_t kLayers = 5;

void require(bool holds, char const* what) {
  if (holds) return;
  std::fprintf(stderr, "not so: %s\n", what);
  std::exit(1);
}

void record(LayerRecorder& recorder, int iteration) {
  for (char const* name : kNames) recorder.record(std::string(name).c_str(), float(iteration));
}

void check_rows(trtcore::SampleMatrix const& samples) {
  if (samples.columns != kLayers) return;  // of a boundary that was inferred too early
  float const* const values = samples.values.get();
  for (std::size_t i = 0; i < samples.rows * kLayers; ++i) {
    float const first = values[0] + float(i / kLayers);
    require(values[i] == first, "a row is whole and follows the one before");
  }
}

void read(LayerRecorder const& recorder) {
  check_rows(recorder.samples());
  for (auto const& name : recorder.names()) require(!name.empty(), "a name is whole");
  std::size_t const dropped = recorder.dropped(), iterations = recorder.iterations();
  require(dropped <= iterations, "no more is dropped than was seen");
  auto const statistics = recorder.statistics();
  if (statistics != nullptr && statistics->layers() == kLayers && statistics->count() > 0) {
    double const middle = double(statistics->count() - 1) / 2;
    require(std::abs(statistics->mean()[0] - statistics->mean()[4]) < 1e-6, "columns agree");
    require(std::abs(statistics->mean()[0] - middle) < 1e-3, "all iterations are in");
  }
  require(!recorder.is_faulted() && recorder.fault().iteration == 0, "there is no fault");
}

void run(IterationBoundary boundary, bool streams, std::size_t kept) {
  bool const infers = boundary == IterationBoundary::inferred;
  LayerRecorder recorder(boundary, infers ? kept : 0);
  if (!infers) {
    recorder.begin_iteration();
    record(recorder, 0);
    recorder.end_iteration();
  }
  if (streams) {
    recorder.stream(kept);
  } else if (!infers) {
    recorder.reserve(kept);
  }
  std::thread writer([&] {
    for (int i = 0; i < kIterations; ++i) {
      if (!infers) recorder.begin_iteration();
      record(recorder, i);
      if (!infers) recorder.end_iteration();
    }
  });
  while (recorder.iterations() < kIterations - 1) read(recorder);
  writer.join();
  read(recorder);
  require(recorder.iterations() == kIterations, "all iterations are counted");
}

}  // namespace

int main() {
  for (auto const boundary : {IterationBoundary::marked, IterationBoundary::inferred}) {
    run(boundary, false, kIterations);
    run(boundary, false, 100);
    run(boundary, true, 300);
  }
  std::puts("ok");
}
