#include "tests/apps/tiny_run.h"

namespace lowbit {
namespace {

class DenoisingRun : public test::TinyRun {
 protected:
  DenoisingRun() {
    std::string text;
    for (int document = 0; document < 20; ++document)
      for (int sentence = 0; sentence <= 3; ++sentence)
        text += "one two three number " + std::to_string(document * 4 + sentence) + (sentence == 3 ? ".\n\n" : ".\n");
    for (const char* name : {"data/train.txt", "data/dev.txt", "data/train.de.txt", "data/dev.de.txt"})
      write(name, text);
  }
  test::Outcome pretrain(const std::string& name, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments = {"--data.task", "denoising"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return train(name, arguments);
  }
};

TEST_F(DenoisingRun, GoesOnBitEqualAndIsFineTunedOnPairs) {
  const test::Outcome whole = pretrain("whole", {"--max-update", "4", "--optim.schedule", "fixed"});
  ASSERT_EQ(whole.code, 0) << whole.err;
  for (const char* updates : {"3", "4"}) {  // not the end of an epoch
    const test::Outcome part = pretrain("parts", {"--max-update", updates, "--optim.schedule", "fixed"});
    ASSERT_EQ(part.code, 0) << part.err;
  }
  expect_same_file("whole/checkpoint-4/model.safetensors", "parts/checkpoint-4/model.safetensors");
  const test::Outcome tuned = train("tuned", {"--run.finetune_from", path("whole")});
  EXPECT_EQ(tuned.code, 0) << tuned.err;
}

TEST_F(DenoisingRun, LanguagesHaveTokensAndFilesOfTheirOwn) {
  const test::Outcome run = pretrain("run", {"--langs", "de"});
  EXPECT_EQ(run.code, 0) << run.err;
  expect_failure(pretrain("other", {"--langs", "de,fr"}), 3, {"train.fr.txt", "No such file"});
}

TEST_F(DenoisingRun, WhatCannotBeIsOneLine) {
  expect_failure(pretrain("a", {"--tokens-per-sample", "400"}), 2, {"tokens_per_sample=400", "200"});
  expect_failure(pretrain("b", {"--best-checkpoint-metric", "bleu"}), 2, {"valid.metric=bleu"});
  expect_failure(pretrain("c", {"--mask", "2"}), 2, {"mask"});
  trained("plain");  // leaves a vocabulary without <mask> in the data folder
  expect_failure(pretrain("d"), 2, {"no <mask>"});
}

}  // namespace
}  // namespace lowbit
