#include "data/corpus/documents.h"

#include "data/text/text_file.h"
#include "data/text/utf8.h"

namespace lowbit {

std::vector<Document> read_documents(const std::filesystem::path& path) {
  const TextFile file = TextFile::read(path);
  std::vector<Document> documents;
  bool open = false;
  for (int64_t i = 1; i <= file.lines(); ++i) {
    const std::string_view sentence = strip(file.line(i));
    if (!sentence.empty()) {
      if (!open) documents.emplace_back();
      documents.back().emplace_back(sentence);
    }
    open = !sentence.empty();
  }
  LB_REQUIRE(!documents.empty(), ErrorKind::data, "documents", "{}: holds no sentence", path.string());
  return documents;
}

}  // namespace lowbit
