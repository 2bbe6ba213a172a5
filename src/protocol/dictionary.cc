#include "protocol/codec.h"

namespace wherry::protocol {

namespace {

constexpr unsigned char kDictionary[] = {
#include "dictionary_1.inc"
};

}  // namespace

std::string_view dictionary() {
  return {reinterpret_cast<const char*>(kDictionary), sizeof kDictionary};
}

}  // namespace wherry::protocol
