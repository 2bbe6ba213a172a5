// Writes messages as describe.h lists their fields: a struct is an array; a field that has its default (zero,
// empty, false, nothing) is nil, and is left out when nothing else follows.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "base/msgpack.h"
#include "protocol/describe.h"

namespace wherry::protocol {

class Encoder {
 public:
  template <typename T>
  using Ref = const T&;

  explicit Encoder(std::string& out) : out_(out), writer_(out) {}

  template <typename M>
  void message(int64_t number, const M& m) {
    in_array([&] {
      writer_.integer(number);
      filled();
      describe(*this, m);
    });
  }

  // How many of the bytes written are bodies that are compressed already.
  size_t packed_bytes() const { return packed_bytes_; }

  void version(int64_t) {}
  void number(const char*, int64_t n, int64_t, int64_t) {
    put(n != 0, [&] { writer_.integer(n); });
  }
  void seq(const char* name, Seq n) { number(name, n.number, 0, 0); }
  void time(const char* name, Millis t) { number(name, in_range(t), 0, 0); }
  void step(const char* name, int64_t n, size_t slot) { number(name, difference(n, slot), 0, 0); }
  void next(const char* name, int64_t n, size_t slot) {
    const int64_t d = difference(n, slot);
    number(name, static_cast<int64_t>(static_cast<uint64_t>(d) - 1), 0, 0);
  }
  void time_step(const char* name, Millis t) { step(name, in_range(t), 0); }
  void flag(const char*, bool b) {
    put(b, [&] { writer_.boolean(b); });
  }
  void unless(const char* name, bool b) { flag(name, !b); }
  void text(const char*, const std::string& s, size_t) {
    put(!s.empty(), [&] { writer_.text(s); });
  }
  void bytes(const char*, const std::string& s, size_t) {
    put(!s.empty(), [&] { writer_.blob(s); });
  }
  void secret_text(const char* name, const std::string& s, size_t most) { text(name, s, most); }
  void secret_bytes(const char* name, const std::string& s, size_t most) { bytes(name, s, most); }
  void optional_text(const char*, const std::optional<std::string>& s, size_t) {
    put(s.has_value(), [&] { writer_.text(*s); });
  }
  void uuid(const char*, const std::string& id) {
    put(true, [&] { writer_.value(Value(id)); });
  }
  void uuid_or_empty(const char*, const std::string& id) {
    put(!id.empty(), [&] { writer_.value(Value(id)); });
  }
  void optional_uuid(const char*, const std::optional<std::string>& id) {
    put(id.has_value(), [&] { writer_.value(Value(*id)); });
  }
  void row(const char*, const Row& row) {
    put(!row.empty(), [&] { writer_.row(row); });
  }
  void body(const char* name, const std::string& body) {
    if (!body.empty() && body[0] != 0) packed_bytes_ += body.size();
    bytes(name, body, 0);
  }
  void outcome(const char* name, Outcome o) { number(name, static_cast<int64_t>(o), 0, 0); }
  void compression(const char* name, Compression c) { number(name, static_cast<int64_t>(c), 0, 0); }
  void compressions(const char*, const std::vector<Compression>& list) {
    elements(list, [&](Compression c) { writer_.integer(static_cast<int64_t>(c)); });
  }
  void handles(const char*, const std::vector<Handle>& list) {
    elements(list, [&](Handle h) { writer_.integer(h); });
  }
  void texts(const char*, const std::vector<std::string>& list, size_t, size_t) {
    elements(list, [&](const std::string& s) { writer_.text(s); });
  }
  template <typename M>
  void structure(const char*, const M& m) {
    put(true, [&] { in_array([&] { describe(*this, m); }); });
  }
  template <typename M>
  void optional_structure(const char*, const std::optional<M>& m) {
    put(m.has_value(), [&] { in_array([&] { describe(*this, *m); }); });
  }
  template <typename M>
  void list(const char*, const std::vector<M>& list, size_t) {
    const Slots outer = slots_;
    slots_ = {};
    elements(list, [&](const M& m) { in_array([&] { describe(*this, m); }); });
    slots_ = outer;
  }
  // One array of all fields of all elements.
  template <typename M>
  void flat_list(const char*, const std::vector<M>& list, size_t) {
    put(!list.empty(), [&] {
      std::string flat;
      Encoder encoder(flat);
      for (const M& m : list) describe(encoder, m);
      packed_bytes_ += encoder.packed_bytes_;
      writer_.array(encoder.fields_);
      writer_.raw(flat);
    });
  }

 private:
  struct Slots {
    int64_t last[3] = {};
  };

  static int64_t in_range(Millis t) { return std::clamp(t.count, -limits::kTimeMost, limits::kTimeMost); }

  int64_t difference(int64_t n, size_t slot) {
    const auto d = static_cast<uint64_t>(n) - static_cast<uint64_t>(slots_.last[slot]);
    slots_.last[slot] = n;
    return static_cast<int64_t>(d);
  }

  template <typename F>
  void put(bool present, F write) {
    if (present)
      write();
    else
      writer_.nil();
    ++fields_;
    if (present) {
      kept_fields_ = fields_;
      kept_size_ = out_.size();
    }
  }
  void filled() {
    put(true, [] {});
  }

  template <typename T, typename F>
  void elements(const std::vector<T>& list, F write) {
    put(!list.empty(), [&] {
      writer_.array(list.size());
      for (const T& element : list) write(element);
    });
  }

  // An array of the fields that `write` puts, without the defaults at its end.
  template <typename F>
  void in_array(F write) {
    const size_t outer_fields = fields_, outer_kept = kept_fields_, outer_size = kept_size_;
    const size_t start = out_.size();
    out_.push_back('\0');  // the array's head, if it fits in one byte as nearly always
    fields_ = kept_fields_ = 0;
    kept_size_ = out_.size();
    write();
    out_.resize(kept_size_);
    std::string head;
    msgpack::Writer(head).array(kept_fields_);
    out_.replace(start, 1, head);
    fields_ = outer_fields;
    kept_fields_ = outer_kept;
    kept_size_ = outer_size;
  }

  std::string& out_;
  msgpack::Writer writer_;
  Slots slots_;
  size_t fields_ = 0, kept_fields_ = 0, kept_size_ = 0;
  size_t packed_bytes_ = 0;
};

}  // namespace wherry::protocol
