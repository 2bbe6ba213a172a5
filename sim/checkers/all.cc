#include "sim/checkers/all.h"

namespace wherry::sim {

std::vector<std::unique_ptr<Checker>> checkers(World& world) {
  std::vector<std::unique_ptr<Checker>> all;
  all.push_back(check_commands(world));
  all.push_back(check_durable(world));
  all.push_back(check_leaks(world));
  all.push_back(check_tables(world));
  all.push_back(check_tenants(world));
  all.push_back(check_verdicts(world));
  all.push_back(check_replicas(world));
  return all;
}

}  // namespace wherry::sim
