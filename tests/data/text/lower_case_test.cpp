#include <gtest/gtest.h>

#include <utility>

#include "data/text/utf8.h"

namespace lowbit {
namespace {

TEST(Utf8, LowerCaseIsPythons) {
  const std::pair<const char*, const char*> cases[] = {
      {"ÄÖÜ ŁÓDŹ ПРИВЕТ", "äöü łódź привет"},
      {"İSTANBUL IĞDIR", "i̇stanbul iğdir"},
      {"\u212a\u2126 ẞ Ⅷ", "kω ß ⅷ"},
      {"ΟΔΥΣΣΕΥΣ ΣΤΗΣ Σ", "οδυσσευς στης σ"},  // the last sigma of a word, but not one that is the whole word
      {"ΑΣ. ΑΣ'Α ΑΣ'", "ας. ασ'α ας'"},        // an apostrophe and a period may stand inside a word
      {"Α\u0301Σ\u0301 Α\u0301Σ\u0301Α", "α\u0301ς\u0301 α\u0301σ\u0301α"},
      {"ⅧΣ 1Σ", "ⅷς 1σ"},  // a Roman numeral has a case, a digit has not
      {"", ""},
  };
  for (const auto& [text, lower] : cases) EXPECT_EQ(to_lower(text), lower);
}

}  // namespace
}  // namespace lowbit
