// Properties as tests of GoogleTest; see ../rapidcheck.h.
#pragma once

#include <gtest/gtest.h>
#include <rapidcheck.h>

#define RC_GTEST_PROP(suite, name, parameters)  \
  void rc_property_##suite##_##name parameters; \
  TEST(suite, name) {                           \
    rc::check(rc_property_##suite##_##name);    \
  }                                             \
  void rc_property_##suite##_##name parameters
