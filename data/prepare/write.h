#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "data/prepare/split.h"

namespace lowbit {

/// Writes train.tsv, dev.tsv, test.tsv and stats.json; train.tsv appears when the others are there, so a folder that
/// has it is complete. `provenance` goes into stats.json; `texts` are further files, by name. Errors (data): no row to
/// train on; a file cannot be written.
void write_split_corpus(const SplitCorpus& corpus, const std::filesystem::path& out,
                        const std::vector<std::string>& provenance,
                        const std::map<std::string, std::string>& texts = {});

}  // namespace lowbit
