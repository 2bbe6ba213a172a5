// The part of RapidCheck that Wherry's properties use, for WebAssembly: RapidCheck throws, and there are no
// exceptions here. Generators draw alike but not the same: a seed repeats a run of WebAssembly only. Nothing
// is shrunk. A case that fails says what it drew and ends the program.
//
// RC_PARAMS: seed, max_success and max_size count; others are left to native builds.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <limits>
#include <random>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace rc {

using Random = std::mt19937_64;

// The size from which on numbers are drawn from all of their range.
inline constexpr int kNominalSize = 100;

namespace detail {

struct TestParams {
  uint64_t seed = 0;
  int maxSuccess = 100;
  int maxSize = 100;
};
struct Configuration {
  TestParams testParams;
};

inline std::string text_of(const TestParams& params) {
  return "seed=" + std::to_string(params.seed) + " max_success=" + std::to_string(params.maxSuccess) +
         " max_size=" + std::to_string(params.maxSize);
}

inline Configuration configuration_from(const char* text) {
  Configuration made;
  std::random_device device;
  made.testParams.seed = device();
  std::istringstream words(text == nullptr ? "" : text);
  for (std::string word; words >> word;) {
    const size_t equals = std::min(word.find('='), word.size());
    const std::string name = word.substr(0, equals), value = word.substr(std::min(equals + 1, word.size()));
    if (name == "seed") made.testParams.seed = std::strtoull(value.c_str(), nullptr, 10);
    if (name == "max_success") made.testParams.maxSuccess = std::atoi(value.c_str());
    if (name == "max_size") made.testParams.maxSize = std::atoi(value.c_str());
  }
  // Who is stopped by a trap says no more.
  std::cout << "RC_PARAMS=\"" << text_of(made.testParams) << "\"" << std::endl;
  return made;
}

inline const Configuration& configuration() {
  static const Configuration configuration = configuration_from(std::getenv("RC_PARAMS"));
  return configuration;
}

// The case that runs.
struct Case {
  Random random;
  int size = 0;
  std::vector<std::string> drawn;
};
inline Case& this_case() {
  static Case only;
  return only;
}

[[noreturn]] inline void fail(const char* why, const char* file, int line) {
  std::ostringstream drawn;
  for (const std::string& value : this_case().drawn) drawn << "\n  " << value;
  ADD_FAILURE_AT(file, line) << why << "\nRC_PARAMS=\"" << text_of(configuration().testParams)
                             << "\" repeats it. Drawn, at size " << this_case().size << ':' << drawn.str();
  std::exit(1);
}

template <typename T>
std::string text_of(const T& value) {
  if constexpr (requires(std::ostream& os) { showValue(value, os); }) {
    std::ostringstream text;
    showValue(value, text);
    return text.str();
  } else if constexpr (requires(std::ostream& os) { showValue(*value.begin(), os); }) {
    std::string text;
    for (const auto& element : value) text += (text.empty() ? "" : ", ") + text_of(element);
    return "[" + text + "]";
  } else {
    return testing::PrintToString(value);
  }
}

// A number of so many bits at most.
inline uint64_t bits(Random& random, int count) {
  return count == 0 ? 0 : random() >> (64 - count);
}

// A share of `most` as large as `size` is of the nominal size.
inline uint64_t scaled(uint64_t most, int size) {
  const auto nominal = static_cast<uint64_t>(kNominalSize);
  const uint64_t share = std::min(static_cast<uint64_t>(size), nominal);
  return most / nominal * share + most % nominal * share / nominal;
}

}  // namespace detail

// Draws values, with a random number generator and a size.
template <typename T>
class Gen {
 public:
  using ValueType = T;
  template <typename Draw>
    requires(!std::is_same_v<std::decay_t<Draw>, Gen>)
  Gen(Draw draw) : draw_(std::move(draw)) {}

  T operator()(Random& random, int size) const { return draw_(random, size); }
  // Draws a value for the case that runs.
  T operator*() const {
    detail::Case& running = detail::this_case();
    T value = draw_(running.random, running.size);
    running.drawn.push_back(detail::text_of(value));
    return value;
  }

