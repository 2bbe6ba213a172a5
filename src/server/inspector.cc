#include "server/inspector.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/text.h"
#include "server/clock.h"
#include "server/inspector_pages.h"
#include "server/log.h"

namespace wherry::server {

namespace {

constexpr std::string_view kFolder = "/inspector/";
constexpr std::string_view kFirstPage = "/inspector/index.html";
constexpr std::string_view kApi = "api/";
constexpr size_t kTasksMost = 64;
constexpr size_t kLogsMost = 16;
constexpr std::chrono::seconds kLogsKept{10};

// All of the page is here, and nothing in it but what this server sends.
constexpr std::string_view kPolicy =
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for "
    "'script'\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n";

WebFiles pages() {
  WebFiles files{std::string(kPolicy)};
  for (const InspectorPage& page : inspector_pages())
    files.add(cat(kFolder, page.name), std::string(page.bytes), WebFiles::Kept::kAskedAnew);
  return files;
}

// With the slash, what the page names is found beside it.
net::Page redirect() {
  return {.status = 308, .headers = "Location: inspector/\r\nCache-Control: no-store\r\n", .body = nullptr};
}

int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalid:
    case ErrorCode::kLimit:
      return 400;
    case ErrorCode::kNotFound:
      return 404;
    case ErrorCode::kBusy:
      return 503;
    default:
      return 500;
  }
}

net::Page page_of(const Error& error) {
  return inspector_error(status_of(error.code), code_text(error.code), error.message);
}

}  // namespace

Inspector::Inspector(InspectorOptions options)
    : options_(std::move(options)),
      access_(options_.data.secret(), options_.dev, options_.tokens),
      files_(pages()) {}

Inspector::~Inspector() {
  stop();
}

std::optional<net::Page> Inspector::page(const net::PageRequest& request) {
  if (request.target == kFolder.substr(0, kFolder.size() - 1)) return redirect();
  if (!request.target.starts_with(kFolder)) return std::nullopt;
  if (request.target.substr(kFolder.size()).starts_with(kApi)) return api(request);
  return files_.find(request.target == kFolder ? kFirstPage : request.target, request);
}

net::Page Inspector::api(const net::PageRequest& request) {
  const std::string_view path = request.target.substr(kFolder.size() + kApi.size());
  auto admitted = access_.admit(request, workspace_of(path), server::now());
  if (!admitted) return std::move(admitted).error();
  auto parsed = parse_inspector_request(path, request.query);
  if (!parsed) return page_of(parsed.error());
  if (*admitted) parsed->workspace = **admitted;
  net::Page page;
  page.later = [this, task = *std::move(parsed)](std::function<void(net::Page)> take) {
    std::unique_lock lock(mutex_);
    if (tasks_.size() >= kTasksMost || stopping_) {
      lock.unlock();
      return take(inspector_error(503, "busy", "Too many look here at once."));
    }
    tasks_.push_back({task, std::move(take)});
    if (!std::exchange(started_, true)) thread_ = std::thread([this] { run(); });
    changed_.notify_all();
  };
  return page;
}

void Inspector::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void Inspector::run() {
  for (;;) {
    std::optional<Task> task;
    {
      std::unique_lock lock(mutex_);
      const auto is_due = [this] { return stopping_ || !tasks_.empty(); };
      if (logs_.empty())
        changed_.wait(lock, is_due);
      else
        changed_.wait_for(lock, kLogsKept, is_due);
      if (stopping_) break;
      if (!tasks_.empty()) {
        task = std::move(tasks_.front());
        tasks_.pop_front();
      }
    }
    if (task) task->take(answer(task->request));
    close_logs(Clock::now() - kLogsKept);
  }
  logs_.clear();
}

net::Page Inspector::answer(const InspectorRequest& request) {
  using About = InspectorRequest::About;
  const auto make = [&] {
    switch (request.about) {
      case About::kWorkspaces:
        return workspaces(request);
      case About::kWorkspace:
        return workspace(request);
      case About::kSessions:
        return sessions(request);
      case About::kCommands:
        return commands(request);
      case About::kCommand:
        return command(request);
      case About::kRecipients:
        return recipients(request);
      case About::kActivity:
        return activity(request);
    }
    std::unreachable();
  };
  auto made = make();
  if (made) return inspector_answer(*std::move(made) + "\n");
  // A file that cannot be read now may be another one by the next time.
  const ErrorCode code = made.error().code;
  if (code != ErrorCode::kBusy && code != ErrorCode::kLimit) logs_.erase(request.workspace);
  if (status_of(code) == 500) log().warn("inspector: {}", made.error().text());
  return page_of(made.error());
}

Result<LogView*> Inspector::log_of(const std::string& name) {
  const auto known = logs_.find(name);
  if (known != logs_.end()) {
    known->second.used = Clock::now();
    return known->second.view.get();
  }
  TRY_ASSIGN(const DataFolder::WorkspaceInfo info, options_.data.find(name));
  if (std::error_code missing; !std::filesystem::exists(info.path, missing)) return nullptr;
  TRY_ASSIGN(auto view, LogView::open(info.path, options_.bundle));
  while (logs_.size() >= kLogsMost) {
    const auto oldest = std::ranges::min_element(logs_, {}, [](const auto& log) { return log.second.used; });
    logs_.erase(oldest);
  }
  return logs_.emplace(name, Log{std::move(view), Clock::now()}).first->second.view.get();
}

void Inspector::close_logs(Clock::time_point unused_since) {
  std::erase_if(logs_, [&](const auto& log) { return log.second.used <= unused_since; });
}

}  // namespace wherry::server
