#include "apps/lib/tensorboard/event.h"

#include <bit>
#include <type_traits>

#include "apps/lib/tensorboard/crc32c.h"
#include "core/error.h"

namespace lowbit {
namespace {

template <class T>
void append_little_endian(std::string& out, T value) {
  for (size_t i = 0; i < sizeof(T); ++i) out += static_cast<char>(value >> 8 * i & 0xFF);
}

// Protobuf's wire format: a key (field number, wire type), then the value. Fields with their default value are left
// out, as proto3 does; https://protobuf.dev/programming-guides/encoding
class Message {
 public:
  Message& integer(int field, int64_t value) {
    if (value != 0) key(field, 0), varint(static_cast<uint64_t>(value));
    return *this;
  }
  Message& real(int field, double value) {
    const auto bits = std::bit_cast<uint64_t>(value);
    if (bits != 0) key(field, 1), append_little_endian(bytes_, bits);
    return *this;
  }
  /// An oneof member: written even when 0.
  Message& single(int field, float value) {
    key(field, 5), append_little_endian(bytes_, std::bit_cast<uint32_t>(value));
    return *this;
  }
  Message& bytes(int field, std::string_view value) {
    key(field, 2), varint(value.size()), bytes_ += value;
    return *this;
  }
  Message& message(int field, const Message& value) { return bytes(field, value.bytes_); }
  Message& packed(int field, std::span<const double> values) {
    Message items;
    for (const double value : values) append_little_endian(items.bytes_, std::bit_cast<uint64_t>(value));
    return values.empty() ? *this : message(field, items);
  }
  std::string finish() const { return bytes_; }

 private:
  void key(int field, int wire_type) { varint(static_cast<uint64_t>(field) << 3 | static_cast<uint64_t>(wire_type)); }
  void varint(uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>((value & 0x7F) | 0x80);
    bytes_ += static_cast<char>(value);
  }
  std::string bytes_;
};

// Field numbers of event.proto and summary.proto.
Message event(double seconds, int64_t step) { return Message().real(1, seconds).integer(2, step); }

std::string summary_event(double seconds, int64_t step, const Message& value) {
  return event(seconds, step).message(5, Message().message(1, value)).finish();
}

}  // namespace

Histogram level_histogram(std::span<const double> values, std::span<const double> counts) {
  LB_CHECK(!values.empty() && values.size() == counts.size(), "histogram", "{} levels, {} counts", values.size(),
           counts.size());
  Histogram histogram{
      .min = values.front(), .max = values.back(), .limits = {}, .buckets = {counts.begin(), counts.end()}};
  for (size_t i = 0; i < values.size(); ++i) {
    histogram.limits.push_back(i + 1 < values.size() ? (values[i] + values[i + 1]) / 2 : values[i]);
    histogram.count += counts[i];
    histogram.sum += counts[i] * values[i];
    histogram.sum_squares += counts[i] * values[i] * values[i];
  }
  return histogram;
}

std::string version_event(double seconds) { return event(seconds, 0).bytes(3, "brain.Event:2").finish(); }

std::string restart_event(double seconds, int64_t step) {
  constexpr int64_t kStart = 1;  // SessionLog.SessionStatus
  return event(seconds, step).message(7, Message().integer(1, kStart)).finish();
}

std::string scalar_event(double seconds, int64_t step, std::string_view tag, double value) {
  return summary_event(seconds, step, Message().bytes(1, tag).single(2, static_cast<float>(value)));
}

std::string histogram_event(double seconds, int64_t step, std::string_view tag, const Histogram& histogram) {
  const Message proto = Message()
                            .real(1, histogram.min)
                            .real(2, histogram.max)
                            .real(3, histogram.count)
                            .real(4, histogram.sum)
                            .real(5, histogram.sum_squares)
                            .packed(6, histogram.limits)
                            .packed(7, histogram.buckets);
  return summary_event(seconds, step, Message().bytes(1, tag).message(5, proto));
}

std::string text_event(double seconds, int64_t step, std::string_view tag, std::string_view markdown) {
  constexpr int64_t kStringType = 7, kTensorClass = 2;  // DT_STRING, DATA_CLASS_TENSOR
  const Message shape = Message().message(2, Message().integer(1, 1));
  const Message tensor = Message().integer(1, kStringType).message(2, shape).bytes(8, markdown);
  const Message metadata = Message().message(1, Message().bytes(1, "text")).integer(4, kTensorClass);
  return summary_event(seconds, step, Message().bytes(1, tag).message(8, tensor).message(9, metadata));
}

std::string frame_record(std::string_view payload) {
  // Masked because a CRC of bytes that hold CRCs is weak (TFRecord format).
  const auto append_masked_crc = [](std::string& out, std::string_view bytes) {
    const uint32_t crc = crc32c(bytes);
    append_little_endian(out, (crc >> 15 | crc << 17) + 0xa282ead8u);
  };
  std::string record;
  append_little_endian(record, static_cast<uint64_t>(payload.size()));
  append_masked_crc(record, std::string(record));
  record += payload;
  append_masked_crc(record, payload);
  return record;
}

}  // namespace lowbit
