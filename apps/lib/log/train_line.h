#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace lowbit {

/// One line a log interval, in fairseq's words, order and rounding, from a train_inner record (metrics_schema.h), with
/// the time left at the end:
///   epoch 001:    200 / 1374 loss=6.123, ppl=69.7, wps=1532.1, ups=4.20, ..., flip=0.020, w_ent=1.520, eta=1:35
/// Keys that the record lacks are left out; null is printed as nan.
std::string step_line(const std::string& label, int64_t done, int64_t total, const nlohmann::ordered_json& record,
                      const std::string& time_left);

/// The line at the end of an epoch or a validation, from a train or valid record, fairseq's " | " form:
///   epoch 001 | valid on 'valid' subset | loss 5.121 | ppl 34.8 | bleu 12.3 | num_updates 1374
std::string summary_line(const nlohmann::ordered_json& record);

/// "loss=6.123, ppl=69.7": the same keys for the progress line.
std::string metric_list(const nlohmann::ordered_json& record);

/// 8192 as such, smaller scales than 1 as "2^-14": never rounded.
std::string loss_scale_text(double scale);

}  // namespace lowbit
