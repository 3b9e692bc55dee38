#include "broker-plugin/rewind/rewind.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "core/domain/permissions.h"
#include "schemas/topic.h"

namespace parley::plugin {
namespace {

// 1 … max, as std::to_string() writes it.
std::optional<uint64_t> ParseCount(std::string_view text, uint64_t max) {
  uint64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size() || text.starts_with('0')) return std::nullopt;
  if (count < 1 || count > max) return std::nullopt;
  return count;
}

// The rewind that a filter is, when it is one as the protocol has it.
std::optional<RewindTopic> TopicOf(std::string_view filter) {
  const Result<ChatTopic> topic = ParseChatTopic(filter);
  if (!topic || !std::holds_alternative<RewindTopic>(*topic)) return std::nullopt;
  return std::get<RewindTopic>(*topic);
}

}  // namespace

bool Rewind::IsRewind(std::string_view filter) {
  const Result<std::string_view> plain = WithoutShare(filter);
  if (!plain || !plain->starts_with(kRoot)) return false;
  size_t level = 0;
  bool rooms = false;
  bool rewind = false;
  ForEachLevel(plain->substr(kRoot.size()), [&](std::string_view text) {
    if (level == 0) rooms = text == "rooms";
    if (level == 2) rewind = text == "rewind";
    return ++level < 3;
  });
  return rooms && rewind;
}

bool Rewind::MaySubscribe(std::string_view user, std::string_view filter) const {
  const std::optional<RewindTopic> topic = TopicOf(filter);
  return topic && ParseCount(topic->count, kCountMax) && ParseRoomId(topic->room) &&
         domain::MayReceive(parts_.view, topic->room, user);
}

bool Rewind::Start(const Session& session, std::string_view filter, int qos, LogIndex up_to) {
  const std::optional<RewindTopic> topic = TopicOf(filter);
  if (!topic) return false;
  const auto of_client = std::count_if(waiting_.begin(), waiting_.end(),
                                       [&](const JobHandle& job) { return job->client == session.client; });
  if (waiting_.size() >= kWaitingMax || static_cast<size_t>(of_client) >= kWaitingPerClientMax) return false;
  const domain::Membership* membership = parts_.view.FindMembership(topic->room, session.user);
  if (membership == nullptr) return true;  // a direct room before its first message
  auto job = std::make_shared<Job>();
  job->client = session.client;
  job->user = session.user;
  job->handle = session.handle;
  job->room = std::string(topic->room);
  job->query = {.rid = Rid{parts_.view.FindRoom(topic->room)->record.rid()},
                .first = Seq{std::max<uint64_t>(membership->visible_from, 1)},
                .up_to = up_to,
                .count = ParseCount(topic->count, kCountMax).value_or(0),
                .encoding = topic->encoding};
  job->qos = qos;
  waiting_.push_back(std::move(job));
  Activate();
  return true;
}

// Begins those that wait, one of a client at a time.
void Rewind::Activate() {
  for (auto job = waiting_.begin(); job != waiting_.end() && active_.size() < kActiveMax;) {
    const bool busy = std::any_of(active_.begin(), active_.end(),
                                  [&](const JobHandle& other) { return other->client == (*job)->client; });
    if (busy) {
      ++job;
      continue;
    }
    active_.push_back(*job);
    Read(*job);
    job = waiting_.erase(job);
  }
}

void Rewind::Read(const JobHandle& job) {
  const bool submitted = parts_.pool.Submit([this, job, query = job->query] {
    Result<std::vector<RewindEvent>> events = std::vector<RewindEvent>();
    if (const std::unique_ptr<store::StoreView> view = parts_.open()) events = ReadRewind(*view, query);
    auto read = std::make_shared<Result<std::vector<RewindEvent>>>(std::move(events));
    return WorkerPool::Completion([this, job, read] {
      job->read = true;
      if (*read) {
        job->events = std::move(**read);
      } else {
        parts_.broker.Log(Broker::Level::kError, "rewind of " + job->room + ": " + read->error().reason);
      }
      Drain();
    });
  });
  if (!submitted) job->read = true;  // nothing: the client asks again, or takes history
}

void Rewind::Drain() {
  if (active_.empty()) return;
  size_t budget = kPublishesPerPass;
  for (auto job = active_.begin(); job != active_.end();) {
    job = Send(**job, budget) ? active_.erase(job) : std::next(job);
  }
  Activate();
  if (budget == 0) parts_.wake();
}

bool Rewind::Send(Job& job, size_t& budget) {
  if (!job.read) return false;
  const Session* session = parts_.sessions.FindClient(job.client);
  if (session == nullptr || session->handle != job.handle || session->user != job.user) return true;
  for (; job.next < job.events.size(); ++job.next) {
    if (budget == 0) return false;
    RewindEvent& event = job.events[job.next];
    if (!MaySee(job, event.seq)) continue;
    --budget;
    parts_.broker.PublishTo(job.client, RoomEventsTopic(job.room, job.query.encoding), event.payload,
                            job.qos);
    event.payload = {};
  }
  return true;
}

// By the view as it is now: a removal that it knows bites.
bool Rewind::MaySee(const Job& job, Seq seq) const {
  const domain::Room* room = parts_.view.FindRoom(job.room);
  if (room == nullptr || room->record.rid() != job.query.rid.value) return false;
  const domain::Membership* membership = parts_.view.FindMembership(job.room, job.user);
  if (membership == nullptr || !domain::MayReceive(parts_.view, job.room, job.user)) return false;
  return domain::VisibilityOf(job.room, job.user, membership->role, membership->visible_from, Seq{})
      .Sees(seq);
}

}  // namespace parley::plugin
