#include "apps/lib/trace/trace.h"

#include <omp.h>

#include <algorithm>

#include "apps/lib/log/log.h"
#include "apps/lib/model/model_folder.h"
#include "apps/lib/program/output.h"
#include "apps/verbs/verbs.h"
#include "core/files/safetensors.h"

namespace lowbit {
namespace {

struct TraceVerbOptions {
  std::string model, inputs, out, sites;
  bool grads = false;
  int64_t threads = 0;
};

void declare(OptionRegistry& r, TraceVerbOptions& o) {
  r.add("trace.model", o.model, "model folder, checkpoint, run, Hugging Face folder or fairseq .pt")
      .positional("MODEL_OR_RUN")
      .required();
  r.add("trace.inputs", o.inputs, "safetensors with i64 input_ids, attention_mask, decoder_input_ids, labels")
      .required();
  r.add("trace.out", o.out, "safetensors to write").required();
  r.add("trace.grads", o.grads, "also the gradient of the mean loss, by Hugging Face's parameter names");
  r.add("trace.sites", o.sites, "also the results of ops whose site matches, such as **.fc1/linear");
  r.add("run.threads", o.threads, "0: all cores").alias("threads").range(0, 1024);
}

int run(const TraceVerbOptions& options, const OptionRegistry&) {
  if (options.threads > 0) omp_set_num_threads(static_cast<int>(options.threads));
  TraceOptions what{.grads = options.grads};
  if (!options.sites.empty()) what.sites.emplace(options.sites);
  const StateDict inputs = load_safetensors(options.inputs, ErrorKind::data);
  const LoadedModel loaded = load_model(options.model);
  const StateDict out = trace(*loaded.model, inputs, what, options.inputs);
  if (!options.sites.empty() && std::none_of(out.tensors.begin(), out.tensors.end(), [&](const auto& t) {
        return what.sites->matches(t.first.substr(0, t.first.find('#')));
      }))
    log_warning("trace.sites: no op's site matches {}; sites look like decoder.layers.0.fc1/linear", options.sites);
  save_safetensors(options.out, out);
  write_output(fmt::format("{}: {} tensors", options.out, out.tensors.size()));
  if (out.tensors.count("loss")) write_output(fmt::format(", loss {:.6f}", out.tensors.at("loss").item()));
  write_output("\n");
  return 0;
}

}  // namespace

Verb trace_verb() {
  return make_verb<TraceVerbOptions>("trace", "logits, loss, gradients and op results of one batch, to compare with",
                                     declare, run);
}

}  // namespace lowbit
