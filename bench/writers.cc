#include "bench/writers.h"

#include "server/clock.h"

namespace wherry::bench {

Writers::Writers(Fleet& fleet, Load load) : fleet_(fleet), load_(std::move(load)), pushed_(load_.writers) {
  for (size_t i = 0; i < load_.writers; ++i)
    fleet.peer(i).on_answer = [this, i](const protocol::Answer&) {
      latencies_.push_back(1e3 * seconds_since(pushed_[i].front()));
      pushed_[i].pop_front();
      ++answered_;
      push(i);
    };
}

Writers::~Writers() {
  for (size_t i = 0; i < load_.writers; ++i) fleet_.peer(i).on_answer = nullptr;
}

void Writers::begin() {
  for (size_t i = 0; i < load_.writers; ++i) {
    for (size_t n = 0; n < load_.window; ++n) push(i);
    fleet_.flush(i);
  }
}

void Writers::push(size_t writer) {
  if (issued_ == load_.commands) return;
  ++issued_;
  Command command = load_.next(writer);
  pushed_[writer].push_back(Clock::now());
  fleet_.peer(writer).push(std::move(command.name), std::move(command.data), server::now());
}

}  // namespace wherry::bench
