// Reads messages as describe.h lists their fields; the mirror of encoder.h. Strict: types, ranges, counts,
// UTF-8 and the form of ids are checked. The first error sticks and stops everything after it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/msgpack.h"
#include "base/text.h"
#include "protocol/describe.h"

namespace wherry::protocol {

class Decoder {
 public:
  template <typename T>
  using Ref = T&;

  explicit Decoder(msgpack::Reader& reader) : reader_(reader) {}

  // Reads the array that `message` begins with: the count of what follows the number, and the number.
  Result<int64_t> open() {
    TRY_ASSIGN(left_, reader_.array(kFieldsMost));
    if (left_ == 0) return fail(ErrorCode::kProtocol, "malformed message: no number");
    --left_;
    return reader_.integer();
  }
  template <typename M>
  Result<> fields(M& m) {
    describe(*this, m);
    skip_rest();
    if (error_) return std::unexpected(*std::move(error_));
    return {};
  }

  void version(int64_t n) {
    if (!error_ && n != kVersion)
      error_ = Error{ErrorCode::kVersion,
                     cat("the peer speaks version ", n, " of the protocol, this side speaks ", kVersion)};
  }
  void number(const char* name, int64_t& n, int64_t least, int64_t most) {
    n = 0;
    if (present()) n = read(name, reader_.integer());
    check(name, n >= least && n <= most);
  }
  void seq(const char* name, Seq& n) { number(name, n.number, 0, INT64_MAX); }
  void time(const char* name, Millis& t) { number(name, t.count, -limits::kTimeMost, limits::kTimeMost); }
  void step(const char* name, int64_t& n, size_t slot) { add(name, n, slot, 0, 0, INT64_MAX); }
  void next(const char* name, int64_t& n, size_t slot) { add(name, n, slot, 1, 0, INT64_MAX); }
  void time_step(const char* name, Millis& t) {
    add(name, t.count, 0, 0, -limits::kTimeMost, limits::kTimeMost);
  }
  void flag(const char* name, bool& b) {
    b = false;
    if (present()) b = read(name, reader_.boolean());
  }
  void unless(const char* name, bool& b) {
    flag(name, b);
    b = !b;
  }
  void text(const char* name, std::string& s, size_t most) {
    s.clear();
    if (present()) s = within(name, read(name, reader_.text()), most);
  }
  void bytes(const char* name, std::string& s, size_t most) {
    s.clear();
    if (present()) s = within(name, read(name, reader_.blob()), most);
  }
  void secret_text(const char* name, std::string& s, size_t most) { text(name, s, most); }
  void secret_bytes(const char* name, std::string& s, size_t most) { bytes(name, s, most); }
  void optional_text(const char* name, std::optional<std::string>& s, size_t most) {
    s.reset();
    if (present()) s = within(name, read(name, reader_.text()), most);
  }
  void uuid(const char* name, std::string& id) {
    uuid_or_empty(name, id);
    check(name, !id.empty());
  }
  void uuid_or_empty(const char* name, std::string& id) {
    id.clear();
    if (present()) id = uuid_text(name);
  }
  void optional_uuid(const char* name, std::optional<std::string>& id) {
    id.reset();
    if (present()) id = uuid_text(name);
  }
  void row(const char* name, Row& row) {
    row.clear();
    if (present()) row = read(name, reader_.row(limits::kTableColumns));
  }
  void body(const char* name, std::string& body) { bytes(name, body, limits::kMessageBytes); }
  void outcome(const char* name, Outcome& o) {
    int64_t n = 0;
    number(name, n, 0, static_cast<int64_t>(Outcome::kRejected));
    if (!error_) o = static_cast<Outcome>(n);
  }
  void compression(const char* name, Compression& c) {
    int64_t n = 0;
    number(name, n, 0, kCompressionMost);
    if (!error_) c = static_cast<Compression>(n);
  }
  // Ways that only a later version knows are passed over.
  void compressions(const char* name, std::vector<Compression>& list) {
    list.clear();
    elements(name, kCompressionsMost, [&] {
      const int64_t n = read(name, reader_.integer());
      if (n >= 0 && n <= kCompressionMost) list.push_back(static_cast<Compression>(n));
    });
  }
  void handles(const char* name, std::vector<Handle>& list) {
    list.clear();
    elements(name, limits::kHeldScopes, [&] {
      list.push_back(read(name, reader_.integer()));
      check(name, list.back() >= 0);
    });
  }
  void texts(const char* name, std::vector<std::string>& list, size_t most, size_t bytes_most) {
    list.clear();
    elements(name, most, [&] { list.push_back(within(name, read(name, reader_.text()), bytes_most)); });
  }
  template <typename M>
  void structure(const char* name, M& m) {
    m = M();
    if (present()) nested(name, m);
  }
  template <typename M>
  void optional_structure(const char* name, std::optional<M>& m) {
    m.reset();
    if (present()) nested(name, m.emplace());
  }
  template <typename M>
  void list(const char* name, std::vector<M>& list, size_t most) {
    list.clear();
    const Slots outer = slots_;
    slots_ = {};
    elements(name, most, [&] { nested(name, list.emplace_back()); });
    slots_ = outer;
  }
  template <typename M>
  void flat_list(const char* name, std::vector<M>& list, size_t most) {
    list.clear();
    if (!present()) return;
    const size_t outer = left_;
    left_ = read(name, reader_.array(2 * most));
    check(name, left_ % 2 == 0);
    while (!error_ && left_ > 0) describe(*this, list.emplace_back());
    left_ = outer;
  }

