// A thread that runs functions one after another, in the order they were posted: the app's callbacks.
// Thread: post from any.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace wherry::client {

class Dispatcher {
 public:
  Dispatcher();
  ~Dispatcher() { stop(); }
  // Drops what has not begun and whatever is posted later; waits for what has begun.
  void stop();
  void post(std::function<void()> job);
  // Posts the job so much later. There is one such job: the earlier of two stays.
  void post_later(std::function<void()> job, std::chrono::milliseconds delay);
  bool on_this_thread() const { return std::this_thread::get_id() == thread_.get_id(); }

 private:
  void run();
  std::mutex mutex_;
  std::condition_variable posted_;
  std::deque<std::function<void()>> jobs_;
  std::function<void()> later_job_;
  std::chrono::steady_clock::time_point later_at_;
  bool ending_ = false;
  std::thread thread_;  // last: starts when the rest is there
};

}  // namespace wherry::client
