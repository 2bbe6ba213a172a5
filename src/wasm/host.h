// What the core asks of the JavaScript around it: files, random bytes, and what it knows of numbers and
// times. The functions are imports of the module "wherry"; web/client/src/core/host.ts has the other side.
#pragma once

#include <cstdint>

#define WHERRY_IMPORT(name) __attribute__((import_module("wherry"), import_name(#name)))

extern "C" {

// Files are named by text of so many bytes, and then by a number, from 0. Sizes and places are in bytes, as
// doubles, which hold them exactly. Errors are negative: kHost…
WHERRY_IMPORT(file_open) int32_t wherry_file_open(const char* name, int32_t length, int32_t create);
WHERRY_IMPORT(file_close) void wherry_file_close(int32_t file);
// How many bytes were read: fewer than `amount` at the end of the file.
WHERRY_IMPORT(file_read) int32_t wherry_file_read(int32_t file, void* to, int32_t amount, double at);
WHERRY_IMPORT(file_write)
int32_t wherry_file_write(int32_t file, const void* from, int32_t amount, double at);
WHERRY_IMPORT(file_truncate) int32_t wherry_file_truncate(int32_t file, double size);
WHERRY_IMPORT(file_sync) int32_t wherry_file_sync(int32_t file);
WHERRY_IMPORT(file_size) double wherry_file_size(int32_t file);
WHERRY_IMPORT(file_delete) int32_t wherry_file_delete(const char* name, int32_t length);
WHERRY_IMPORT(file_exists) int32_t wherry_file_exists(const char* name, int32_t length);

WHERRY_IMPORT(random) void wherry_random(void* to, int32_t amount);
// Milliseconds since 1970.
WHERRY_IMPORT(now) double wherry_now();
// How far the local time is ahead of UTC at that time: seconds, both.
WHERRY_IMPORT(utc_offset) double wherry_utc_offset(double time);

// At most 25 characters, and how many they are; see shortest_text() in base/real.h.
WHERRY_IMPORT(real_text) int32_t wherry_real_text(double real, char* to);
WHERRY_IMPORT(real_of) double wherry_real_of(const char* decimal, int32_t length);
WHERRY_IMPORT(log) double wherry_log(double x);

// Ends the core, for a reason that is a bug or a want of memory: throws.
[[noreturn]] WHERRY_IMPORT(give_up) void wherry_give_up(const char* why, int32_t length);

}  // extern "C"

namespace wherry::wasm {

inline constexpr int32_t kHostMissing = -1;  // there is no such file
inline constexpr int32_t kHostFull = -2;     // no space is left
inline constexpr int32_t kHostFailed = -3;

}  // namespace wherry::wasm
