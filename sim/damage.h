// What happens to files at rest: bits rot, sectors are lost, pages end up elsewhere, ends are cut off.
#pragma once

#include <string>
#include <string_view>

#include "sim/random.h"

namespace wherry::sim {

struct Damaged {
  std::string bytes;
  std::string lost;         // what the pages held that are not what they were, and of rows that go on in them
  bool first_page = false;  // is among them
};

// `bytes`: of a database with pages of 4096 bytes. Spared are the file's first 100, by which it is
// recognised, and ends of pages that would become zero (docs/decisions/0010). `log`: its write-ahead log,
// which stays as it is.
Damaged damage(std::string bytes, std::string_view log, Random& random);

}  // namespace wherry::sim
