// What Debian's libc++ for WebAssembly lacks and tests use: the part of std::filesystem that touches files
// (paths are in it), and file streams. The names are libc++ 19's own, which its headers call.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <vector>

template class std::basic_filebuf<char>;
template class std::basic_ifstream<char>;
template class std::basic_ofstream<char>;
template class std::basic_fstream<char>;

_LIBCPP_BEGIN_NAMESPACE_FILESYSTEM

namespace {

// Without an error code to put it into, and without exceptions, an error is the end of the test program.
void report(int error, const char* doing, const path& where, error_code* ec) {
  if (ec != nullptr) {
    *ec = error_code(error, generic_category());
  } else if (error != 0) {
    std::fprintf(stderr, "Cannot %s %s: %s\n", doing, where.c_str(),
                 generic_category().message(error).c_str());
    std::abort();
  }
}

// What lies outside of the folders that the program was given is not there for it.
bool absent(int error) {
  return error == ENOENT || error == ENOTDIR || error == ENOTCAPABLE;
}

file_type type_of(mode_t mode) {
  return S_ISREG(mode)   ? file_type::regular
         : S_ISDIR(mode) ? file_type::directory
         : S_ISLNK(mode) ? file_type::symlink
                         : file_type::unknown;
}

file_status status_of(const path& p, int (*look)(const char*, struct stat*), error_code* ec) {
  struct stat found;
  const int error = look(p.c_str(), &found) == 0 ? 0 : errno;
  if (error == 0) {
    report(0, "look at", p, ec);
    return file_status(type_of(found.st_mode), static_cast<perms>(found.st_mode & 07777));
  }
  if (!absent(error) || ec != nullptr) report(error, "look at", p, ec);
  return file_status(absent(error) ? file_type::not_found : file_type::none);
}

}  // namespace

file_status __status(const path& p, error_code* ec) {
  return status_of(p, ::stat, ec);
}

file_status __symlink_status(const path& p, error_code* ec) {
  return status_of(p, ::lstat, ec);
}

uintmax_t __file_size(const path& p, error_code* ec) {
  struct stat found;
  const bool there = ::stat(p.c_str(), &found) == 0;
  report(there ? 0 : errno, "look at", p, ec);
  return there ? static_cast<uintmax_t>(found.st_size) : static_cast<uintmax_t>(-1);
}

bool __remove(const path& p, error_code* ec) {
  const bool removed = ::remove(p.c_str()) == 0;
  report(removed || absent(errno) ? 0 : errno, "remove", p, ec);
  return removed;
}

uintmax_t __remove_all(const path& p, error_code* ec) {
  uintmax_t removed = 0;
  if (__symlink_status(p, nullptr).type() == file_type::directory)
    for (const directory_entry& entry : directory_iterator(p)) removed += __remove_all(entry.path(), ec);
  return removed + static_cast<uintmax_t>(__remove(p, ec));
}

bool __create_directory(const path& p, error_code* ec) {
  const bool created = ::mkdir(p.c_str(), 0777) == 0;
  report(created || is_directory(p) ? 0 : errno, "make", p, ec);
  return created;
}

bool __create_directories(const path& p, error_code* ec) {
  if (is_directory(p)) return false;
  if (const path parent = p.parent_path(); parent != p) __create_directories(parent, ec);
  return __create_directory(p, ec);
}

bool __copy_file(const path& from, const path& to, copy_options options, error_code* ec) {
  const bool overwrite = (options & copy_options::overwrite_existing) == copy_options::overwrite_existing;
  if (!overwrite && exists(to)) {
    report(EEXIST, "copy to", to, ec);
    return false;
  }
  std::ifstream in(from, std::ios::binary);
  std::ofstream out(to, std::ios::binary | std::ios::trunc);
  const bool opened = in.is_open() && out.is_open();
  // An empty file has nothing to insert, which counts as a failure of the stream.
  if (opened && __file_size(from, nullptr) > 0) out << in.rdbuf();
  out.close();
  const bool copied = opened && in && out;
  report(copied ? 0 : EIO, "copy", from, ec);
  return copied;
}

path __temp_directory_path(error_code* ec) {
  report(0, "find", "", ec);
  return "/tmp";
}

// An entry looks at its file when it is asked.
error_code directory_entry::__do_refresh() noexcept {
  return {};
}

// The entries of a folder, read at once.
class __dir_stream {
 public:
  std::vector<directory_entry> entries;
  size_t at = 0;
};

directory_iterator::directory_iterator(const path& p, error_code* ec, directory_options) {
  DIR* const folder = ::opendir(p.c_str());
  report(folder != nullptr ? 0 : errno, "list", p, ec);
  if (folder == nullptr) return;
  auto stream = std::make_shared<__dir_stream>();
  while (const dirent* entry = ::readdir(folder)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") stream->entries.emplace_back(p / name);
  }
  ::closedir(folder);
  if (!stream->entries.empty()) __imp_ = std::move(stream);
}

directory_iterator& directory_iterator::__increment(error_code* ec) {
  if (ec != nullptr) ec->clear();
  if (++__imp_->at == __imp_->entries.size()) __imp_.reset();
  return *this;
}

const directory_entry& directory_iterator::__dereference() const {
  return __imp_->entries[__imp_->at];
}

_LIBCPP_END_NAMESPACE_FILESYSTEM