 private:
  struct Slots {
    int64_t last[3] = {};
  };
  // Fields of a struct, those of later versions included.
  static constexpr size_t kFieldsMost = 64;
  static constexpr int64_t kCompressionMost = static_cast<int64_t>(Compression::kZstdDictionary);
  static constexpr size_t kCompressionsMost = 16;

  // Whether the next field is there and not nil; consumes the nil.
  bool present() {
    if (error_ || left_ == 0) return false;
    --left_;
    if (!reader_.next_is_nil()) return true;
    keep(reader_.nil());
    return false;
  }

  template <typename T>
  bool keep(const Result<T>& result) {
    if (!result && !error_) error_ = result.error();
    return result.has_value();
  }
  template <typename T>
  T read(const char* name, Result<T> result) {
    if (result) return *std::move(result);
    if (!error_) error_ = Error{result.error().code, cat(result.error().message, " (", name, ")")};
    return T();
  }
  void check(const char* name, bool good) {
    if (!good && !error_)
      error_ = Error{ErrorCode::kProtocol, cat("malformed message: ", name, " is out of range")};
  }
  std::string within(const char* name, std::string_view s, size_t most) {
    if (s.size() > most && !error_)
      error_ = Error{ErrorCode::kLimit, cat(name, " has ", s.size(), " bytes, more than ", most)};
    return error_ ? std::string() : std::string(s);
  }
  std::string uuid_text(const char* name) {
    const std::string_view raw = read(name, reader_.uuid_raw());
    return error_ ? std::string() : Uuid::from_raw(raw).text();
  }
  void add(const char* name, int64_t& n, size_t slot, int64_t extra, int64_t least, int64_t most) {
    const int64_t d = present() ? read(name, reader_.integer()) : 0;
    n = 0;
    check(name, !__builtin_add_overflow(slots_.last[slot], d, &n) && !__builtin_add_overflow(n, extra, &n) &&
                    n >= least && n <= most);
    slots_.last[slot] = n;
  }

  template <typename F>
  void elements(const char* name, size_t most, F each) {
    if (!present()) return;
    const size_t count = read(name, reader_.array(most));
    for (size_t i = 0; i < count && !error_; ++i) each();
  }
  template <typename M>
  void nested(const char* name, M& m) {
    const size_t outer = left_;
    left_ = read(name, reader_.array(kFieldsMost));
    describe(*this, m);
    skip_rest();
    left_ = outer;
  }
  void skip_rest() {
    for (; left_ > 0 && !error_; --left_) keep(reader_.skip());
  }

  msgpack::Reader& reader_;
  std::optional<Error> error_;
  Slots slots_;
  size_t left_ = 0;
};

}  // namespace wherry::protocol
