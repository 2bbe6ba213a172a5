// The functions that JavaScript calls. Memory: requests are written into what wherry_alloc gives, which the
// call takes back; a reply stays until the next call.
#include <cstdlib>

#include "wasm/face.h"

#define WHERRY_EXPORT(name) extern "C" __attribute__((export_name(#name)))

namespace {

wherry::wasm::Face& face() {
  static wherry::wasm::Face only;
  return only;
}

const std::string* reply = nullptr;

}  // namespace

WHERRY_EXPORT(wherry_alloc) void* wherry_alloc(int32_t size) {
  return std::malloc(static_cast<size_t>(size));
}

WHERRY_EXPORT(wherry_call) const char* wherry_call(int32_t what, char* request, int32_t length) {
  reply = &face().call(static_cast<wherry::wasm::Call>(what), {request, static_cast<size_t>(length)});
  std::free(request);
  return reply->data();
}

WHERRY_EXPORT(wherry_reply_size) int32_t wherry_reply_size() {
  return static_cast<int32_t>(reply->size());
}

WHERRY_EXPORT(wherry_flags) int32_t wherry_flags() {
  return face().flags();
}
