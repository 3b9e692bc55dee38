#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "bridge/history/history_page.h"
#include "bridge/service/visible_room.h"
#include "bridge/sync/sync.h"
#include "core/domain/permissions.h"
#include "tests/unit/core_reader/tiny_store.h"

namespace parley::bridge {
namespace {

struct Counts {
  uint64_t read = 0;
  uint64_t unread = 0;
  uint64_t mentions = 0;
  bool operator==(const Counts&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Counts& counts) {
  return out << "read " << counts.read << " unread " << counts.unread << " mentions " << counts.mentions;
}

// A client that knows nothing but replies: it merges syncs, fetches what was truncated by history.page, and
// drops rooms that it has left.
class Client {
 public:
  explicit Client(std::string name) : caller_{UserId::Trusted(name)} {}

  const std::map<std::string, std::map<uint64_t, std::string>>& rooms() const { return rooms_; }
  // By room, as the last reply had it.
  const std::map<std::string, Counts>& counts() const { return counts_; }
  const std::vector<v1::InboxItem>& inbox() const { return inbox_; }
  const std::string& name() const { return caller_.user.str(); }

  // One page of a sync. True: there are more.
  bool Page(const store::StoreView& view, std::mt19937_64& random) {
    v1::SyncRequest request;
    request.set_cursor(cursor_);
    request.set_limit(static_cast<uint32_t>(1 + random() % 4));
    request.set_events_per_room(static_cast<uint32_t>(1 + random() % 8));
    const Budget budget{random() % 4 == 0 ? random() % 4'000 : 256 * 1024};
    const Result<v1::SyncReply> reply = Sync(request, view, caller_, budget);
    EXPECT_TRUE(reply) << reply.error().reason;
    if (!reply) return false;
    EXPECT_FALSE(reply->reset());
    for (const v1::RoomState& room : reply->rooms()) Take(view, room);
    for (const v1::InboxItem& item : reply->inbox()) {
      EXPECT_TRUE(inbox_.empty() || item.useq() == inbox_.back().useq() + 1) << "no gap, nothing twice";
      inbox_.push_back(item);
    }
    cursor_ = reply->cursor();
    return reply->more();
  }

 private:
  void Take(const store::StoreView& view, const v1::RoomState& room) {
    if (room.left()) {
      rooms_.erase(room.room());
      counts_.erase(room.room());
      return;
    }
    counts_[room.room()] = {room.read(), room.unread(), room.mentions()};
    std::map<uint64_t, std::string>& events = rooms_[room.room()];
    // The present membership may show less than an earlier one did.
    events.erase(events.begin(), events.lower_bound(room.first() == 0 ? UINT64_MAX : room.first()));
    for (const v1::Event& event : room.events()) Add(events, event);
    if (room.truncated()) Fetch(view, room.room(), events);
  }

  // Everything that is missing, newest page first.
  void Fetch(const store::StoreView& view, const std::string& room, std::map<uint64_t, std::string>& events) {
    v1::HistoryPageRequest request;
    request.set_room(room);
    request.set_limit(7);
    while (true) {
      const Result<v1::HistoryPageReply> page = HistoryPage(request, view, caller_, {});
      ASSERT_TRUE(page) << page.error().reason;
      for (const v1::Event& event : page->events()) Add(events, event);
      if (!page->more()) return;
      request.set_before(page->events(0).seq());
    }
  }

  static void Add(std::map<uint64_t, std::string>& events, const v1::Event& event) {
    const auto [known, is_new] = events.emplace(event.seq(), event.SerializeAsString());
    EXPECT_EQ(known->second, event.SerializeAsString()) << "(room, seq) → bytes is one function";
  }

  const Caller caller_;
  std::string cursor_ = "0";
  std::map<std::string, std::map<uint64_t, std::string>> rooms_;
  std::map<std::string, Counts> counts_;
  std::vector<v1::InboxItem> inbox_;
};

// Random commands on a few rooms and users, most of which are valid.
class World {
 public:
  explicit World(uint64_t seed) : random_(seed) {
    for (const std::string& user : users_) store_.CreateUser(user);
  }

