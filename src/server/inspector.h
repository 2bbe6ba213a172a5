// The inspector: pages at /inspector/ and what they ask for below /inspector/api/, to see what a server's
// workspaces, sessions and commands do. docs/INSPECTOR.md describes the answers.
//
// It reads the log beside the workers, through connections of its own, and asks them only for what is in
// their memory. It opens no workspace that is at rest, and does nothing while nobody looks.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "bundle/bundle.h"
#include "net/pages.h"
#include "server/data_folder.h"
#include "server/inspector_access.h"
#include "server/inspector_request.h"
#include "server/refused_tokens.h"
#include "server/web_files.h"
#include "server/worker.h"
#include "workspace/log_view.h"

namespace wherry::server {

struct InspectorOptions {
  std::shared_ptr<const Bundle> bundle;
  const DataFolder& data;
  const std::vector<std::unique_ptr<Worker>>& workers;
  RefusedTokens& tokens;
  bool dev = false;
};

class Inspector {
 public:
  // What `options` refer to must outlive stop().
  explicit Inspector(InspectorOptions options);
  ~Inspector();

  // On I/O threads. Nothing: the request is for something else.
  std::optional<net::Page> page(const net::PageRequest& request);
  // Closes the files and joins the thread; whoever still waits gets no answer.
  void stop();

 private:
  using Clock = std::chrono::steady_clock;
  struct Task {
    InspectorRequest request;
    std::function<void(net::Page)> take;
  };
  struct Log {
    std::unique_ptr<LogView> view;
    Clock::time_point used;
  };
  // The head at two moments, from which the rate follows.
  struct Pace {
    Clock::time_point earlier, later;
    Seq earlier_head, later_head;
  };

  net::Page api(const net::PageRequest& request);
  void run();
  net::Page answer(const InspectorRequest& request);
  Result<std::string> workspaces(const InspectorRequest& request);
  Result<std::string> workspace(const InspectorRequest& request);
  Result<std::string> sessions(const InspectorRequest& request);
  Result<std::string> commands(const InspectorRequest& request);
  Result<std::string> command(const InspectorRequest& request);
  Result<std::string> recipients(const InspectorRequest& request);
  Result<std::string> activity(const InspectorRequest& request);

  std::string summary(const DataFolder::WorkspaceInfo& info, const WorkspaceView* open, bool is_busy);
  std::string pace(const std::string& name, Seq head);
  // What the worker of this workspace sees of it: nothing if it is at rest. kBusy if it does not answer.
  Result<std::optional<WorkspaceView>> look(const std::string& name, ViewQuery query) const;
  // nullptr: nobody has ever connected, and there is no file.
  Result<LogView*> log_of(const std::string& name);
  void close_logs(Clock::time_point unused_since);

  const InspectorOptions options_;
  const InspectorAccess access_;
  const WebFiles files_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Task> tasks_;
  bool started_ = false, stopping_ = false;

  // The thread's own.
  std::map<std::string, Log> logs_;
  std::map<std::string, Pace> paces_;

  std::thread thread_;  // from the first question on
};

}  // namespace wherry::server
