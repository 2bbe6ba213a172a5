// The inspector's pages as they lie in web/inspector, compiled in (cmake/embed.cmake).
#pragma once

#include <span>
#include <string_view>

namespace wherry::server {

struct InspectorPage {
  std::string_view name, bytes;
};

std::span<const InspectorPage> inspector_pages();

}  // namespace wherry::server
