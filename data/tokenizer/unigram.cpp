#include "data/tokenizer/unigram.h"

#include <algorithm>
#include <limits>

#include "data/text/utf8.h"

namespace lowbit {

void Unigram::add(const std::string& piece, double score) {
  ids_.emplace(piece, static_cast<int32_t>(scores_.size()));
  lowest_ = scores_.empty() ? score : std::min(lowest_, score);
  longest_ = std::max(longest_, piece.size());
  scores_.push_back(score);
}

int32_t Unigram::find(std::string_view piece) const {
  const auto found = ids_.find(piece);
  return found == ids_.end() ? -1 : found->second;
}

void Unigram::encode(std::string_view word, std::vector<int32_t>& ids) const {
  constexpr double kUnknownPenalty = 10;
  struct Node {  // the best way to a place in the word
    double score = -std::numeric_limits<double>::infinity();
    size_t begin = 0;  // of its last piece
    int32_t id = -1;   // of it; -1: no way yet
  };
  std::vector<Node> nodes(word.size() + 1);
  nodes[0].score = 0;
  for (size_t begin = 0, next = 0; begin < word.size(); begin = next) {
    next_code_point(word, next);
    const auto offer = [&](size_t end, int32_t id, double score) {  // of two equal ones the first stays
      Node& node = nodes[end];
      if (node.id < 0 || score + nodes[begin].score > node.score) node = {score + nodes[begin].score, begin, id};
    };
    bool known = false;
    for (size_t end = begin; end < word.size();) {
      next_code_point(word, end);
      if (end - begin > longest_) break;
      const int32_t id = find(word.substr(begin, end - begin));
      if (id < 0) continue;
      offer(end, id, scores_[static_cast<size_t>(id)]);
      known |= end == next;
    }
    if (!known) offer(next, unknown_, lowest_ - kUnknownPenalty);
  }
  const size_t first = ids.size();
  for (size_t end = word.size(); end > 0; end = nodes[end].begin)
    if (const int32_t id = nodes[end].id; id != unknown_ || ids.size() == first || ids.back() != unknown_)
      ids.push_back(id);
  std::reverse(ids.begin() + static_cast<std::ptrdiff_t>(first), ids.end());
}

}  // namespace lowbit
