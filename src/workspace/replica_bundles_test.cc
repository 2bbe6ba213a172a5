#include "workspace/replica_bundles.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "bundle/compile.h"
#include "bundle/sample_bundle.h"
#include "bundle/wire.h"

namespace wherry {
namespace {

TEST(ReplicaBundles, AreMadeOnceForEachSetOfRoles) {
  const auto bundle = std::make_shared<const Bundle>(compile_bundle(sample::files()).bundle);
  ReplicaBundles shared(bundle);
  const std::string* hr = &shared.for_roles({"hr"});
  EXPECT_EQ(*hr, encode_bundle(for_replica(*bundle, {"hr"})));
  EXPECT_NE(*hr, shared.for_roles({"sales"}));
  EXPECT_EQ(&shared.for_roles({"hr"}), hr);
  for (int i = 0; i < 200; ++i) (void)shared.for_roles({cat("role", i)});
  EXPECT_EQ(shared.for_roles({"hr"}), encode_bundle(for_replica(*bundle, {"hr"})));
}

}  // namespace
}  // namespace wherry
