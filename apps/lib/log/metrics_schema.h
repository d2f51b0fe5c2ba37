#pragma once

/// The files that a run leaves for programs to read: written by the trainer and the bench and score verbs, read by the
/// report. Numbers are JSON numbers. A number that is not finite is null, and its path stands in the record's
/// "nonfinite" list ("loss", "levels.3.entropy"). Readers ignore keys they do not know; a change of meaning raises
/// kMetricsSchema.
///
/// metrics.jsonl, one object a line, in order of time. Every record:
///   schema  1
///   kind    one of those below
///   update  optimizer updates so far
///   epoch   from 1
///   time    seconds since 1970
///
///   kind         further keys (those in brackets may be absent)
///   start        name; resumed_from (update, null for a fresh run);
///                [parameters, weight_bits "W-E-A", output_bits, recipe]
///   train_inner  every log interval, averaged since the last: the keys of kTrainKeys
///   valid        subset; loss, nll_loss, ppl;
///                [bleu, chrf, best_loss, best_bleu, length_ratio, signature]
///   levels       levels: list of one object a quantized weight, in forward order:
///                path, values (the code book, e.g. [-1,0,1]), counts (weights on each),
///                entropy (bits of counts/sum),
///                flip (share of weights whose level changed since the last such record)
///   cost         seconds: {phase: seconds since the last such record}, bytes: {what: bytes held at the peak};
///                phases by convention data, forward, backward, optimizer, validation, checkpoint, other;
///                holders weights, gradients, optimizer, activations, teacher, workspace, other
///
/// results.json, one object: what was scored after training, beside its baselines:
///   schema   1
///   title    of the comparison; [subtitle]
///   systems  list, in the order to show: name, bits "W-E-A" (null for a baseline),
///            output_bits (null), size_bytes (null), bleu;
///            [signature, beam (null: sampled), chrf, chrf_signature, length_ratio, sentences_per_s, tokens_per_s,
///            parameters, baseline (true for copy-source and the like)]
///   samples  list: source, reference, outputs: {system name: text}
namespace lowbit {

inline constexpr int kMetricsSchema = 1;

/// fairseq's names in fairseq's order, then ours. Units: losses in base 2 a token as fairseq prints them, wps words a
/// second, ups updates a second, wpb words and bsz sentences a batch, gnorm and clip (% of updates clipped), train_wall
/// and wall seconds, gb_free GiB on the device, flip % of weights that changed level, w_ent mean bits of level entropy.
/// With loss scaling only: loss_scale of the next attempt, attempts = num_updates + skipped_updates since the start;
/// without, an update is never skipped.
inline constexpr const char* kTrainKeys[] = {
    "loss",        "nll_loss", "ppl",   "wps",  "ups",        "wpb",      "bsz",
    "num_updates", "lr",       "gnorm", "clip", "loss_scale", "attempts", "skipped_updates",
    "train_wall",  "gb_free",  "wall",  "flip", "w_ent"};

}  // namespace lowbit
