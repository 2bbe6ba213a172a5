// An app's pages, read from a folder into memory and compressed once, when the server starts.
//
// `/` is index.html, and so is every path that ends in a name without a dot, for apps that keep their place
// in the path. Files below assets/ carry a hash in their name, as bundlers make it: browsers keep them for
// ever. Whatever else is asked for anew each time, with an ETag.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "base/error.h"
#include "net/pages.h"
#include "server/web_files.h"

namespace wherry::server {

class WebFolder {
 public:
  // Errors: kNotFound (no folder, or no index.html in it), kIo, kLimit (too many files, or too large).
  static Result<WebFolder> read(const std::string& folder);

  std::optional<net::Page> find(const net::PageRequest& request) const;

 private:
  explicit WebFolder(WebFiles files) : files_(std::move(files)) {}
  WebFiles files_;  // by path, from "/"
};

}  // namespace wherry::server
