#include "bridge/presence/presence_service.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "bridge/presence/limits.h"
#include "bridge/presence/memberships.h"
#include "bridge/presence/presence_rows.h"
#include "schemas/json.h"
#include "schemas/topic.h"

namespace parley::bridge {
namespace {

constexpr size_t kItemsPerView = 64;
constexpr int64_t kCommitWaitMs = 100;
// A list of sessions that was asked for and did not come.
constexpr int64_t kAskAgainMs = 10'000;

Error NotKnownYet() {
  return {Code::UNAVAILABLE, "who is connected is not known yet: try again in a moment"};
}

}  // namespace

PresenceTime PresenceService::Now() {
  using std::chrono::duration_cast;
  using std::chrono::milliseconds;
  const auto steady = std::chrono::steady_clock::now().time_since_epoch();
  const auto wall = std::chrono::system_clock::now().time_since_epoch();
  return {.now_ms = duration_cast<milliseconds>(steady).count(),
          .wall_ms = static_cast<uint64_t>(duration_cast<milliseconds>(wall).count())};
}

PresenceService::PresenceService(Parts parts, int64_t grace_ms)
    : parts_(std::move(parts)), model_(grace_ms) {}

PresenceService::~PresenceService() {
  Stop();
}

Status PresenceService::Start() {
  const Result<LoadedPresence> loaded = LoadPresence(parts_.local, model_);
  if (!loaded) return loaded.error();
  fresh_ = loaded->fresh;
  gone_ms_ = loaded->alive_ms;
  model_.LoadLost(loaded->alive_ms);
  thread_ = std::thread([this] { Run(); });
  return {};
}

void PresenceService::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool PresenceService::OnNotice(const std::string& payload) {
  internal::v1::SessionNotice notice;
  if (!notice.ParseFromString(payload)) {
    parts_.log("dropped a notice of sessions that is not one of the plugin's");
    return false;
  }
  const PresenceTime time = Now();
  const std::lock_guard lock(mutex_);
  ++status_.notices;
  linked_ = true;
  const SessionTable::Heard heard = table_.Hear(notice, time.wall_ms);
  model_.Hear(heard.steps, time);
  if (heard.complete) {
    ask_again_ms_.reset();
    const uint64_t gone_ms = std::exchange(gone_ms_, 0);
    model_.SessionsComplete(gone_ms != 0 ? gone_ms : time.wall_ms, time);
    // A broker that has started has lost, or has old, retained messages.
    if (heard.restarted) model_.TellAll();
  }
  if (!heard.missed) return false;
  ++status_.gaps;
  ask_again_ms_ = time.now_ms + kAskAgainMs;
  return true;
}

void PresenceService::OnCommitted(LogIndex committed) {
  {
    const std::lock_guard lock(mutex_);
    if (committed <= committed_) return;
    committed_ = committed;
  }
  changed_.notify_all();
}

void PresenceService::OnLinkLost() {
  const PresenceTime time = Now();
  const std::lock_guard lock(mutex_);
  linked_ = false;
  ask_again_ms_.reset();
  table_.OnLinkLost(time.wall_ms);
  committed_ = {};
  // Whether these have arrived is not known.
  for (const auto& [id, sent] : std::exchange(in_flight_, {})) {
    model_.Published(sent.publication, false, time);
  }
}

void PresenceService::OnNews(MembershipNews news) {
  const std::lock_guard lock(mutex_);
  if (news_.size() >= limits::kPresenceChangesMax) {
    news_.clear();
    model_.ReadAll();
    return;
  }
  news_.push_back(std::move(news));
}

Result<v1::Presence> PresenceService::Set(const std::string& user, std::optional<v1::Presence::State> state,
                                          const std::optional<std::string>& status_text) {
  const PresenceTime time = Now();
  const std::lock_guard keep_lock(keep_mutex_);
  Person after;
  {
    const std::lock_guard lock(mutex_);
    if (!table_.complete()) return NotKnownYet();
    if (const Person* person = model_.Find(user)) after = *person;
  }
  Choose(after, state, status_text, time.wall_ms);
  store::LocalBatch batch;
  batch.Put(PresenceKey(user), RecordOf(after).SerializeAsString());
  if (Status kept = parts_.local.Write(batch, store::LocalStore::Durability::kDisk); !kept) {
    return std::move(kept).error().Within("keep it");
  }
  const std::lock_guard lock(mutex_);
  return model_.Set(user, state, status_text, time);
}

std::optional<PresenceService::Seen> PresenceService::Find(const std::string& user) const {
  const int64_t now_ms = Now().now_ms;
  const std::lock_guard lock(mutex_);
  if (!table_.complete()) return std::nullopt;
  const Person* person = model_.Find(user);
  if (person == nullptr) return Seen();
  Seen seen{.connected = person->sessions > 0, .chosen = person->chosen};
  if (person->here && !seen.connected) seen.leaving_ms = std::max<int64_t>(0, person->leaves_ms - now_ms);
  return seen;
}

std::vector<LostPerson> PresenceService::LostAfter(uint64_t number) const {
  const std::lock_guard lock(mutex_);
  return model_.LostAfter(number);
}

uint64_t PresenceService::newest_lost() const {
  const std::lock_guard lock(mutex_);
  return model_.newest_lost();
}

Result<v1::Presence> PresenceService::Get(const std::string& user, bool own) const {
  const std::lock_guard lock(mutex_);
  if (!table_.complete()) return NotKnownYet();
  const Person* person = model_.Find(user);
  if (person != nullptr) return own ? OwnPresence(*person) : ShownPresence(*person);
  v1::Presence never_seen;
  never_seen.set_user(user);
  return never_seen;
}

Result<v1::RoomPresence> PresenceService::GetRoom(Rid rid, const std::string& room, bool big) const {
  const std::lock_guard lock(mutex_);
  if (!table_.complete()) return NotKnownYet();
  return model_.Describe(rid, room, big);
}

PresenceStatus PresenceService::status() const {
  const std::lock_guard lock(mutex_);
  PresenceStatus status = status_;
  status.complete = table_.complete();
  status.persons_online = model_.here_count();
  status.persons_known = model_.person_count();
  status.rooms = model_.room_count();
  status.sessions = table_.size();
  status.in_flight = in_flight_.size() * 2;
  return status;
}

void PresenceService::Run() {
  while (true) {
    Step();
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, std::chrono::milliseconds(limits::kPresenceStepMs),
                          [this] { return stopping_; })) {
      return;
    }
  }
}

