// The first byte chooses a key or a row of the store; the rest is its bytes. What is read, when written
// again, is the same bytes: no two rows mean the same.

#include <string>

#include "bridge/sync/cursor.h"
#include "core/domain/directory.h"
#include "core/store/keys.h"
#include "tests/fuzz/input.h"

namespace parley::fuzz {
namespace {

void TryKeys(std::string_view bytes) {
  if (const auto pair = store::ParseEventKey(bytes)) {
    Require(store::EventKey(Rid{pair->first}, Seq{pair->second}) == bytes,
            "an event's key is its rid and seq");
  }
  if (const auto pair = store::ParseIdPair(bytes); pair && bytes[0] == 'm') {
    Require(store::MemberKey(Rid{pair->first}, Uid{pair->second}) == bytes, "a member's key is rid and uid");
  }
  if (const auto seq = store::ParseMentionKey(bytes); seq && bytes[0] == 'n') {
    const auto pair = store::ParseIdPair(bytes.substr(0, 17));
    Require(store::MentionKey(Rid{pair->first}, Uid{pair->second}, *seq) == bytes,
            "a mention's key is rid, uid and seq");
  }
  if (const auto pair = store::ParseIdPair(bytes); pair && bytes[0] == 'i') {
    Require(store::InboxKey(Uid{pair->first}, pair->second) == bytes, "an inbox item's key is uid and useq");
  }
  if (const auto number = store::ParseBigEndian64(bytes)) {
    Require(store::BigEndian64(*number) == bytes, "a number has one form");
  }
}

void TryEventRow(std::string_view bytes) {
  const auto row = store::ParseEventRow(bytes);
  if (!row) return;
  std::string again = store::EncodeEventRow(*row);
  again[1] = bytes[1];  // flags: none defined, none refused
  Require(again == bytes, "an event's row has one form");
}

void TryDedupRow(std::string_view bytes) {
  if (const auto row = store::ParseDedupRow(bytes)) {
    Require(store::EncodeDedupRow(*row) == bytes, "a dedup row has one form");
  }
}

void TryFeedRow(std::string_view bytes) {
  const auto items = store::ParseFeedRow(bytes);
  if (!items) return;
  Require(store::EncodeFeedRow(*items) == bytes, "a feed row has one form");
}

void TryCursor(std::string_view text) {
  const auto cursor = bridge::ParseCursor(text, LogIndex{1'000'000});
  if (!cursor || text.empty()) return;
  Require(cursor->since.value <= 1'000'000, "no cursor lies beyond the log");
  Require(bridge::FormatCursor(*cursor) == text, "a cursor has one form");
}

// A record of `state`, as a start loads it: whatever it says, the directory stands.
template <typename Record>
void TryRecord(std::string_view bytes) {
  Record record;
  if (!record.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return;
  domain::Directory directory;
  directory.Apply(record);
  directory.Apply(record);
  Require(directory.user_count() <= 1 && directory.room_count() <= 1, "the same record twice is one");
}

void TryAccess(std::string_view bytes) {
  domain::UserRecord record;
  if (!record.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return;
  domain::Directory directory;
  directory.Apply(record);
  const domain::User* user = directory.FindUser(record.username());
  if (user == nullptr) return;
  const domain::Names names{record.username(), "phone"};
  domain::DecideTopic(directory, *user, names, domain::AclRule::PUBLISH, "site/1/alarm");
  domain::DecideFilter(directory, *user, names, "site/+/#");
}

}  // namespace
}  // namespace parley::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace parley;
  fuzz::Input input(data, size);
  const uint8_t choice = input.Byte();
  const std::string_view bytes = input.Rest();
  switch (choice) {
    case 'k':
      fuzz::TryKeys(bytes);
      break;
    case 'e':
      fuzz::TryEventRow(bytes);
      break;
    case 'd':
      fuzz::TryDedupRow(bytes);
      break;
    case 'f':
      fuzz::TryFeedRow(bytes);
      break;
    case 's':
      fuzz::TryCursor(bytes);
      break;
    case 'u':
      fuzz::TryRecord<domain::UserRecord>(bytes);
      break;
    case 'r':
      fuzz::TryRecord<domain::RoomRecord>(bytes);
      break;
    case 'o':
      fuzz::TryRecord<domain::RoleRecord>(bytes);
      break;
    case 'b':
      fuzz::TryRecord<domain::BindingRecord>(bytes);
      break;
    case 'a':
      fuzz::TryAccess(bytes);
      break;
    default:
      break;
  }
  return 0;
}
