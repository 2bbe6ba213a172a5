#include "client/dispatcher.h"

#include <utility>

namespace wherry::client {

Dispatcher::Dispatcher() : thread_([this] { run(); }) {}

void Dispatcher::stop() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  posted_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Dispatcher::post(std::function<void()> job) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  posted_.notify_one();
}

void Dispatcher::post_later(std::function<void()> job, std::chrono::milliseconds delay) {
  const auto at = std::chrono::steady_clock::now() + delay;
  {
    const std::lock_guard lock(mutex_);
    if (later_job_ && later_at_ <= at) return;
    later_job_ = std::move(job);
    later_at_ = at;
  }
  posted_.notify_one();
}

void Dispatcher::run() {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    if (later_job_ && std::chrono::steady_clock::now() >= later_at_)
      jobs_.push_back(std::exchange(later_job_, nullptr));
    if (jobs_.empty()) {
      const auto at = later_at_;
      if (later_job_)
        posted_.wait_until(lock, at);
      else
        posted_.wait(lock);
      continue;
    }
    const std::function<void()> job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job();
    lock.lock();
  }
}

}  // namespace wherry::client