void PresenceService::Step() {
  const PresenceTime time = Now();
  bool complete = false;
  {
    const std::lock_guard lock(mutex_);
    complete = table_.complete();
    // Without the broker nobody is known to have gone.
    if (complete) model_.Tick(time);
  }
  Supervise(time);
  if (!complete) return;
  Read();
  if (fresh_) SweepStore();
  std::optional<std::vector<PresencePublication>> due = TakeDueAndKeep();
  if (!due) return;
  for (PresencePublication& publication : *due) Publish(std::move(publication));
}

void PresenceService::Supervise(const PresenceTime& time) {
  {
    const std::lock_guard lock(mutex_);
    if (!linked_ || !ask_again_ms_ || time.now_ms < *ask_again_ms_) return;
    ask_again_ms_ = time.now_ms + kAskAgainMs;
  }
  parts_.ask_sessions();
}

std::optional<std::vector<PresencePublication>> PresenceService::TakeDueAndKeep() {
  const PresenceTime time = Now();
  const std::lock_guard keep_lock(keep_mutex_);
  std::vector<PresencePublication> due;
  PresenceModel::Rows rows;
  {
    const std::lock_guard lock(mutex_);
    if (!table_.complete()) return std::nullopt;
    if (in_flight_.size() * 2 < limits::kPresenceInFlightMax) {
      due = model_.TakeDue(time, {.persons = limits::kPresencePersonsPerStep,
                                  .rooms = limits::kPresenceRoomsPerStep,
                                  .swept = limits::kPresenceSweptPerStep});
    }
    rows = model_.TakeRows();
  }
  store::LocalBatch batch;
  AddRows(rows, batch);
  if (!fresh_ && time.now_ms >= next_alive_ms_) {
    next_alive_ms_ = time.now_ms + limits::kPresenceAliveMs;
    AddAlive(time.wall_ms, batch);
  }
  if (batch.empty()) return due;
  // Kept before it is seen: what a bridge that starts again does not know of, it cannot take back.
  const Status kept = parts_.local.Write(batch, store::LocalStore::Durability::kProcess);
  if (kept) {
    quiet_ = false;
    return due;
  }
  if (!std::exchange(quiet_, true)) parts_.log("keep presence: " + kept.error().reason + "; trying again");
  const std::lock_guard lock(mutex_);
  model_.ReturnRows(rows);
  for (const PresencePublication& publication : due) model_.Published(publication, false, time);
  return std::nullopt;
}

