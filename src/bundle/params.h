// Checking what a caller sent against a command's parameter list.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bundle/bundle.h"
#include "wherry/types.h"  // Refusal

namespace wherry {

struct BoundParams {
  std::vector<Value> values;  // one per Command::params, as the handler sees them
  std::string json;           // the canonical JSON object: what the caller sent, minified, keys in the order
                              // of Command::params, absent ones left out; this is @data and the logged `data`
};

// Refuses with param_invalid (with the parameter's name and what was expected), param_missing, param_unknown,
// or limit_size. JSON must be valid UTF-8 without NUL in text, nested at most limits::kJsonDepth.
// Booleans become 0/1; uuid is canonical lower case; blobs are base64 in JSON; json and list are bound as
// minified JSON text; an absent optional parameter and null are both NULL.
std::expected<BoundParams, Refusal> bind_params(const Command& command, std::string_view json);

}  // namespace wherry
