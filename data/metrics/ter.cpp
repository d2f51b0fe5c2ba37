#include "data/metrics/ter.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <tuple>
#include <vector>

#include "data/metrics/ngrams.h"
#include "data/text/utf8.h"

namespace lowbit {
namespace {

// Limits of tercom 0.7.25, which every published TER uses.
constexpr int64_t kMaxShiftWords = 10;         // longest block that moves
constexpr int64_t kMaxShiftDistance = 50;      // between the block's places in hypothesis and reference
constexpr int64_t kMaxShiftCandidates = 1000;  // tried for one line
constexpr int64_t kBeamWidth = 25;             // columns of the edit table on each side of its diagonal

enum class Edit : uint8_t { match, substitute, remove, insert };  // from the hypothesis to the reference

/// How the words of a hypothesis relate to those of the reference along the cheapest path of edits.
struct Alignment {
  std::vector<int64_t>
      hypothesis_of;  ///< by reference word: the hypothesis word at it or, if it is missing, before it; or -1
  std::vector<bool> reference_wrong, hypothesis_wrong;  ///< the word takes part in an edit
};

/// Levenshtein distance over words between hypotheses of one length and a fixed reference, within a beam around the
/// diagonal. Rows that a hypothesis shares with the one before it are kept.
class EditTable {
 public:
  EditTable(size_t hypothesis_length, const TokenIds& reference) : reference_(reference), rows_(hypothesis_length + 1) {
    const auto rows = static_cast<double>(hypothesis_length), columns = static_cast<double>(reference.size());
    const double slope = columns / rows;
    const bool is_steep = slope / 2 > kBeamWidth;  // a row's step along the diagonal would leave the beam
    const int64_t width = is_steep ? static_cast<int64_t>(std::ceil(slope / 2 + kBeamWidth)) : kBeamWidth;
    for (size_t i = 0; i <= hypothesis_length; ++i) {
      const auto diagonal = static_cast<int64_t>(std::floor(static_cast<double>(i) * slope));
      const bool is_whole = i == 0 || i == hypothesis_length;
      const int64_t end = is_whole ? last_column() + 1 : std::min(last_column() + 1, diagonal + width);
      rows_[i].first = i == 0 ? 0 : std::max<int64_t>(0, diagonal - width);
      rows_[i].cells.resize(static_cast<size_t>(end - rows_[i].first));
    }
    for (int32_t j = 0; j <= last_column(); ++j) rows_[0].cells[static_cast<size_t>(j)] = {j, Edit::insert};
  }

  int64_t distance(const TokenIds& hypothesis) {
    size_t kept = 0;
    if (!last_.empty()) kept = static_cast<size_t>(std::ranges::mismatch(last_, hypothesis).in1 - last_.begin());
    for (size_t i = kept; i < hypothesis.size(); ++i) fill_row(rows_[i], hypothesis[i], rows_[i + 1]);
    last_ = hypothesis;
    return rows_.back().cost(last_column());
  }

  Alignment align(const TokenIds& hypothesis) {
    distance(hypothesis);
    Alignment alignment{std::vector<int64_t>(reference_.size()), std::vector<bool>(reference_.size()),
                        std::vector<bool>(hypothesis.size())};
    auto i = static_cast<int64_t>(hypothesis.size());
    for (int64_t j = last_column(); i > 0 || j > 0;) {
      const Row& row = rows_[static_cast<size_t>(i)];
      const Edit edit = row.cells[static_cast<size_t>(j - row.first)].edit;
      if (edit != Edit::remove) {
        --j;
        alignment.hypothesis_of[static_cast<size_t>(j)] = i - 1;
        alignment.reference_wrong[static_cast<size_t>(j)] = edit != Edit::match;
      }
      if (edit != Edit::insert) {
        --i;
        alignment.hypothesis_wrong[static_cast<size_t>(i)] = edit != Edit::match;
      }
    }
    return alignment;
  }

