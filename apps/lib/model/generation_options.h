#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "apps/lib/model/model_folder.h"
#include "apps/lib/options/registry.h"
#include "nn/generate/config.h"

namespace lowbit {

/// What every verb searches with unless told otherwise, by flags or by the model (search_of), and every validation, so
/// that their scores agree: greedily, up to 1.5 * source + 20 tokens.
inline constexpr GenerationConfig kDefaultSearch{.beam = 1, .max_len_a = 1.5, .max_len_b = 20};

/// What stands beside a BLEU: "beam 5", or "sampling".
std::string describe_search(const GenerationConfig& config);
/// "beam" of a record: the number of beams, null for sampling.
nlohmann::ordered_json beam_of(const GenerationConfig& config);

/// Options of a search: generate.beam, generate.length_penalty, ... with fairseq's and Hugging Face's flag names.
void declare_generation_options(OptionRegistry& registry, GenerationConfig& config);
/// The languages of mBART's tokenizer: data.source_lang, data.target_lang.
/// data.language_column of the verbs that read pairs.
void declare_language_column(OptionRegistry& registry, int64_t& column);
void declare_language_options(OptionRegistry& registry, Languages& languages);

/// What a model is searched with: `asked`, which the options were declared for; or the search that it brings
/// (model_search.h), in which the options that were given replace its settings.
GenerationConfig search_of(const LoadedModel& loaded, const GenerationConfig& asked, const OptionRegistry& registry);

}  // namespace lowbit