void PresenceService::Publish(PresencePublication publication) {
  std::string payloads[2];
  std::string topics[2];
  const bool of_room = publication.of_room;
  for (const Encoding encoding : {Encoding::kPb, Encoding::kJson}) {
    const size_t at = encoding == Encoding::kPb ? 0 : 1;
    topics[at] = of_room ? RoomPresenceTopic(publication.name, encoding)
                         : UserPresenceTopic(publication.name, encoding);
    if (publication.clear) continue;
    const google::protobuf::Message& message =
        of_room ? static_cast<const google::protobuf::Message&>(publication.room) : publication.person;
    payloads[at] = encoding == Encoding::kPb ? message.SerializeAsString() : ToJson(message);
  }
  uint64_t id = 0;
  {
    const std::lock_guard lock(mutex_);
    id = ++next_in_flight_;
    in_flight_.emplace(id, InFlight{std::move(publication)});
    ++status_.publishes;
  }
  for (size_t at = 0; at < 2; ++at) {
    const Status sent =
        parts_.publish(topics[at], payloads[at], [this, id](const Status& answer) { Answered(id, answer); });
    if (!sent) Answered(id, sent);
  }
}

void PresenceService::Answered(uint64_t id, const Status& status) {
  const PresenceTime time = Now();
  const std::lock_guard lock(mutex_);
  const auto found = in_flight_.find(id);
  if (found == in_flight_.end()) return;  // of an earlier connection
  InFlight& sent = found->second;
  sent.ok = sent.ok && status.has_value();
  if (--sent.unanswered > 0) return;
  model_.Published(sent.publication, sent.ok, time);
  in_flight_.erase(found);
}

// Reads what is wanted of the store, in pieces, for a while.
void PresenceService::Read() {
  const int64_t end_ms = Now().now_ms + limits::kPresenceReadMs;
  while (Now().now_ms < end_ms) {
    Work work = TakeWork(Now());
    if (work.empty()) return;
    std::vector<Finding> findings;
    LogIndex seen;
    Status read = Error{Code::UNAVAILABLE, ""};
    {
      const Result<std::unique_ptr<store::StoreView>> view = parts_.reader.View(work.needs);
      if (view) {
        seen = (*view)->applied();
        read = ReadStore(**view, work, findings);
      } else {
        read = view.error();
      }
    }
    if (!read || !WaitCommitted(seen)) {
      if (!read && read.error().code != Code::UNAVAILABLE && !std::exchange(quiet_, true)) {
        parts_.log("read memberships: " + read.error().reason + "; trying again");
      }
      return ReturnWork(std::move(work));
    }
    const PresenceTime time = Now();
    const std::lock_guard lock(mutex_);
    for (const Finding& finding : findings) finding(model_, time);
  }
}

// A check needs the newest view, and each costs what has been written since the last: while much is, it
// waits.
bool PresenceService::IsTimeToCheck(const PresenceTime& time) {
  if (time.now_ms < next_check_ms_) return false;
  next_check_ms_ = time.now_ms + limits::kPresenceCheckMs;
  const bool busy = committed_.value > looked_at_.value + limits::kPresenceCheckEntriesMax;
  looked_at_ = committed_;
  if (busy && time.now_ms < checked_ms_ + limits::kPresenceCheckLastMs) return false;
  checked_ms_ = time.now_ms;
  return true;
}

PresenceService::Work PresenceService::TakeWork(const PresenceTime& time) {
  Work work;
  const std::lock_guard lock(mutex_);
  work.needs = committed_;
  while (!news_.empty() && work.news.size() < kItemsPerView) {
    work.needs = std::max(work.needs, news_.front().index);
    work.news.push_back(std::move(news_.front()));
    news_.pop_front();
    MembershipNews& news = work.news.back();
    if (news.room.empty()) news.room = model_.NameOf(news.rid);
  }
  if (IsTimeToCheck(time)) {
    for (const std::string& user : model_.NextToCheck(limits::kPresenceCheckedPerSecond)) {
      if (const Person* person = model_.Find(user))
        work.to_check.push_back({user, person->uid, person->here});
    }
  }
  while (work.news.size() + work.to_read.size() < kItemsPerView) {
    std::optional<std::string> user = model_.NextToRead();
    if (!user) break;
    work.to_read.push_back(*std::move(user));
  }
  work.to_measure = model_.ToMeasure(time, kItemsPerView);
  return work;
}

// Checks and measures come again by themselves.
void PresenceService::ReturnWork(Work work) {
  const std::lock_guard lock(mutex_);
  for (const std::string& user : work.to_read) model_.ReadAgain(user);
  for (auto news = work.news.rbegin(); news != work.news.rend(); ++news) news_.push_front(std::move(*news));
}

