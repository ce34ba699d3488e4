# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
# cython: cdivision=True
"""Kernels over sample arrays, without the GIL. _stats.pyi documents them.

`benchmarks/stats_reference.py` says the same in NumPy. Only what NumPy does several times slower is here.
"""

import numpy as np

from libc.stdint cimport int32_t, int64_t, uint32_t
from libc.string cimport memcpy
from libcpp.vector cimport vector


cdef extern from "recorder/time_histogram.hpp" namespace "trtcore" nogil:
    const int32_t kLeastExponent
    const int32_t kOctaves
    const int32_t kBucketBits

cdef extern from "recorder/layer_statistics.hpp" namespace "trtcore" nogil:
    const int32_t kBuckets

    cdef cppclass LayerStatistics:
        LayerStatistics(size_t layers) except +
        void fold(const float* samples, size_t rows)
        const vector[double]& mean()
        const vector[double]& deviations()
        const vector[float]& least()
        const vector[float]& most()
        const vector[uint32_t]& buckets()


cdef extern from "recorder/sorted_columns.hpp" namespace "trtcore" nogil:
    const size_t kTileColumns
    void sort_columns(double* tile, size_t rows)


ctypedef fused number:
    double
    float
    uint32_t


# Where the buckets of a histogram lie; the header says it, and nothing in Python says it again.
LEAST_EXPONENT = kLeastExponent
OCTAVES = kOctaves
PER_OCTAVE = 1 << kBucketBits
BUCKETS = kBuckets


def fold(const float[:, ::1] samples):
    cdef Py_ssize_t series = samples.shape[1], rows = samples.shape[0]
    cdef LayerStatistics* statistics
    if series == 0 or rows == 0:
        raise ValueError(f"samples have shape {tuple(samples.shape)}; there is nothing to fold")
    statistics = new LayerStatistics(series)
    try:
        with nogil:
            statistics.fold(&samples[0, 0], rows)
        return (
            as_array[double](statistics.mean(), np.float64),
            as_array[double](statistics.deviations(), np.float64),
            as_array[float](statistics.least(), np.float32),
            as_array[float](statistics.most(), np.float32),
            as_array[uint32_t](statistics.buckets(), np.uint32).reshape(series, kBuckets),
        )
    finally:
        del statistics


cdef as_array(const vector[number]& values, dtype):
    cdef number[::1] array = np.empty(values.size(), dtype)
    memcpy(&array[0], values.data(), values.size() * sizeof(number))
    return np.asarray(array)


def locate(const uint32_t[:, ::1] buckets, const int64_t[:, ::1] ranks):
    cdef int32_t[:, ::1] places = np.empty((ranks.shape[0], ranks.shape[1]), np.int32)
    cdef Py_ssize_t series
    if buckets.shape[0] != ranks.shape[0]:
        raise ValueError(f"ranks of {ranks.shape[0]} series for {buckets.shape[0]}")
    with nogil:
        for series in range(buckets.shape[0]):
            locate_in(buckets[series], ranks[series], places[series])
    return np.asarray(places)


cdef void locate_in(
    const uint32_t[::1] buckets, const int64_t[::1] ranks, int32_t[::1] places
) noexcept nogil:
    cdef Py_ssize_t bucket = 0, i
    cdef int64_t below = 0
    for i in range(ranks.shape[0]):
        while bucket + 1 < buckets.shape[0] and below + buckets[bucket] <= ranks[i]:
            below += buckets[bucket]
            bucket += 1
        places[i] = <int32_t>bucket


def batch_medians(const double[:, :, ::1] batches):
    cdef Py_ssize_t size = batches.shape[1], series = batches.shape[2]
    cdef double[:, ::1] medians = np.empty((batches.shape[0], series))
    cdef double[:, ::1] tile = np.zeros((size, kTileColumns))
    cdef Py_ssize_t i, row, first = 0, width
    if size == 0:
        raise ValueError("a batch of no samples has no median")
    with nogil:
        for i in range(batches.shape[0]):
            first = 0
            while first < series:
                width = min(<Py_ssize_t>kTileColumns, series - first)
                for row in range(size):
                    memcpy(&tile[row, 0], &batches[i, row, first], width * sizeof(double))
                sort_columns(&tile[0, 0], size)
                for row in range(width):
                    medians[i, first + row] = (
                        tile[(size - 1) // 2, row] + tile[size // 2, row]
                    ) / 2
                first += width
    return np.asarray(medians)


def weighted_medians(
    const float[:, ::1] ordered,
    const int32_t[:, ::1] order,
    const int32_t[:, ::1] weights,
):
    cdef Py_ssize_t series = ordered.shape[0]
    cdef Py_ssize_t samples = ordered.shape[1]
    cdef Py_ssize_t resamples = weights.shape[0]
    cdef double[:, ::1] medians = np.empty((resamples, series))
    cdef const int64_t[::1] totals = np.sum(weights, axis=1, dtype=np.int64)
    cdef Py_ssize_t i, r
    if order.shape[0] != series or order.shape[1] != samples or weights.shape[1] != samples:
        raise ValueError("ordered, order and weights do not have as many samples")
    if samples == 0 or np.min(weights, initial=0) < 0 or np.min(totals, initial=1) < 1:
        raise ValueError("a resample without samples has no median")
    with nogil:
        for i in range(series):
            for r in range(resamples):
                medians[r, i] = weighted_median(
                    &ordered[i, 0], &order[i, 0], &weights[r, 0], totals[r]
                )
    return np.asarray(medians)


cdef double weighted_median(
    const float* ordered, const int32_t* order, const int32_t* weights, int64_t total
) noexcept nogil:
    cdef Py_ssize_t low, i = 0
    cdef int64_t below = weights[order[0]]
    while 2 * below < total:
        i += 1
        below += weights[order[i]]
    if 2 * below > total:
        return ordered[i]
    # An even number, and the two in the middle differ.
    low = i
    i += 1
    while weights[order[i]] == 0:
        i += 1
    return (<double>ordered[low] + <double>ordered[i]) / 2
