#include <optional>
#include <string>
#include <vector>

#include "base/text.h"
#include "protocol/codec.h"
#include "protocol/describe.h"

namespace wherry::protocol {

namespace {

std::string row_json(const Row& row) {
  std::string out = "[";
  for (size_t i = 0; i < row.size(); ++i) out += cat(i == 0 ? "" : ",", wherry::to_json(row[i]));
  return out + "]";
}

std::string item_json(const RowItem& item) {
  const std::string start = cat("\"table\":", item.table, ",\"seq\":", item.seq.number, ',');
  switch (item.kind) {
    case RowItem::Kind::kPut:
      return cat("{\"kind\":\"put\",", start, "\"row\":", row_json(item.row), '}');
    case RowItem::Kind::kGone:
      return cat("{\"kind\":\"gone\",", start, "\"key\":", row_json(item.row), '}');
    case RowItem::Kind::kSet:
      break;
  }
  std::string cells;
  for (const auto& [column, value] : item.cells)
    cells += cat(cells.empty() ? "" : ",", '"', column, "\":", wherry::to_json(value));
  return cat("{\"kind\":\"set\",", start, "\"key\":", row_json(item.row), ",\"cells\":{", cells, "}}");
}

// Of a scope whose name the message does not say.
std::string body_json(const std::string& body, Seq upto) {
  const auto items = decode_items(body, {upto, "(@scope)"});
  if (!items) return cat("{\"error\":", json_quote(items.error().text()), '}');
  std::string out = "[";
  for (size_t i = 0; i < items->size(); ++i) out += cat(i == 0 ? "" : ",", item_json((*items)[i]));
  return out + "]";
}

// Writes the fields that have not their default, by name.
class JsonWriter {
 public:
  template <typename T>
  using Ref = const T&;

  // `upto`: of the message around what is written, as far as it is known.
  explicit JsonWriter(std::string& out, Seq upto = {}) : out_(out), upto_(upto) {}

  void version(int64_t) {}
  void number(const char* name, int64_t n, int64_t, int64_t) { put(name, n != 0, std::to_string(n)); }
  void seq(const char* name, Seq n) {
    number(name, n.number, 0, 0);
    if (std::string_view(name) == "upto") upto_ = n;
  }
  void time(const char* name, Millis t) { number(name, t.count, 0, 0); }
  void step(const char* name, int64_t n, size_t) { number(name, n, 0, 0); }
  void next(const char* name, int64_t n, size_t) { number(name, n, 0, 0); }
  void time_step(const char* name, Millis t) { time(name, t); }
  void flag(const char* name, bool b) { put(name, b, "true"); }
  void unless(const char* name, bool b) { flag(name, !b); }
  void text(const char* name, const std::string& s, size_t) { put(name, !s.empty(), json_quote(s)); }
  void bytes(const char* name, const std::string& s, size_t) { put(name, !s.empty(), json_quote(to_hex(s))); }
  void secret_text(const char* name, const std::string& s, size_t) { put(name, !s.empty(), "\"…\""); }
  void secret_bytes(const char* name, const std::string& s, size_t most) { secret_text(name, s, most); }
  void optional_text(const char* name, const std::optional<std::string>& s, size_t) {
    if (s) put(name, true, json_quote(*s));
  }
  void uuid(const char* name, const std::string& id) { text(name, id, 0); }
  void uuid_or_empty(const char* name, const std::string& id) { text(name, id, 0); }
  void optional_uuid(const char* name, const std::optional<std::string>& id) { optional_text(name, id, 0); }
  void row(const char* name, const Row& row) { put(name, true, row_json(row)); }
  void body(const char* name, const std::string& body) { put(name, true, body_json(body, upto_)); }
  void outcome(const char* name, Outcome o) {
    constexpr const char* kNames[] = {"\"applied\"", "\"superseded\"", "\"rejected\""};
    put(name, true, kNames[static_cast<size_t>(o)]);
  }
  void compression(const char* name, Compression c) { put(name, true, compression_json(c)); }
  void compressions(const char* name, const std::vector<Compression>& list) {
    elements(name, list, [](Compression c) { return compression_json(c); });
  }
  void handles(const char* name, const std::vector<Handle>& list) {
    elements(name, list, [](Handle h) { return std::to_string(h); });
  }
  void texts(const char* name, const std::vector<std::string>& list, size_t, size_t) {
    elements(name, list, [](const std::string& s) { return json_quote(s); });
  }
  template <typename M>
  void structure(const char* name, const M& m) {
    put(name, true, object(m));
  }
  template <typename M>
  void optional_structure(const char* name, const std::optional<M>& m) {
    if (m) put(name, true, object(*m));
  }
  template <typename M>
  void list(const char* name, const std::vector<M>& list, size_t) {
    elements(name, list, [this](const M& m) { return object(m); });
  }
  template <typename M>
  void flat_list(const char* name, const std::vector<M>& items, size_t most) {
    list(name, items, most);
  }

 private:
  static std::string compression_json(Compression c) {
    constexpr const char* kNames[] = {"\"plain\"", "\"zstd\"", "\"zstd-dictionary\""};
    return kNames[static_cast<size_t>(c)];
  }

  template <typename M>
  std::string object(const M& m) const {
    std::string out;
    JsonWriter writer(out, upto_);
    describe(writer, m);
    return cat('{', out, '}');
  }

  void put(const char* name, bool present, std::string_view json) {
    if (present) out_ += cat(out_.empty() ? "" : ",", '"', name, "\":", json);
  }
  template <typename T, typename F>
  void elements(const char* name, const std::vector<T>& list, F json) {
    std::string all;
    for (const T& element : list) all += cat(all.empty() ? "" : ",", json(element));
    put(name, !list.empty(), cat('[', all, ']'));
  }

  std::string& out_;
  Seq upto_;
};

}  // namespace

std::string to_json(const Message& message) {
  std::string out = cat("\"type\":\"", message_name(message), '"');
  JsonWriter writer(out);
  std::visit([&](const auto& m) { describe(writer, m); }, message);
  return cat('{', out, '}');
}

}  // namespace wherry::protocol
