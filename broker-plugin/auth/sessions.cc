#include "broker-plugin/auth/sessions.h"

#include <algorithm>

namespace parley::plugin {
namespace {

constexpr uint64_t kBindingMs = uint64_t{30} * 24 * 3600 * 1000;

}  // namespace

void Sessions::Restore(const std::vector<domain::ClientRecord>& clients, uint64_t log_time_ms) {
  for (const domain::ClientRecord& record : clients) {
    if (record.bound_at_ms() + kBindingMs < log_time_ms) continue;
    auto session = std::make_unique<Session>();
    session->client = record.client();
    session->user = record.username();
    session->connected = false;
    session->outlives = true;
    session->bound_at_ms = record.bound_at_ms();
    session->interest = Interest::Everything();
    interest_.Add(session->user, session->interest);
    by_user_[session->user].push_back(session.get());
    by_client_.insert(std::move(session));
  }
}

void Sessions::Orphan(const std::string& user) {
  const auto found = by_user_.find(user);
  if (found == by_user_.end()) return;
  const std::vector<Session*> sessions = std::move(found->second);
  by_user_.erase(found);
  for (Session* session : sessions) {
    interest_.Remove(session->user, session->interest);
    session->user.clear();
    interest_.Add(session->user, session->interest);
    by_user_[session->user].push_back(session);
  }
}

std::optional<std::string> Sessions::OwnerOtherThan(const std::string& client, std::string_view user) {
  const Session* session = FindClient(client);
  if (session == nullptr || session->user == user) return std::nullopt;
  if (!session->connected && !probe_(client)) {
    Forget(client);
    return std::nullopt;
  }
  return session->user;
}

Session& Sessions::Connected(ClientHandle handle, Session session) {
  if (Session* older = FindClient(session.client)) {
    if (older->user == session.user) {
      session.bound_at_ms = older->bound_at_ms;
      if (session.resumes) session.filters = std::move(older->filters);
    }
    Forget(session.client);
  }
  // The broker may use a handle again without having told us that its last client has gone.
  if (Session* stale = Find(handle)) End(*stale);
  auto entry = std::make_unique<Session>(std::move(session));
  Session& connected = *entry;
  connected.handle = handle;
  connected.number = ++connections_;
  interest_.Add(connected.user, connected.interest);
  by_handle_.Erase(handle);
  by_handle_.TryEmplace(handle, &connected);
  by_user_[connected.user].push_back(&connected);
  by_client_.insert(std::move(entry));
  if (listener_ != nullptr) listener_->OnSessionConnected(connected);
  return connected;
}

std::optional<std::string> Sessions::Disconnected(ClientHandle handle) {
  Session* found = Find(handle);
  if (found == nullptr) return std::nullopt;
  Session& session = *found;
  by_handle_.Erase(handle);
  End(session);
  if (session.outlives || session.v5) return session.client;
  Forget(session.client);
  return std::nullopt;
}

Session* Sessions::Settle(const std::string& client) {
  Session* session = FindClient(client);
  if (session == nullptr || session->connected) return nullptr;
  if (!probe_(client)) {
    Forget(client);
    return nullptr;
  }
  session->outlives = true;
  return session;
}

Session* Sessions::Find(ClientHandle handle) {
  Session* const* found = by_handle_.Find(handle);
  return found == nullptr ? nullptr : *found;
}

Session* Sessions::FindClient(std::string_view client) {
  const auto found = by_client_.find(client);
  return found == by_client_.end() ? nullptr : found->get();
}

const Session* Sessions::FindClient(std::string_view client) const {
  const auto found = by_client_.find(client);
  return found == by_client_.end() ? nullptr : found->get();
}

bool Sessions::AnyAckInterest(std::string_view client, Encoding encoding) {
  const Session* session = FindClient(client);
  return session != nullptr && session->interest.acks[static_cast<size_t>(encoding)];
}

void Sessions::AddInterest(Session& session, std::string_view filter) {
  interest_.Remove(session.user, session.interest);
  session.interest.Add(filter, session.user, session.client);
  interest_.Add(session.user, session.interest);
}

std::vector<std::string> Sessions::ClientsOf(std::string_view user) const {
  std::vector<std::string> clients;
  const auto found = by_user_.find(user);
  if (found == by_user_.end()) return clients;
  for (const Session* session : found->second) clients.push_back(session->client);
  return clients;
}

void Sessions::Forget(std::string_view client) {
  const auto found = by_client_.find(client);
  if (found == by_client_.end()) return;
  Session* session = found->get();
  interest_.Remove(session->user, session->interest);
  if (session->handle != nullptr) {
    by_handle_.Erase(session->handle);
    End(*session);
  }
  const auto user = by_user_.find(session->user);
  std::erase(user->second, session);
  if (user->second.empty()) by_user_.erase(user);
  by_client_.erase(found);
}

void Sessions::End(Session& session) {
  if (listener_ != nullptr) listener_->OnSessionGone(session);
  session.connected = false;
  session.handle = nullptr;
}

}  // namespace parley::plugin
