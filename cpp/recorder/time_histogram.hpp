// A log-linear histogram of times, read off the bits of a float: every octave from 2^-20 to 2^14 ms
// is cut into 128 buckets of equal width, so that the middle of a bucket is within 0.4 % of every
// time in it. Histograms of the same times are the same, in whatever order or parts they came.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace trtcore {

// 2^-20 ms is 1 ns, below any timer's resolution; 2^14 ms is 16 s, longer than any iteration. 2^7
// buckets an octave keep the error below the 0.5 us steps of CUDA events from 0.1 ms down.
constexpr std::int32_t kLeastExponent = -20;
constexpr std::int32_t kOctaves = 34;
constexpr std::int32_t kBucketBits = 7;
// The first bucket takes what is shorter than the range, zero and below; the last what is longer.
constexpr std::int32_t kBuckets = (kOctaves << kBucketBits) + 2;

// As signed integers the bits of floats are in order, and the exponent stands above the fraction.
inline std::size_t bucket_of(float ms) noexcept {
  constexpr std::int32_t fraction_bits = 23;  // of an IEEE 754 single, as is the bias
  constexpr std::int32_t exponent_bias = 127;
  constexpr std::int32_t least = (kLeastExponent + exponent_bias) << kBucketBits;
  std::int32_t bits;
  std::memcpy(&bits, &ms, sizeof bits);
  std::int32_t const bucket = (bits >> (fraction_bits - kBucketBits)) - least + 1;
  return static_cast<std::size_t>(std::clamp(bucket, std::int32_t{0}, kBuckets - 1));
}

// A full bucket stays full instead of starting again at zero.
constexpr void count_one(std::uint32_t& bucket) noexcept { bucket += bucket != UINT32_MAX; }

}  // namespace trtcore