Status PresenceService::ReadStore(const store::StoreView& view, const Work& work,
                                  std::vector<Finding>& findings) const {
  for (const MembershipNews& news : work.news) {
    if (Status read = ReadNews(view, news, findings); !read) return read;
  }
  for (const std::string& user : work.to_read) {
    Result<std::optional<MembershipsOf>> memberships = ReadMemberships(view, user);
    if (!memberships) return std::move(memberships).error();
    findings.emplace_back(
        [user, found = *std::move(memberships)](PresenceModel& model, const PresenceTime& time) {
          if (!found) return model.UserDeleted(user, time);
          model.SetRooms(user, found->uid, found->rooms, time);
        });
  }
  for (const Work::Check& check : work.to_check) {
    const Result<std::optional<domain::UserRecord>> record = view.User(check.user);
    if (!record) return record.error();
    const bool same = *record && (check.uid == 0 || (*record)->uid() == check.uid);
    findings.emplace_back(
        [check, same, exists = record->has_value()](PresenceModel& model, const PresenceTime& time) {
          if (check.here && exists) return model.ReadAgain(check.user);
          if (!same) model.UserDeleted(check.user, time);
        });
  }
  for (const RoomOfPerson& room : work.to_measure) {
    const Result<std::optional<domain::RoomRecord>> record = view.Room(room.room);
    if (!record) return record.error();
    if (!*record || (*record)->rid() != room.rid.value) {
      findings.emplace_back([room](PresenceModel& model, const PresenceTime& time) {
        model.RoomDeleted(room.rid, room.room, time);
      });
      continue;
    }
    const Result<bool> big = IsBig(view, room.rid);
    if (!big) return big.error();
    findings.emplace_back([rid = room.rid, is_big = *big](PresenceModel& model, const PresenceTime&) {
      model.SetBig(rid, is_big);
    });
  }
  return {};
}

Status PresenceService::ReadNews(const store::StoreView& view, const MembershipNews& news,
                                 std::vector<Finding>& findings) const {
  if (news.room.empty()) return {};  // nobody was ever seen there
  const Result<std::optional<domain::RoomRecord>> record = view.Room(news.room);
  if (!record) return record.error();
  if (!*record || (*record)->rid() != news.rid.value) {
    findings.emplace_back([news](PresenceModel& model, const PresenceTime& time) {
      model.RoomDeleted(news.rid, news.room, time);
    });
  }
  for (const std::string& user : news.users) {
    const Result<std::optional<domain::UserRecord>> person = view.User(user);
    if (!person) return person.error();
    if (!*person) {
      findings.emplace_back(
          [user](PresenceModel& model, const PresenceTime& time) { model.UserDeleted(user, time); });
      continue;
    }
    const Result<bool> reader = IsReaderOf(view, news.rid, Uid{(*person)->uid()});
    if (!reader) return reader.error();
    findings.emplace_back(
        [user, room = RoomOfPerson{news.rid, news.room}, member = *reader](
            PresenceModel& model, const PresenceTime& time) { model.SetMember(user, room, member, time); });
  }
  findings.emplace_back(
      [rid = news.rid](PresenceModel& model, const PresenceTime& time) { model.RoomChanged(rid, time); });
  return {};
}

bool PresenceService::WaitCommitted(LogIndex index) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::milliseconds(kCommitWaitMs), [this, index] {
    return stopping_ || committed_ >= index;
  }) && committed_ >= index;
}

// One page of users, then of rooms: what nobody is known to be seen in is taken back.
void PresenceService::SweepStore() {
  const Result<std::unique_ptr<store::StoreView>> view = parts_.reader.View(LogIndex{});
  if (!view) return;
  const auto after = [](const std::string& name) { return name.empty() ? name : name + '\0'; };
  const size_t page = limits::kPresenceSweptPerStep;
  const PresenceTime time = Now();
  if (!users_swept_) {
    const Result<std::vector<domain::UserRecord>> users = (*view)->Users("", after(swept_user_), page);
    if (!users) return;
    const std::lock_guard lock(mutex_);
    for (const domain::UserRecord& user : *users) {
      swept_user_ = user.username();
      if (model_.Find(swept_user_) == nullptr) model_.UserDeleted(swept_user_, time);
    }
    users_swept_ = users->size() < page;
    return;
  }
  const Result<std::vector<domain::RoomRecord>> rooms = (*view)->Rooms(after(swept_room_), page);
  if (!rooms) return;
  const std::lock_guard lock(mutex_);
  for (const domain::RoomRecord& room : *rooms) {
    swept_room_ = room.room();
    if (model_.NameOf(Rid{room.rid()}).empty()) model_.RoomDeleted(Rid{room.rid()}, swept_room_, time);
  }
  fresh_ = rooms->size() == page;
}

}  // namespace parley::bridge
