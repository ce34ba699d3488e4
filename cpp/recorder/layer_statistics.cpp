#include "recorder/layer_statistics.hpp"

#include <limits>

namespace trtcore {
namespace {

// Columns folded together: eight floats are half a cache line, so a line is read twice and not once
// per column, and eight independent sums hide the latency of the additions.
constexpr std::size_t kTile = 8;

}  // namespace

LayerStatistics::LayerStatistics(std::size_t layers)
    : mean_(layers),
      deviations_(layers),
      least_(layers, std::numeric_limits<float>::infinity()),
      most_(layers, -std::numeric_limits<float>::infinity()),
      buckets_(layers * kBuckets) {}

void LayerStatistics::fold(float const* samples, std::size_t rows) noexcept {
  for (std::size_t done = 0; done < rows; done += kBlockRows) {
    fold_block(samples + done * layers(), std::min(kBlockRows, rows - done));
  }
}

void LayerStatistics::fold_block(float const* samples, std::size_t rows) noexcept {
  std::size_t first = 0;
  for (; first + kTile <= layers(); first += kTile) fold_columns<kTile>(samples, rows, first);
  for (; first < layers(); ++first) fold_columns<1>(samples, rows, first);
  count_ += rows;
}

// The columns' running values are copied to the stack, where nothing else can alias them.
template <std::size_t Columns>
void LayerStatistics::fold_columns(float const* samples, std::size_t rows,
                                   std::size_t first) noexcept {
  float const* const origin = samples + first;
  std::uint32_t* const buckets = buckets_.data() + first * kBuckets;
  double sum[Columns] = {};
  double squares[Columns] = {};
  float least[Columns], most[Columns];
  std::copy_n(least_.data() + first, Columns, least);
  std::copy_n(most_.data() + first, Columns, most);
  for (std::size_t row = 0; row < rows; ++row) {
    float const* const times = origin + row * layers();
    for (std::size_t i = 0; i < Columns; ++i) {
      double const distance = static_cast<double>(times[i]) - static_cast<double>(origin[i]);
      sum[i] += distance;
      squares[i] += distance * distance;
      least[i] = std::min(least[i], times[i]);
      most[i] = std::max(most[i], times[i]);
      count_one(buckets[i * kBuckets + bucket_of(times[i])]);
    }
  }
  std::copy_n(least, Columns, least_.data() + first);
  std::copy_n(most, Columns, most_.data() + first);
  for (std::size_t i = 0; i < Columns; ++i) {
    join_moments(first + i, static_cast<double>(rows), origin[i], sum[i], squares[i]);
  }
}

// Squares of distances from one of the times stay small, so the sums lose no digits; Chan, Golub
// and LeVeque's update (1979) merges them with the statistics so far.
void LayerStatistics::join_moments(std::size_t layer, double rows, float origin, double sum,
                                   double squares) noexcept {
  double const before = static_cast<double>(count_);
  double const all = before + rows;
  double const step = static_cast<double>(origin) + sum / rows - mean_[layer];
  mean_[layer] += step * rows / all;
  // Rounding can leave the difference just below zero, and a variance never is.
  deviations_[layer] +=
      std::max(squares - sum * sum / rows, 0.0) + step * step * before * rows / all;
}

}  // namespace trtcore
