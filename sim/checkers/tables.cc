// STATE=FOLD: the server's tables are the fold of its log, after each start and at rest.
#include "sim/checkers/all.h"
#include "sim/server.h"

namespace wherry::sim {

namespace {

class Tables : public Checker {
 public:
  explicit Tables(World& world) : world_(world) {}
  void booted() override { compare(); }
  void at_rest() override { compare(); }

 private:
  void compare() { world_.history().compare_tables(world_.server().watching()); }
  World& world_;
};

}  // namespace

std::unique_ptr<Checker> check_tables(World& world) {
  return std::make_unique<Tables>(world);
}

}  // namespace wherry::sim
