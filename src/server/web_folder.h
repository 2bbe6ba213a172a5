// An app's pages, read from a folder into memory and compressed once, when the server starts.
//
// `/` is index.html, and so is every path that ends in a name without a dot, for apps that keep their place
// in the path. Files below assets/ carry a hash in their name, as bundlers make it: browsers keep them for
// ever. Whatever else is asked for anew each time, with an ETag.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/error.h"
#include "net/pages.h"

namespace wherry::server {

class WebFolder {
 public:
  // Errors: kNotFound (no folder, or no index.html in it), kIo, kLimit (too many files, or too large).
  static Result<WebFolder> read(const std::string& folder);

  std::optional<net::Page> find(const net::PageRequest& request) const;

 private:
  using Body = std::shared_ptr<const std::string>;
  struct File {
    std::string type, etag;
    bool immutable = false;
    Body plain, brotli, gzip;  // the latter two only where they are smaller
  };
  static Result<File> read_file(const std::string& path, const std::string& name);

  std::map<std::string, File, std::less<>> files_;  // by path, from "/"
};

}  // namespace wherry::server