 private:
  struct Cell {
    int32_t cost = 0;
    Edit edit = Edit::match;
  };

  /// The cells of one row inside the beam, from column `first` on.
  struct Row {
    int64_t first = 0;
    std::vector<Cell> cells;

    int32_t cost(int64_t column) const {
      constexpr int32_t kUnreachable = std::numeric_limits<int32_t>::max() / 2;  // leaves room to add to it
      const bool is_inside = column >= first && column < first + static_cast<int64_t>(cells.size());
      return is_inside ? cells[static_cast<size_t>(column - first)].cost : kUnreachable;
    }
  };

  int64_t last_column() const { return static_cast<int64_t>(reference_.size()); }

  void fill_row(const Row& above, char32_t word, Row& row) const {
    for (size_t k = 0; k < row.cells.size(); ++k) {
      const int64_t j = row.first + static_cast<int64_t>(k);
      // Of equally cheap edits the first: a shift's gain depends on which words the path leaves unmatched.
      const bool is_equal = j > 0 && word == reference_[static_cast<size_t>(j - 1)];
      Cell best{above.cost(j - 1) + (is_equal ? 0 : 1), is_equal ? Edit::match : Edit::substitute};
      if (above.cost(j) + 1 < best.cost) best = {above.cost(j) + 1, Edit::remove};
      if (row.cost(j - 1) + 1 < best.cost) best = {row.cost(j - 1) + 1, Edit::insert};
      row.cells[k] = best;
    }
  }

  const TokenIds& reference_;
  std::vector<Row> rows_;  ///< by hypothesis words
  TokenIds last_;          ///< the hypothesis that the rows are of
};

/// A block of words that the hypothesis and the reference share.
struct Block {
  int64_t hypothesis, reference, length;
};

TokenIds move_block(const TokenIds& words, const Block& block, int64_t target) {
  const auto at = [&](int64_t position) { return static_cast<size_t>(position); };
  const TokenIds moved = words.substr(at(block.hypothesis), at(block.length));
  TokenIds rest = words;
  rest.erase(at(block.hypothesis), at(block.length));
  // A target behind the block counts the block's own words, which are gone; one inside it moves as far past its start.
  const bool is_behind = target > block.hypothesis + block.length;
  rest.insert(is_behind ? at(target - block.length) : std::min(at(target), rest.size()), moved);
  return rest;
}

/// Greedy search of shifts for one hypothesis and reference.
class ShiftSearch {
 public:
  ShiftSearch(const TokenIds& hypothesis, const TokenIds& reference)
      : words_(hypothesis), reference_(reference), table_(hypothesis.size(), reference) {}

  /// Shifts as long as one lowers the edit distance; then shifts plus that distance.
  int64_t edits() {
    int64_t shifts = 0;
    while (shift_once()) ++shifts;
    return shifts + table_.distance(words_);
  }

 private:
  struct Candidate {
    std::tuple<int64_t, int64_t, int64_t, int64_t> rank;  ///< gain, length, -start, -target: greater is better
    TokenIds words;
  };

  /// Applies the best shift. False when none gains or the candidates are used up.
  bool shift_once() {
    const int64_t before = table_.distance(words_);
    alignment_ = table_.align(words_);
    std::optional<Candidate> best;
    try_blocks(before, best);
    if (tried_ >= kMaxShiftCandidates || !best || std::get<0>(best->rank) <= 0) return false;
    words_ = std::move(best->words);
    return true;
  }

  void try_blocks(int64_t before, std::optional<Candidate>& best) {
    const auto rows = static_cast<int64_t>(words_.size()), columns = static_cast<int64_t>(reference_.size());
    for (int64_t i = 0; i < rows; ++i) {
      const int64_t end = std::min(columns, i + kMaxShiftDistance + 1);
      for (int64_t j = std::max<int64_t>(0, i - kMaxShiftDistance); j < end; ++j) {
        const int64_t longest = std::min({kMaxShiftWords, rows - i, columns - j});
        for (int64_t length = 1; length <= longest; ++length) {
          if (words_[static_cast<size_t>(i + length - 1)] != reference_[static_cast<size_t>(j + length - 1)]) break;
          try_targets({i, j, length}, before, best);
          if (tried_ >= kMaxShiftCandidates) return;
        }
      }
    }
  }

