// Two successive changes of a live query as one.
#pragma once

#include "wherry/types.h"

namespace wherry::client {

// `first`, then `second`; rows that came and went again are in neither list.
QueryChange combine(QueryChange first, QueryChange second);

}  // namespace wherry::client
