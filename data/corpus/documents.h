#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace lowbit {

/// The sentences of a document.
using Document = std::vector<std::string>;

/// Running text: one sentence a line, an empty line between documents. Errors (data): a file without a sentence, and
/// those of TextFile::read.
std::vector<Document> read_documents(const std::filesystem::path& path);

}  // namespace lowbit
