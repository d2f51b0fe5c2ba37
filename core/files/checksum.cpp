#include "core/files/checksum.h"

#include <xxhash.h>

#include "core/error.h"
#include "core/files/mapped_file.h"

namespace lowbit {

Checksum::Checksum() : state_(XXH3_createState(), [](XXH3_state_s* state) { XXH3_freeState(state); }) {
  LB_REQUIRE(state_, ErrorKind::memory, "checksum", "no memory for the hash state");
  XXH3_64bits_reset(state_.get());
}

void Checksum::add(std::span<const std::byte> bytes) {
  if (!bytes.empty()) XXH3_64bits_update(state_.get(), bytes.data(), bytes.size());
}

uint64_t Checksum::value() const { return XXH3_64bits_digest(state_.get()); }

uint64_t checksum_of_file(const std::string& path) {
  const MappedFile file(path, ErrorKind::model);
  Checksum sum;
  sum.add(file.bytes());
  return sum.value();
}

}  // namespace lowbit
