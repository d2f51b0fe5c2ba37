#include "autograd/site.h"

#include <fmt/core.h>

namespace lowbit {
namespace {

thread_local std::shared_ptr<const std::string> current_path;

}  // namespace

std::string Site::str() const {
  const std::string_view file = at.file;
  const size_t slash = file.find_last_of('/');
  const size_t folder =
      slash == std::string_view::npos || slash == 0 ? std::string_view::npos : file.find_last_of('/', slash - 1);
  return fmt::format("{}/{} ({}:{})", path ? *path : "", op,
                     folder == std::string_view::npos ? file : file.substr(folder + 1), at.line);
}

SiteScope::SiteScope(std::string_view name) : outer_(current_path) {
  current_path = std::make_shared<const std::string>(outer_ && !outer_->empty() ? fmt::format("{}.{}", *outer_, name)
                                                                                : std::string(name));
}

SiteScope::~SiteScope() { current_path = outer_; }

const std::shared_ptr<const std::string>& current_site_path() { return current_path; }

}  // namespace lowbit
