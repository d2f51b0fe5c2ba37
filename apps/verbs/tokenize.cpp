#include <fmt/format.h>

#include <iostream>

#include "apps/lib/model/generation_options.h"
#include "apps/lib/model/model_folder.h"
#include "apps/lib/program/output.h"
#include "apps/verbs/verbs.h"
#include "core/error.h"
#include "data/corpus/parallel_text.h"
#include "data/prepare/clean.h"
#include "data/tokenizer/open_tokenizer.h"

namespace lowbit {
namespace {

enum class Side : uint8_t { source, target };

struct TokenizeOptions {
  std::string folder, input = "-";
  Languages languages;
  Side side = Side::source;
  bool pieces = false;
};

void declare(OptionRegistry& r, TokenizeOptions& o) {
  r.add("tokenize.model", o.folder, "model folder, checkpoint, run, fairseq .pt, or a folder with a tokenizer alone")
      .positional("MODEL_OR_RUN")
      .required();
  r.add("tokenize.input", o.input, "text, one sentence a line; -: standard input");
  r.add("tokenize.side", o.side, {{"source", Side::source}, {"target", Side::target}}, "as the model reads or says it");
  r.add("tokenize.pieces", o.pieces, "print the pieces instead of their ids");
  declare_language_options(r, o.languages);
}

std::unique_ptr<Tokenizer> tokenizer_of(const TokenizeOptions& options) {
  if (!tokenizer_files(options.folder).empty() && !has_model(options.folder))
    return open_tokenizer(options.folder, -1, options.languages);
  const std::optional<std::string> place = find_tokenizer(resolve_model_folder(options.folder));
  LB_REQUIRE(place, ErrorKind::model, "tokenize", "{}: no tokenizer in it or the run above it", options.folder);
  return open_tokenizer(*place, read_model_config(options.folder).vocab, options.languages);
}

int run(const TokenizeOptions& options, const OptionRegistry&) {
  const std::unique_ptr<Tokenizer> tokenizer = tokenizer_of(options);
  const std::vector<std::string> lines =
      options.input == "-" ? read_lines(std::cin, "standard input") : read_lines(options.input);
  const bool source = options.side == Side::source;
  const Framing framing = tokenizer->framing();
  for (const std::string& line : lines) {
    const std::string text = tokenizer->takes_clean_text() ? clean(line) : line;
    std::vector<int32_t> ids = source ? encode_source(*tokenizer, text) : encode_target(*tokenizer, text);
    ids.push_back(source ? framing.source_end : framing.target_end);
    if (!options.pieces) {
      write_output(fmt::format("{}\n", fmt::join(ids, " ")));
      continue;
    }
    std::vector<std::string> pieces;
    pieces.reserve(ids.size());
    for (const int32_t id : ids) pieces.push_back(tokenizer->piece(id));
    write_output(fmt::format("{}\n", fmt::join(pieces, " ")));
  }
  flush_output();
  return 0;
}

}  // namespace

Verb tokenize_verb() {
  return make_verb<TokenizeOptions>("tokenize", "text to the ids that a model reads", declare, run);
}

}  // namespace lowbit
