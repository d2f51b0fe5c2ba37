#include "data/tokenizer/bart_tokenizer.h"
#include "tests/fuzz/fuzz_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const lowbit::fuzz::File file(data, size);
  return lowbit::fuzz::accepts_or_refuses([&] {
    const std::string path = file.path();
    const auto tokenizer = lowbit::BartTokenizer::make(lowbit::read_bpe_tokenizer_json(path), path, path);
    tokenizer->decode(tokenizer->encode("A text, <mask> and  two\tblanks \u00e9\U0001f600</s>"));
  });
}
