// What is kept of any number of iterations in constant memory: for every layer the count, mean,
// squared deviations, extremes and a histogram.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "recorder/time_histogram.hpp"

namespace trtcore {

// Rows folded at once, which is as many as the recorder hands over: 256 rows of GoogLeNet's 206
// layers are 211 kB, and stay in the L2 cache while the tiles go over them one after another.
inline constexpr std::size_t kBlockRows = 256;

class LayerStatistics {
 public:
  // Takes all memory there will be, and touches it.
  explicit LayerStatistics(std::size_t layers);

  // Adds iterations: `rows` rows of layers() times each, C order.
  void fold(float const* samples, std::size_t rows) noexcept;

  std::size_t layers() const noexcept { return mean_.size(); }
  std::uint64_t count() const noexcept { return count_; }
  std::vector<double> const& mean() const noexcept { return mean_; }
  // Sums of squared deviations from the mean.
  std::vector<double> const& deviations() const noexcept { return deviations_; }
  std::vector<float> const& least() const noexcept { return least_; }
  std::vector<float> const& most() const noexcept { return most_; }
  // (layers, kBuckets), C order.
  std::vector<std::uint32_t> const& buckets() const noexcept { return buckets_; }

 private:
  void fold_block(float const* samples, std::size_t rows) noexcept;
  template <std::size_t Columns>
  void fold_columns(float const* samples, std::size_t rows, std::size_t first) noexcept;
  void join_moments(std::size_t layer, double rows, float origin, double sum,
                    double squares) noexcept;

  std::uint64_t count_ = 0;
  std::vector<double> mean_;
  std::vector<double> deviations_;
  std::vector<float> least_;
  std::vector<float> most_;
  std::vector<std::uint32_t> buckets_;
};

}  // namespace trtcore
