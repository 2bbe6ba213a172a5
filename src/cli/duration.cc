#include "cli/duration.h"

#include <charconv>

#include "base/text.h"

namespace wherry::cli {

Result<Millis> parse_duration(std::string_view text) {
  constexpr int64_t kDay = 24LL * 3600 * 1000;
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit = text.substr(static_cast<size_t>(end - text.data()));
  const int64_t factor = unit == "s"   ? 1000
                         : unit == "m" ? 60'000
                         : unit == "h" ? 3'600'000
                         : unit == "d" ? kDay
                                       : 0;
  if (error != std::errc() || factor == 0 || number <= 0 || number > 3650 * kDay / factor)
    return fail(ErrorCode::kInvalid, cat("`", text, "` is no duration: write 90s, 15m, 1h or 7d"));
  return Millis{number * factor};
}

}  // namespace wherry::cli