  void Step() {
    store_.now_ms += random_() % 3;
    const std::string& user = users_[random_() % users_.size()];
    const uint64_t choice = random_() % 130;
    if (choice < 8 && rooms_.size() < 12) return MakeRoom();
    if (choice < 14) return Direct(user);
    if (rooms_.empty()) return MakeRoom();
    const std::string room = rooms_[random_() % rooms_.size()];
    std::map<std::string, domain::Role>& members = members_[room];
    const auto member = members.find(user);
    if (choice < 24) {
      if (member == members.end() || member->second == v1::Member::BANNED) {
        store_.Add(room, user);
        members[user] = v1::Member::MEMBER;
      } else {
        store_.Remove(room, user);
        members.erase(member);
      }
    } else if (choice < 28 && member != members.end()) {
      constexpr domain::Role kRoles[] = {v1::Member::BANNED, v1::Member::MODERATOR, v1::Member::READER};
      const domain::Role role = kRoles[random_() % 3];
      if (member->second == role) return;
      store_.SetRole(room, user, role);
      member->second = role;
    } else if (choice >= 110 && member != members.end() && member->second != v1::Member::BANNED) {
      store_.Read(room, user, random_() % 40, random_() % 40);
    } else if (choice >= 100 && member != members.end() && member->second != v1::Member::BANNED &&
               member->second != v1::Member::READER) {
      Mention(room, user);
    } else if (member != members.end() && member->second != v1::Member::BANNED &&
               member->second != v1::Member::READER) {
      store_.Say(room, user, std::string(random_() % 300 + 1, 'x'));
    }
  }

