#include "workspace/replica_bundles.h"

#include "bundle/compile.h"
#include "bundle/wire.h"

namespace wherry {

namespace {

constexpr size_t kMost = 50;

}  // namespace

const std::string& ReplicaBundles::for_roles(const std::vector<std::string>& roles) {
  if (encoded_.size() > kMost) encoded_.clear();
  std::string& bytes = encoded_[roles];
  if (bytes.empty()) bytes = encode_bundle(for_replica(*bundle_, roles));
  return bytes;
}

}  // namespace wherry
