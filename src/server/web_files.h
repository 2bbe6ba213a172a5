// Files for browsers, in memory and compressed once. Thread-safe once they are all there.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/pages.h"

namespace wherry::server {

class WebFiles {
 public:
  enum class Kept {
    kAskedAnew,  // each time, with an ETag
    kForEver,    // its name changes when it does
  };

  // `headers` go with every file: whole lines, each ended by CR LF.
  explicit WebFiles(std::string headers) : headers_(std::move(headers)) {}

  // The type is that of the name's extension.
  void add(const std::string& path, std::string bytes, Kept kept);
  bool contains(std::string_view path) const { return files_.contains(path); }
  size_t count() const { return files_.size(); }
  // Nothing: there is no such file.
  std::optional<net::Page> find(std::string_view path, const net::PageRequest& request) const;

 private:
  using Body = std::shared_ptr<const std::string>;
  struct File {
    std::string type, etag;
    Kept kept = Kept::kAskedAnew;
    Body plain, brotli, gzip;  // the latter two only where they are smaller
  };

  std::string headers_;
  std::map<std::string, File, std::less<>> files_;
};

}  // namespace wherry::server
