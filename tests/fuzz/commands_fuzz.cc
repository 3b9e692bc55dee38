// Records of the log, each with its length (2 bytes, big-endian) before it, applied in order. A record is a
// serialised Command that the journal's checksum vouches for; apply() still has to stand whatever it says,
// and to come to the same state each time.

#include <vector>

#include "tests/fuzz/input.h"
#include "tests/support/commands.h"
#include "tests/support/describe.h"
#include "tests/support/machine.h"

namespace parley::fuzz {
namespace {

void CheckDirectory(const domain::Directory& directory) {
  for (const domain::Room* room : directory.RoomsByName()) {
    for (const domain::Membership& membership : room->members) {
      const domain::User& user = directory.At(membership.user);
      Require(directory.FindMembership(room->record.room(), user.record.username()) == &membership,
              "a membership is found from both sides");
    }
  }
}

}  // namespace
}  // namespace parley::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace parley;
  fuzz::Input input(data, size);
  std::vector<domain::Command> commands = {
      testing::CreateUser("alice"), testing::CreateUser("bob"),
      testing::CreateRoom("lobby", {{"alice", v1::Member::OWNER}, {"bob", v1::Member::MEMBER}})};
  while (!input.empty() && commands.size() < 64) {
    const size_t high = input.Byte();
    const std::string_view bytes = input.Bytes(high << 8 | input.Byte());
    domain::Command command;
    if (command.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) commands.push_back(command);
  }
  testing::Machine one;
  testing::Machine other;
  for (const domain::Command& command : commands) {
    fuzz::Require(testing::Describe(one.Do(command)) == testing::Describe(other.Do(command)),
                  "the same commands come to the same state");
  }
  fuzz::CheckDirectory(one.directory());
  return 0;
}
