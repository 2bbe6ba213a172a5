#include "bench/direct.h"

#include <stdexcept>

#include "base/text.h"
#include "bench/basics.h"
#include "bench/chat.h"
#include "server/clock.h"

namespace wherry::bench {

void Direct::add(std::string name, std::string data, size_t user) {
  DirectCommand command;
  command.name = std::move(name);
  command.data = std::move(data);
  command.user_id = user_name(user);
  commands_.push_back(std::move(command));
  if (commands_.size() == 1000) finish();
}

void Direct::finish() {
  for (const protocol::Answer& answer : expect(workspace_.execute_all(commands_, server::now())))
    if (answer.outcome != protocol::Outcome::kApplied)
      throw std::runtime_error(cat("not applied: ", answer.code, " ", answer.message));
  commands_.clear();
}

}  // namespace wherry::bench
