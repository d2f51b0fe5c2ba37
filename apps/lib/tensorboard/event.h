#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lowbit {

/// A histogram as TensorBoard takes it: bucket i counts the values up to right edge limits[i] and above the one before.
struct Histogram {
  double min = 0, max = 0, count = 0, sum = 0, sum_squares = 0;
  std::vector<double> limits, buckets;
};

/// The use of a code book's levels (values in rising order) with an edge half-way between neighbours.
Histogram level_histogram(std::span<const double> values, std::span<const double> counts);

/// One event of TensorBoard's file format (tensorflow/core/util/event.proto), encoded by hand. Each function returns
/// the protobuf message, to be framed by frame_record. `seconds` since 1970.
std::string version_event(double seconds);  ///< must be the first of a file
/// Readers drop what was written before for `step` and later: training has been resumed there.
std::string restart_event(double seconds, int64_t step);
std::string scalar_event(double seconds, int64_t step, std::string_view tag, double value);
std::string histogram_event(double seconds, int64_t step, std::string_view tag, const Histogram& histogram);
std::string text_event(double seconds, int64_t step, std::string_view tag, std::string_view markdown);

/// A record as it stands in the file: length, its masked CRC-32C, payload, its masked CRC-32C, all little-endian.
std::string frame_record(std::string_view payload);

}  // namespace lowbit