  /// A block is worth moving when some of it is wrong both where it stands and where it would go, and when the place
  /// that it would go to is not inside itself.
  bool is_movable(const Block& block) const {
    const auto any = [&](const std::vector<bool>& wrong, int64_t start) {
      return std::find(wrong.begin() + start, wrong.begin() + start + block.length, true) !=
             wrong.begin() + start + block.length;
    };
    const int64_t there = alignment_.hypothesis_of[static_cast<size_t>(block.reference)];
    return any(alignment_.hypothesis_wrong, block.hypothesis) && any(alignment_.reference_wrong, block.reference) &&
           !(there >= block.hypothesis && there < block.hypothesis + block.length);
  }

  /// Tries the block behind the hypothesis word that is aligned with the reference word before it, and with each of its
  /// own.
  void try_targets(const Block& block, int64_t before, std::optional<Candidate>& best) {
    if (!is_movable(block)) return;
    int64_t previous = -1;
    for (int64_t j = block.reference - 1; j < block.reference + block.length; ++j) {
      const int64_t target = j < 0 ? 0 : alignment_.hypothesis_of[static_cast<size_t>(j)] + 1;
      if (target == previous) continue;
      previous = target;
      TokenIds shifted = move_block(words_, block, target);
      const int64_t gain = before - table_.distance(shifted);
      const std::tuple rank{gain, block.length, -block.hypothesis, -target};
      if (!best || rank > best->rank) best = Candidate{rank, std::move(shifted)};
      ++tried_;
    }
  }

  TokenIds words_;
  const TokenIds& reference_;
  EditTable table_;
  Alignment alignment_;
  int64_t tried_ = 0;
};

int64_t edits_between(const TokenIds& hypothesis, const TokenIds& reference) {
  if (reference.empty()) return static_cast<int64_t>(hypothesis.size());
  if (hypothesis.empty()) return static_cast<int64_t>(reference.size());
  return ShiftSearch(hypothesis, reference).edits();
}

}  // namespace

TerScore corpus_ter(const Lines& hypotheses, const ReferenceSets& references, const TerOptions& options) {
  check_corpus("ter", hypotheses, references);
  TerScore ter;
  for (size_t i = 0; i < hypotheses.size(); ++i) {
    TokenInterner interner;
    const auto words = [&](const std::string& line) {
      const std::string text = options.case_sensitive ? line : to_lower(line);
      const std::vector<std::string_view> pieces = split_words(text);
      return interner.ids({pieces.begin(), pieces.end()});
    };
    const TokenIds hypothesis = words(hypotheses[i]);
    int64_t fewest = std::numeric_limits<int64_t>::max(), length_sum = 0;
    for (const Lines& set : references) {
      const TokenIds reference = words(set[i]);
      fewest = std::min(fewest, edits_between(hypothesis, reference));
      length_sum += static_cast<int64_t>(reference.size());
    }
    ter.edits += static_cast<double>(fewest);
    ter.reference_length += static_cast<double>(length_sum) / static_cast<double>(references.size());
  }
  if (ter.reference_length > 0) {
    ter.score = 100 * ter.edits / ter.reference_length;
  } else if (ter.edits > 0) {
    ter.score = 100;
  }
  ter.signature = metric_signature(references, {{"case", options.case_sensitive ? "mixed" : "lc"},
                                                {"tok", "tercom"},
                                                {"norm", "no"},
                                                {"punct", "yes"},
                                                {"asian", "no"}});
  return ter;
}

}  // namespace lowbit
