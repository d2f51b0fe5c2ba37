#include "data/tokenizer/bart_tokenizer.h"
#include "data/tokenizer/unigram_json.h"
#include "tests/fuzz/fuzz_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr const char* kText = "A text, <mask> and  two\tblanks \u00e9\U0001f600\uff1cs\uff1e e\u0301</s> ";
  const lowbit::fuzz::File file(data, size);
  return lowbit::fuzz::accepts_or_refuses([&] {
    const std::string path = file.path();
    if (const auto unigram = lowbit::read_unigram_tokenizer_json(path)) {
      unigram->decode(unigram->encode(kText));
      return;
    }
    const auto tokenizer = lowbit::BartTokenizer::make(lowbit::read_bpe_tokenizer_json(path), path, path);
    tokenizer->decode(tokenizer->encode(kText));
  });
}
