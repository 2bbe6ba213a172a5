// The error idiom of wherry/error.h, and the macros that pass an error on.
#pragma once

#include "wherry/error.h"  // IWYU pragma: export

#define WHERRY_CONCAT_(a, b) a##b
#define WHERRY_CONCAT(a, b) WHERRY_CONCAT_(a, b)

// TRY(expr): returns the error from the enclosing function if there is one.
#define TRY(...)                                              \
  do {                                                        \
    if (auto wherry_try_ = (__VA_ARGS__); !wherry_try_)       \
      return std::unexpected(std::move(wherry_try_).error()); \
  } while (false)

// TRY_ASSIGN(declaration, expr): declares and assigns the value, or returns the error.
#define TRY_ASSIGN(declaration, ...) \
  TRY_ASSIGN_(WHERRY_CONCAT(wherry_try_, __LINE__), declaration, __VA_ARGS__)
#define TRY_ASSIGN_(temporary, declaration, ...)                        \
  auto temporary = (__VA_ARGS__);                                       \
  if (!temporary) return std::unexpected(std::move(temporary).error()); \
  declaration = *std::move(temporary)