  // What a user may see now, straight from the rows and VisibilityOf().
  std::map<std::string, std::map<uint64_t, std::string>> Truth(const std::string& user) {
    std::map<std::string, std::map<uint64_t, std::string>> truth;
    const auto view = store_.View();
    const uint64_t uid = (**view->User(user)).uid();
    const auto rooms = view->RoomsOf({uid}, {}, 1'000);
    for (const store::RoomOfUser& room : *rooms) {
      const auto member = **view->Member(room.rid, {uid});
      const Seq head = *view->Head(room.rid);
      const auto sees = domain::VisibilityOf(room.room, user, member.role(), member.visible_from(), head);
      if (!sees.member) continue;
      std::map<uint64_t, std::string>& events = truth[room.room];
      for (uint64_t seq = 1; seq <= head.value; ++seq) {
        if (sees.Sees({seq})) events[seq] = (**view->EventAt(room.rid, {seq})).bytes;
      }
    }
    return truth;
  }

  // Unread and mentions counted event by event.
  std::map<std::string, Counts> NaiveCounts(const std::string& user) {
    std::map<std::string, Counts> counts;
    const auto view = store_.View();
    const uint64_t uid = (**view->User(user)).uid();
    for (const auto& [room, events] : Truth(user)) {
      const Rid rid{(**view->Room(room)).rid()};
      const auto member = **view->Member(rid, {uid});
      Counts& count = counts[room];
      count.read = member.read();
      for (const auto& [seq, bytes] : events) {
        v1::Event event;
        event.ParseFromString(bytes);
        if (seq <= member.read() || !event.has_text() || event.sender() == user) continue;
        ++count.unread;
        // A membership that ended takes its mentions with it.
        const auto& named = event.mentions();
        const bool mine = std::find(named.begin(), named.end(), user) != named.end();
        if (mine && event.feed() > member.since_feed()) ++count.mentions;
      }
    }
    return counts;
  }

  testing::TinyStore& store() { return store_; }
  const std::vector<std::string>& users() const { return users_; }
  std::mt19937_64& random() { return random_; }

 private:
  void MakeRoom() {
    const std::string room = "room" + std::to_string(rooms_.size());
    testing::TinyStore::Members members;
    for (const std::string& user : users_) {
      if (random_() % 2 == 0) continue;
      members.emplace_back(user, v1::Member::MEMBER);
      members_[room][user] = v1::Member::MEMBER;
    }
    store_.CreateRoom(room, members, random_() % 2 == 0 ? v1::Room::ALL : v1::Room::SINCE_JOIN);
    rooms_.push_back(room);
  }

  void Mention(const std::string& room, const std::string& user) {
    std::vector<std::string> named;
    for (const std::string& other : users_) {
      if (random_() % 2 == 0) named.push_back(other);
    }
    store_.Mention(room, user, named);
  }

  void Direct(const std::string& user) {
    const std::string& other = users_[random_() % users_.size()];
    if (other == user) return;
    store_.Say(DirectRoom(UserId::Trusted(user), UserId::Trusted(other)).str(), user, "psst");
  }

  std::mt19937_64 random_;
  testing::TinyStore store_;
  const std::vector<std::string> users_{"alice", "bob", "carol", "dave"};
  std::vector<std::string> rooms_;
  std::map<std::string, std::map<std::string, domain::Role>> members_;
};

uint64_t Seed() {
  const char* given = std::getenv("PARLEY_TEST_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
}

using Rooms = std::map<std::string, std::map<uint64_t, std::string>>;

void ExpectSame(const Rooms& known, const Rooms& truth, const std::string& who) {
  for (const auto& [room, events] : truth) {
    EXPECT_TRUE(known.contains(room)) << who << " does not know " << room;
    if (known.contains(room)) {
      EXPECT_TRUE(known.at(room) == events) << who << " has other events of " << room;
    }
  }
  for (const auto& [room, events] : known) EXPECT_TRUE(truth.contains(room)) << who << " still has " << room;
}

// From the first item that it was given on, every one.
void ExpectWholeInbox(const Client& client, const store::StoreView& view) {
  const Uid uid{(**view.User(client.name())).uid()};
  ASSERT_FALSE(client.inbox().empty());
  const auto stored = view.Inbox(uid, client.inbox().front().useq() - 1, 1'000);
  ASSERT_TRUE(stored);
  ASSERT_EQ(stored->size(), client.inbox().size()) << client.name();
  for (size_t i = 0; i < stored->size(); ++i) {
    EXPECT_EQ((*stored)[i].bytes, client.inbox()[i].SerializeAsString());
  }
}

TEST(SyncProperty, RepeatedSyncsMergeToExactlyWhatIsVisible) {
  const uint64_t first_seed = Seed();
  for (uint64_t seed = first_seed; seed < first_seed + 4; ++seed) {
    SCOPED_TRACE("PARLEY_TEST_SEED=" + std::to_string(seed));
    World world(seed);
    std::vector<Client> clients;
    for (const std::string& user : world.users()) clients.emplace_back(user);
    for (int round = 0; round < 60; ++round) {
      world.store().BeginBatch();
      for (uint64_t steps = world.random()() % 12; steps > 0; --steps) world.Step();
      world.store().EndBatch();
      for (Client& client : clients) {
        if (world.random()() % 3 == 0) continue;  // this one is away
        // Between two pages the world may move on.
        while (client.Page(*world.store().View(), world.random())) {
          if (world.random()() % 4 == 0) world.Step();
        }
      }
      if (HasFailure()) return;
    }
    // At rest: one more sync each, then everybody knows what they may.
    for (Client& client : clients) {
      for (int i = 0; i < 2; ++i) {
        while (client.Page(*world.store().View(), world.random())) {
        }
      }
      ExpectSame(client.rooms(), world.Truth(client.name()), client.name());
      EXPECT_EQ(client.counts(), world.NaiveCounts(client.name())) << client.name();
      ExpectWholeInbox(client, *world.store().View());
    }
  }
}

}  // namespace
}  // namespace parley::bridge
