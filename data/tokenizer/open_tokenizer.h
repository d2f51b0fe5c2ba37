#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "data/tokenizer/mbart_tokenizer.h"
#include "data/tokenizer/tokenizer.h"

namespace lowbit {

/// The tokenizer that a folder holds, by its files: fairseq's dict.txt (see FairseqDictionary::find) with a
/// sentencepiece model, GPT-2's BPE or nothing beside it; sentencepiece.bpe.model (one of ours, or mBART's), also as
/// sentence.bpe.model; BART's vocab.json and merges.txt, or its tokenizer.json, or mBART's. Null when it has none. A
/// path to a sentencepiece model of ours is taken too.
///   rows       of the token table that it must fit, -1: not known; for mBART and dict.txt
///   languages  for mBART, and for one of ours with languages
/// Errors (model): it is broken, or a part of it is missing.
std::unique_ptr<Tokenizer> open_tokenizer(const std::filesystem::path& folder, int64_t rows = -1,
                                          const Languages& languages = {});

/// The files of a tokenizer that are there.
std::vector<std::filesystem::path> tokenizer_files(const std::filesystem::path& folder);

}  // namespace lowbit
