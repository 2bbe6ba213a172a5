// A WebSocket of Boost.Beast that sends back what it gets, with nothing of ours around it.
#pragma once

#include <cstddef>

namespace wherry::bench {

// One connection over loopback, client and server on a thread each, so many frames of 100 bytes under way.
void bare_echo(size_t in_flight, double seconds);

}  // namespace wherry::bench
