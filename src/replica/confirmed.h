// The confirmed rows of a table, whatever pending commands show instead.
#pragma once

#include <functional>

#include "replica/images.h"

namespace wherry {

// In key order, as SQLite compares keys.
Result<> each_confirmed(App& app, Images& images, size_t table,
                        const std::function<Result<>(const Row&)>& each);

}  // namespace wherry
