#include "bench/server_process.h"

#include <ctime>
#include <fstream>
#include <stdexcept>

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "bench/basics.h"
#include "net/token.h"

namespace wherry::bench {

namespace {

// A line such as "VmRSS:  1234 kB" of /proc/PID/status, in bytes.
int64_t status_bytes(int pid, const std::string& name) {
  std::ifstream status(cat("/proc/", pid, "/status"));
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(name)) return std::stoll(line.substr(name.size() + 1)) * 1024;
  return 0;
}

}  // namespace

ServerProcess::ServerProcess(const std::string& program,
                             const std::function<void(server::DataFolder&)>& prepare,
                             const std::string& bundle) {
  const std::string data = (folder_.path() / "data").string();
  {
    const auto opened = expect(server::DataFolder::open(data, true));
    secret_ = opened->secret();
    prepare(*opened);
  }
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
  const std::string log = (folder_.path() / "log").string();
  std::vector<std::string> arguments = {program,  "serve", "--bundle", cat(WHERRY_SOURCE_DIR "/", bundle),
                                        "--data", data,    "--listen", "127.0.0.1:0"};
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // however the benchmark ends
    dup2(ends[1], STDOUT_FILENO);
    dup2(open(log.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600), STDERR_FILENO);
    execv(program.c_str(), argv.data());
    _exit(127);
  }
  close(ends[1]);
  out_ = ends[0];
  std::string line;
  for (char c = 0; read(out_, &c, 1) == 1 && c != '\n';) line.push_back(c);
  const size_t colon = line.rfind(':');
  if (pid_ < 0 || colon == std::string::npos)
    throw std::runtime_error(cat("cannot start ", program, ": ", line));
  port_ = static_cast<uint16_t>(std::stoi(line.substr(colon + 1)));
}

ServerProcess::~ServerProcess() {
  kill(pid_, SIGKILL);  // its data goes with it
  waitpid(pid_, nullptr, 0);
  close(out_);
}

std::string ServerProcess::token(const std::string& workspace, const std::string& user) const {
  return net::make_token({user, workspace, {}, server::now() + Millis{24 * 3'600'000}}, secret_);
}

double ServerProcess::cpu() const {
  clockid_t clock{};
  timespec time{};
  if (clock_getcpuclockid(pid_, &clock) != 0 || clock_gettime(clock, &time) != 0)
    throw std::runtime_error("the server is gone");
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

int64_t ServerProcess::memory() const {
  return status_bytes(pid_, "VmRSS");
}
int64_t ServerProcess::peak_memory() const {
  return status_bytes(pid_, "VmHWM");
}

std::unique_ptr<Workspace> new_workspace(server::DataFolder& data, const std::string& name,
                                         const std::string& bundle) {
  const auto info = expect(data.create_workspace(name, server::now().count));
  WorkspaceOptions options;
  options.path = info.path;
  options.name = name;
  options.bundle = bundle_in(bundle);
  options.hasher = net::sha256;
  options.entropy = net::fill_random;
  options.verifier = [](std::string_view, Millis) -> Result<Identity> {
    return fail(ErrorCode::kUnauthorized, "nobody connects here");
  };
  return expect(Workspace::open(std::move(options), server::now()));
}

Filled make_workspace(server::DataFolder& data, const std::string& name, const Population& population,
                      Dice& dice) {
  return fill(*new_workspace(data, name), population, dice);
}

}  // namespace wherry::bench
