// The values of row items: MessagePack, and besides it four codes for what most rows hold. MessagePack has
// them for maps, which are no values. docs/PROTOCOL.md describes them. One writer or reader goes through the
// items of a body in their order: times are told as steps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/msgpack.h"
#include "base/value.h"

namespace wherry::protocol {

class ValueWriter {
 public:
  // `argument`: of the scope the rows lie in, empty if it has none. It must outlive the writer.
  ValueWriter(std::string& out, std::string_view argument) : out_(out), plain_(out), argument_(argument) {}

  void value(const Value& value);
  void row(const Row& row);
  void integer(int64_t value) { plain_.integer(value); }
  void array(size_t count) { plain_.array(count); }

 private:
  bool text(std::string_view text);
  void time_step(uint8_t code, uint64_t time);

  std::string& out_;
  msgpack::Writer plain_;
  std::string_view argument_;
  uint64_t time_ = 0;
};

// Fails with kProtocol as msgpack::Reader does.
class ValueReader {
 public:
  ValueReader(std::string_view in, std::string_view argument) : plain_(in), argument_(argument) {}

  Result<Value> value();
  Result<Row> row(size_t most);
  Result<int64_t> integer() { return plain_.integer(); }
  Result<size_t> array(size_t most) { return plain_.array(most); }
  bool at_end() const { return plain_.at_end(); }

 private:
  Result<uint64_t> time_step();
  Result<Value> uuid();

  msgpack::Reader plain_;
  std::string_view argument_;
  uint64_t time_ = 0;
};

}  // namespace wherry::protocol
