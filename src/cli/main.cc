// The `wherry` program.
#include <exception>

#include "base/text.h"
#include "cli/command.h"
#include "cli/output.h"

namespace {

using wherry::cli::Exit;

// A result that nobody got is no success.
Exit written(Exit exit) {
  if (wherry::cli::flush()) return exit;
  wherry::cli::print_error({wherry::ErrorCode::kIo, "the results cannot be written to stdout"});
  return Exit::kFailure;
}

Exit run(int argc, char** argv) {
  wherry::cli::Program program;
  wherry::cli::add_all(program);
  try {
    program.app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (program.app.exit(error) != 0) return Exit::kUsage;
    return written(Exit::kOk);
  }
  const wherry::Result<Exit> exit = program.action();
  if (exit) return written(*exit);
  wherry::cli::flush();
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