 private:
  std::function<T(Random&, int)> draw_;
};

namespace gen {

template <typename T>
Gen<T> inRange(T least, T beyond) {
  return [=](Random& random, int size) {
    const auto span = static_cast<uint64_t>(beyond) - static_cast<uint64_t>(least);
    return static_cast<T>(static_cast<uint64_t>(least) + random() % (detail::scaled(span - 1, size) + 1));
  };
}

template <typename T>
Gen<T> arbitrary() {
  return [](Random& random, int size) -> T {
    const int share = std::min(size, kNominalSize);
    if constexpr (std::is_same_v<T, bool>) {
      return random() % 2 == 0;
    } else if constexpr (std::is_floating_point_v<T>) {
      return static_cast<T>(arbitrary<int64_t>()(random, size)) +
             static_cast<T>(random()) / static_cast<T>(std::numeric_limits<uint64_t>::max());
    } else {
      const uint64_t value = detail::bits(random, std::numeric_limits<T>::digits * share / kNominalSize);
      return static_cast<T>(std::is_signed_v<T> && random() % 2 == 0 ? ~value : value);
    }
  };
}

template <typename T>
Gen<T> element(T first, auto... others) {
  return [=](Random& random, int) {
    const std::vector<T> all = {first, T(others)...};
    return all[random() % all.size()];
  };
}

template <typename Container>
Gen<typename Container::value_type> elementOf(Container all) {
  return [all = std::move(all)](Random& random, int) { return all[random() % all.size()]; };
}

template <typename T>
Gen<T> oneOf(Gen<T> first, auto... others) {
  return [=](Random& random, int size) {
    const std::vector<Gen<T>> all = {first, others...};
    return all[random() % all.size()](random, size);
  };
}

template <typename T>
Gen<T> resize(int size, Gen<T> of) {
  return [=](Random& random, int) { return of(random, size); };
}

template <typename T>
Gen<T> scale(double factor, Gen<T> of) {
  return [=](Random& random, int size) { return of(random, static_cast<int>(size * factor)); };
}

template <typename T>
Gen<T> suchThat(auto accepts) {
  return [=](Random& random, int size) {
    T value = arbitrary<T>()(random, size);
    while (!accepts(value)) value = arbitrary<T>()(random, size);
    return value;
  };
}

template <typename Container, typename T>
Gen<Container> container(Gen<T> of) {
  return [=](Random& random, int size) {
    Container made;
    for (uint64_t n = random() % (static_cast<uint64_t>(size) + 1); n > 0; --n)
      made.push_back(of(random, size));
    return made;
  };
}

template <typename T, typename... Parts>
Gen<T> construct(Gen<Parts>... parts) {
  return [=](Random& random, int size) { return T{parts(random, size)...}; };
}

}  // namespace gen

// Runs a property with cases of growing size. True, or the program ends.
template <typename Property>
bool check(Property&& property) {
  const detail::TestParams& params = detail::configuration().testParams;
  for (int n = 0; n < params.maxSuccess; ++n) {
    detail::Case& running = detail::this_case();
    std::seed_seq seed{static_cast<uint32_t>(params.seed), static_cast<uint32_t>(params.seed >> 32),
                       static_cast<uint32_t>(n)};
    running.random.seed(seed);
    running.size = params.maxSize * n / std::max(params.maxSuccess - 1, 1);
    running.drawn.clear();
    property();
    if (testing::Test::HasFailure()) detail::fail("see above", __FILE__, __LINE__);
  }
  return true;
}
template <typename Property>
bool check(const std::string&, Property&& property) {
  return check(std::forward<Property>(property));
}

}  // namespace rc

#define RC_ASSERT(condition)                                                               \
  do {                                                                                     \
    if (!(condition)) ::rc::detail::fail("RC_ASSERT(" #condition ")", __FILE__, __LINE__); \
  } while (false)
