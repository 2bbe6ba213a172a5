// The server's time.
#pragma once

#include "base/time.h"

namespace wherry::server {

// The system clock, which never goes backwards within this process. Thread-safe.
Millis now();

}  // namespace wherry::server
