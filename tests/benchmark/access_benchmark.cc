// How fast and how large the access rules are: a world of many users, rooms, memberships and rules, written
// to a store, loaded from it (that is what a start of the broker waits for), and asked.
//
//   access_benchmark [--users 100000] [--rooms 20000] [--memberships 1000000] [--rules 200] [--folder /tmp/…]
//
// Goals (docs/performance.md): a publish check ≤ 1 µs; ≤ 100 bytes a membership over both copies of the
// directory; load ≤ 5 s. Build it with optimisation (cmake -DCMAKE_BUILD_TYPE=RelWithDebInfo).

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <malloc.h>

#include "broker-plugin/acl/access.h"
#include "core/store/store_writer.h"

namespace parley {
namespace {

using Clock = std::chrono::steady_clock;

struct Size {
  uint64_t users = 100'000;
  uint64_t rooms = 20'000;
  uint64_t memberships = 1'000'000;
  uint64_t rules = 200;
  std::string folder;
};

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

size_t HeapBytes() {
  const auto info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

std::string UserName(uint64_t i) {
  return "user-" + std::to_string(i);
}

// A third of the rules names users or clients, a tenth denies; spread over five roles.
void AddRoles(const Size& size, domain::Applied& applied) {
  for (int role = 0; role < 5; ++role) {
    domain::RoleRecord record;
    record.set_role("role-" + std::to_string(role));
    for (uint64_t i = static_cast<uint64_t>(role); i < size.rules; i += 5) {
      domain::AclRule& rule = *record.add_rules();
      rule.set_type(i % 2 == 0 ? domain::AclRule::PUBLISH : domain::AclRule::SUBSCRIBE);
      const std::string number = std::to_string(i);
      rule.set_topic(i % 3 == 0   ? "site/" + number + "/%u/+/state"
                     : i % 3 == 1 ? "site/+/line-" + number + "/#"
                                  : "site/" + number + "/%c/#");
      rule.set_allow(i % 10 != 9);
      rule.set_priority(static_cast<int>(i % 4));
    }
    applied.changes.emplace_back(std::move(record));
  }
}

// Writes the world; the log index of each row's making is its id.
uint64_t WriteWorld(const Size& size, store::StoreWriter& writer) {
  uint64_t index = 0;
  domain::Command command;
  command.set_log_time_ms(1);
  command.set_wall_ms(1);
  const auto add = [&](domain::Applied applied) {
    applied.index = {++index};
    writer.Add(applied, command);
    if (index % 20 == 0 && writer.Write() != store::Commit::kDone) std::abort();
  };
  domain::Applied roles;
  AddRoles(size, roles);
  add(std::move(roles));
  constexpr uint64_t kChunk = 1000;
  for (uint64_t i = 0; i < size.users;) {
    domain::Applied applied;
    for (; i < size.users && applied.changes.size() < kChunk; ++i) {
      domain::UserRecord record;
      record.set_uid(1'000'000 + i);
      record.set_username(UserName(i));
      record.set_kind("person");
      record.set_password_hash(std::string(97, 'h'));
      record.set_remembered_mac(std::string(32, 'm'));
      record.add_roles("role-" + std::to_string(i % 5));
      record.add_roles("role-" + std::to_string((i + 1) % 5));
      applied.changes.emplace_back(std::move(record));
    }
    add(std::move(applied));
  }
  for (uint64_t i = 0; i < size.rooms;) {
    domain::Applied applied;
    for (; i < size.rooms && applied.changes.size() < kChunk; ++i) {
      domain::RoomRecord record;
      record.set_rid(5'000'000 + i);
      record.set_room("room-" + std::to_string(i));
      record.set_kind(v1::Room::GROUP);
      applied.changes.emplace_back(std::move(record));
    }
    add(std::move(applied));
  }
  const uint64_t each = std::max<uint64_t>(size.memberships / size.rooms, 1);
  std::mt19937_64 random(1);
  for (uint64_t room = 0; room < size.rooms; ++room) {
    domain::Applied applied;
    for (uint64_t i = 0; i < each; ++i) {
      const uint64_t user = (random() % (size.users / each)) * each + i;  // each once in a room
      domain::MemberRecord record;
      record.set_room("room-" + std::to_string(room));
      record.set_user(UserName(user));
      record.set_role(v1::Member::MEMBER);
      record.set_visible_from(1);
      record.set_since_feed(1000);
      applied.changes.emplace_back(
          domain::MemberPut{Rid{5'000'000 + room}, Uid{1'000'000 + user}, std::move(record)});
    }
    add(std::move(applied));
  }
  if (writer.Write() != store::Commit::kDone) std::abort();
  return each * size.rooms;
}

std::unique_ptr<store::StoreWriter> OpenStore(const std::string& folder) {
  auto opened = store::StoreWriter::Open(folder, [](const std::string&) {});
  if (!opened) {
    std::fprintf(stderr, "access_benchmark: %s\n", opened.error().reason.c_str());
    std::exit(1);
  }
  return std::move(*opened);
}

// ns a check, the best of seven rounds, users and topics chosen at random beforehand.
template <typename Check>
double Time(size_t count, Check check) {
  double best = 1e9;
  for (int round = 0; round < 7; ++round) {
    const Clock::time_point start = Clock::now();
    uint64_t allowed = 0;
    for (size_t i = 0; i < count; ++i) allowed += check(i) ? 1 : 0;
    volatile uint64_t sink = allowed;
    (void)sink;
    best = std::min(best, SecondsSince(start) * 1e9 / static_cast<double>(count));
  }
  return best;
}

void Ask(const Size& size, const domain::Directory& view) {
  constexpr size_t kQuestions = 100'000;
  std::mt19937_64 random(2);
  std::vector<std::string> users;
  std::vector<std::string> clients;
  std::vector<std::string> topics;
  std::vector<std::string> rooms;
  for (size_t i = 0; i < kQuestions; ++i) {
    users.push_back(UserName(random() % size.users));
    clients.push_back(users.back() + "-phone");
    const std::string number = std::to_string(random() % size.rules);
    topics.push_back(i % 2 == 0 ? "site/" + number + "/" + users.back() + "/x/state"
                                : "site/9/line-" + number + "/a/b");
    rooms.push_back("chat/v1/rooms/room-" + std::to_string(random() % size.rooms) + "/events/pb");
  }
  const auto who = [&](size_t i) { return plugin::Identity{users[i], clients[i], false}; };
  std::printf("publish check           %7.0f ns\n", Time(kQuestions, [&](size_t i) {
                return plugin::MayPublish(view, who(i), topics[i]).access == plugin::Access::kAllow;
              }));
  std::printf("receive check, plain    %7.0f ns\n", Time(kQuestions, [&](size_t i) {
                return plugin::MayReceive(view, who(i), topics[i]).access == plugin::Access::kAllow;
              }));
  std::printf("receive check, a room   %7.0f ns\n", Time(kQuestions, [&](size_t i) {
                return plugin::MayReceive(view, who(i), rooms[i]).access == plugin::Access::kAllow;
              }));
  std::printf("subscribe check         %7.0f ns\n", Time(kQuestions / 10, [&](size_t i) {
                return plugin::MaySubscribe(view, who(i), topics[i]).access == plugin::Access::kAllow;
              }));
}

int Run(const Size& size) {
  const std::string folder =
      size.folder.empty() ? (std::filesystem::temp_directory_path() / "parley-access-benchmark").string()
                          : size.folder;
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  uint64_t memberships = 0;
  {
    const auto writer = OpenStore(folder);
    memberships = WriteWorld(size, *writer);
  }
  ::malloc_trim(0);
  const Clock::time_point start = Clock::now();
  const auto writer = OpenStore(folder);
  const double open_s = SecondsSince(start);
  const size_t before = HeapBytes();
  Result<store::Loaded> loaded = writer->Load();
  if (!loaded) {
    std::fprintf(stderr, "access_benchmark: %s\n", loaded.error().reason.c_str());
    return 1;
  }
  const double load_s = SecondsSince(start);
  const domain::Directory view = loaded->directory;
  const double copied_s = SecondsSince(start);
  const size_t both = HeapBytes() - before;
  // Without memberships: what users and rooms take by themselves.
  size_t without = 0;
  {
    const size_t at = HeapBytes();
    domain::Directory bare;
    for (const domain::User* user : view.UsersByName()) bare.Apply(user->record);
    for (const domain::Room* room : view.RoomsByName()) bare.Apply(room->record);
    without = 2 * (HeapBytes() - at);
  }
  std::printf("%llu users, %llu rooms, %llu memberships, %llu rules\n",
              static_cast<unsigned long long>(size.users), static_cast<unsigned long long>(size.rooms),
              static_cast<unsigned long long>(memberships), static_cast<unsigned long long>(size.rules));
  std::printf("start: open %.2f s, load %.2f s, second copy %.2f s, together %.2f s\n", open_s,
              load_s - open_s, copied_s - load_s, copied_s);
  std::printf("memory, both copies     %7.1f MB, of it users and rooms %.1f MB\n",
              static_cast<double>(both) / 1e6, static_cast<double>(without) / 1e6);
  std::printf("a membership, both      %7.1f bytes (%.1f with all of the users and rooms laid on top)\n",
              static_cast<double>(both - std::min(both, without)) / static_cast<double>(memberships),
              static_cast<double>(both) / static_cast<double>(memberships));
  Ask(size, view);
  std::filesystem::remove_all(folder);
  return 0;
}

}  // namespace
}  // namespace parley

int main(int count, char** words) {
  parley::Size size;
  const std::map<std::string, uint64_t*> numbers = {{"--users", &size.users},
                                                    {"--rooms", &size.rooms},
                                                    {"--memberships", &size.memberships},
                                                    {"--rules", &size.rules}};
  for (int i = 1; i + 1 < count; i += 2) {
    const auto number = numbers.find(words[i]);
    if (number != numbers.end()) {
      *number->second = std::max<uint64_t>(std::strtoull(words[i + 1], nullptr, 10), 1);
    } else if (std::string(words[i]) == "--folder") {
      size.folder = words[i + 1];
    } else {
      std::fprintf(stderr, "access_benchmark: unknown option %s\n", words[i]);
      return 2;
    }
  }
  return parley::Run(size);
}
