#include "broker-plugin/delivery/silent_clients.h"

#include <optional>
#include <utility>

namespace parley::plugin {

SilentClients::SilentClients(Broker& broker, Sessions& sessions, std::function<void(const Session&)> end)
    : broker_(broker), sessions_(sessions), end_(std::move(end)) {}

void SilentClients::Watch(const Session& session, Clock::time_point now) {
  looks_.push({now + kFirstLook, session.handle, session.number});
}

void SilentClients::OnTick(Clock::time_point now) {
  for (size_t i = 0; i < kLooksPerPass && !looks_.empty() && looks_.top().due <= now; ++i) {
    const Look look = looks_.top();
    looks_.pop();
    LookAt(look, now);
  }
}

void SilentClients::LookAt(const Look& look, Clock::time_point now) {
  Session* session = sessions_.Find(look.handle);
  if (session == nullptr || session->number != look.number) return;
  const std::optional<Broker::Silence> silence = broker_.SilenceOf(look.handle);
  if (!silence) return looks_.push({now + kBlindLook, look.handle, look.number});
  if (silence->keep_alive.count() == 0) return;
  const std::chrono::milliseconds limit = std::chrono::milliseconds(silence->keep_alive) * 3 / 2;
  if (silence->silent < limit) {
    return looks_.push({now + (limit - silence->silent), look.handle, look.number});
  }
  session->silent = true;
  ++ended_count_;
  end_(*session);
}

}  // namespace parley::plugin
