// The public value types, for the core.
#pragma once

#include "wherry/value.h"  // IWYU pragma: export
