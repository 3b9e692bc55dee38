#include "tests/support/random_commands.h"

#include <algorithm>

#include "tests/support/commands.h"

namespace parley::testing {

std::string RandomCommands::AnyRoom() {
  if (!random_.OneIn(4)) return Room();
  const std::string one = User();
  const std::string other = User();
  return one == other ? "dm:u0:u1" : "dm:" + std::min(one, other) + ":" + std::max(one, other);
}

Command RandomCommands::Next() {
  Command command = AnyBody();
  // The wall clock may fall; log time never does, and sometimes passes the end of what dedupe remembers.
  wall_ms_ = random_.OneIn(20) ? wall_ms_ - random_.Below(10'000) : wall_ms_ + random_.Below(50);
  log_ms_ += random_.OneIn(200) ? domain::kDedupWindowMs + 1 : random_.Below(50);
  command.set_wall_ms(wall_ms_);
  command.set_log_time_ms(log_ms_);
  return command;
}

Command RandomCommands::AnyBody() {
  const uint64_t dice = random_.Below(100);
  const auto role = static_cast<Role>(1 + random_.Below(5));
  if (dice < 60) {
    const std::string id = random_.OneIn(5) ? "" : "id" + std::to_string(random_.Below(12));
    Command command = Send(User(), AnyRoom(), id, random_.OneIn(8) ? "other" : "text");
    if (random_.OneIn(10)) command.mutable_send()->mutable_draft()->set_reply_to(random_.Below(8));
    return command;
  }
  if (dice < 68) return CreateUser(User());
  if (dice < 72) return DeleteUser(User());
  if (dice < 80) return AddMember(AnyRoom(), User(), role);
  if (dice < 86) return RemoveMember(AnyRoom(), User());
  if (dice < 92) return SetMemberRole(AnyRoom(), User(), role);
  if (dice < 96) {
    const auto kind = static_cast<v1::Room::Kind>(1 + random_.Below(3));
    const auto history = static_cast<v1::Room::History>(random_.Below(2));
    const std::string first = User();
    const std::string second = User();
    if (first == second) return CreateRoom(Room(), {{first, v1::Member::OWNER}}, kind, history);
    return CreateRoom(Room(), {{first, v1::Member::OWNER}, {second, role}}, kind, history);
  }
  Command command = By("admin");
  if (random_.OneIn(2)) {
    command.mutable_set_password()->set_username(User());
    command.mutable_set_password()->set_password_hash("hash" + std::to_string(random_.Below(3)));
  } else {
    command.mutable_bind_client()->set_client("phone" + std::to_string(random_.Below(3)));
    command.mutable_bind_client()->set_username(User());
  }
  return command;
}

}  // namespace parley::testing
