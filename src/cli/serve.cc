#include "base/text.h"
#include "cli/bundle_loading.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/running_server.h"
#include "cli/signals.h"
#include "server/log.h"
#include "server/server.h"

namespace wherry::cli {

namespace {

struct ServeOptions {
  std::string bundle, data, web;
  std::string listen = "127.0.0.1:8080";
  bool dev = false;
  int workers = 0;
  int64_t idle_close_seconds = 60;
  std::vector<std::string> origins, proxies;
};

Result<Exit> serve(const ServeOptions& options) {
  TRY_ASSIGN(RunningServer where, parse_authority(options.listen));
  if (options.dev && !is_loopback(where.host))
    return fail(ErrorCode::kInvalid,
                cat("--dev trusts whoever connects: ", where.host, " is not a loopback address"));
  TRY_ASSIGN(const std::shared_ptr<const Bundle> bundle, load_bundle(options.bundle));

  server::ServerOptions start{.bundle = bundle,
                              .data = options.data,
                              .host = where.host,
                              .port = where.port,
                              .workers = options.workers,
                              .idle_close_ms = options.idle_close_seconds * 1000,
                              .origins = options.origins,
                              .web = options.web,
                              .dev = options.dev};
  start.proxies.insert(start.proxies.end(), options.proxies.begin(), options.proxies.end());

  // Before any thread is started, so that no other one takes them.
  const Signals signals;
  TRY_ASSIGN(const auto server, server::Server::start(std::move(start)));
  where.port = server->port();
  TRY(keep_bundle(options.data, *bundle));
  TRY(write_running_server(options.data, where));
  print_line(cat("listening on http://", where.authority()));
  flush();
  if (!is_loopback(where.host)) server::log().warn("connections are not encrypted: put a TLS proxy in front");

  server::log().info("{}: draining", signals.wait());
  server->stop();
  remove_running_server(options.data);
  return Exit::kOk;
}

}  // namespace

void add_serve(Program& program) {
  add_command<ServeOptions>(
      program, program.app, "serve", "Serves the workspaces of a data folder",
      [](CLI::App& command, ServeOptions& options) {
        command.add_option("--bundle", options.bundle, "The bundle's folder")->required();
        command.add_option("--data", options.data, "The data folder; made if missing")->required();
        command.add_option("--listen", options.listen, "HOST:PORT; port 0 picks a free one")
            ->capture_default_str();
        command.add_option("--web", options.web, "A folder with the app's pages, to be served at /");
        command.add_flag("--dev", options.dev,
                         "For development, on loopback only: makes unknown workspaces on demand");
        command
            .add_option("--origin", options.origins, "A web origin whose pages may connect; may be repeated")
            ->allow_extra_args(false);
        command
            .add_option("--proxy", options.proxies,
                        "The address of a reverse proxy whose X-Forwarded-For is believed; may be repeated. "
                        "127.0.0.1 and ::1 always are")
            ->allow_extra_args(false);
        command.add_option("--workers", options.workers, "Threads that run workspaces; 0: one per core")
            ->capture_default_str()
            ->check(CLI::Range(0, 1024));
        command
            .add_option("--idle-close", options.idle_close_seconds,
                        "Closes a workspace nobody used for this many seconds")
            ->capture_default_str()
            ->check(CLI::Range(int64_t{1}, int64_t{86'400}));
        command.footer(
            "The first line on stdout is `listening on http://HOST:PORT`, once it answers; the log goes to "
            "stderr.\n"
            "SIGTERM and SIGINT end it: what arrived is committed and answered first.");
      },
      serve);
}

}  // namespace wherry::cli
