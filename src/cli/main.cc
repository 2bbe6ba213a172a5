// The `wherry` program.
#include <exception>

#include "base/text.h"
#include "cli/command.h"
#include "cli/output.h"

namespace {

using wherry::cli::Exit;

Exit run(int argc, char** argv) {
  wherry::cli::Program program;
  wherry::cli::add_all(program);
  try {
    program.app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return program.app.exit(error) == 0 ? Exit::kOk : Exit::kUsage;
  }
  const wherry::Result<Exit> exit = program.action();
  wherry::cli::flush();
  if (exit) return *exit;
  wherry::cli::print_error(exit.error());
  return wherry::cli::exit_of(exit.error());
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return static_cast<int>(run(argc, argv));
  } catch (const std::exception& error) {
    wherry::cli::print_error({wherry::ErrorCode::kInternal, error.what()});
    return static_cast<int>(Exit::kFailure);
  }
}
