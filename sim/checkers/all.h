// The checkers, each in its own file.
#pragma once

#include "sim/checker.h"

namespace wherry::sim {

std::unique_ptr<Checker> check_commands(World& world);
std::unique_ptr<Checker> check_durable(World& world);
std::unique_ptr<Checker> check_leaks(World& world);
std::unique_ptr<Checker> check_replicas(World& world);
std::unique_ptr<Checker> check_tables(World& world);
std::unique_ptr<Checker> check_tenants(World& world);
std::unique_ptr<Checker> check_verdicts(World& world);

}  // namespace wherry::sim
