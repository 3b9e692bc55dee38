#include "client/cli/render.h"

#include <algorithm>
#include <cctype>
#include <ctime>
#include <string_view>

#include <nlohmann/json.hpp>

#include "schemas/json.h"

namespace parley::client {
namespace {

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string Shown(std::string_view text) {
  return Printable(text, text.size());
}

// Line breaks stay, indented, so that no line of a message passes for another message.
std::string ShownLines(std::string_view text) {
  std::string shown;
  while (true) {
    const size_t end = text.find('\n');
    shown += Shown(text.substr(0, end));
    if (end == std::string_view::npos) return shown;
    shown += "\n    ";
    text.remove_prefix(end + 1);
  }
}

std::string RenderChange(const v1::MembershipChange& change) {
  const std::string what = Lower(v1::MembershipChange::Change_Name(change.change()));
  std::string text = Shown(change.user()) + " " + what;
  if (change.role() != v1::Member::UNSPECIFIED) {
    text += " as " + Lower(v1::Member::Role_Name(change.role()));
  }
  if (!change.by().empty() && change.by() != change.user()) text += " by " + Shown(change.by());
  return text;
}

std::string RenderCustom(const v1::Custom& custom) {
  const std::string& type = custom.content_type();
  const std::string head = "[" + Shown(type) + ", " + std::to_string(custom.data().size()) + " bytes]";
  const bool readable = type.rfind("text/", 0) == 0 || type.find("json") != std::string::npos;
  return readable && IsUtf8(custom.data()) ? head + " " + ShownLines(custom.data()) : head;
}

std::string RenderMembership(const v1::Membership& membership) {
  std::string text = "*";
  for (const v1::MembershipChange& change : membership.changes()) {
    text += (text.size() > 1 ? ", " : " ") + RenderChange(change);
  }
  return text;
}

std::string RenderBody(const v1::Event& event) {
  switch (event.body_case()) {
    case v1::Event::kText:
      return ShownLines(event.text().text());
    case v1::Event::kMedia:
      return "[" + Shown(event.media().name()) + ", " + Shown(event.media().content_type()) + "]";
    case v1::Event::kEdit:
      return "edits #" + std::to_string(event.edit().target_seq()) + ": " + ShownLines(event.edit().text());
    case v1::Event::kDelete:
      return "deletes #" + std::to_string(event.delete_().target_seq());
    case v1::Event::kReaction:
      return (event.reaction().remove() ? "takes back " : "reacts ") + Shown(event.reaction().emoji()) +
             " to #" + std::to_string(event.reaction().target_seq());
    case v1::Event::kCustom:
      return RenderCustom(event.custom());
    case v1::Event::kCall:
      return "[call " + Shown(event.call().call_id()) + "]";
    case v1::Event::kMembership:
      return RenderMembership(event.membership());
    case v1::Event::kRoomChange:
      return event.room_change().deleted() ? "* the room was deleted"
                                           : "* the title is \"" + Shown(event.room_change().title()) + "\"";
    case v1::Event::BODY_NOT_SET:
      break;
  }
  return "[empty]";
}

// " by carol"; nothing when nobody is named.
std::string By(const std::string& user) {
  return user.empty() ? std::string() : " by " + Shown(user);
}

std::string RenderItemBody(const v1::InboxItem& item) {
  switch (item.item_case()) {
    case v1::InboxItem::kRoomAdded:
      return Shown(item.room_added().room()) + ": added as " +
             Lower(v1::Member::Role_Name(item.room_added().role())) + By(item.room_added().by());
    case v1::InboxItem::kRoomRemoved:
      if (item.room_removed().deleted()) {
        return Shown(item.room_removed().room()) + ": deleted" + By(item.room_removed().by());
      }
      return Shown(item.room_removed().room()) + ": " +
             Lower(v1::MembershipChange::Change_Name(item.room_removed().change())) +
             By(item.room_removed().by());
    case v1::InboxItem::kRoleChanged:
      return Shown(item.role_changed().room()) + ": now " +
             Lower(v1::Member::Role_Name(item.role_changed().role())) + By(item.role_changed().by());
    case v1::InboxItem::kCursorMoved:
      return Shown(item.cursor_moved().room()) + ": read up to #" +
             std::to_string(item.cursor_moved().read()) + " on " + Shown(item.cursor_moved().client());
    case v1::InboxItem::kProfileChanged:
      return "profile: \"" + Shown(item.profile_changed().display_name()) + "\"";
    case v1::InboxItem::kSessionRevoked:
      return "session " + Shown(item.session_revoked().client()) +
             " revoked: " + Shown(item.session_revoked().reason());
    case v1::InboxItem::ITEM_NOT_SET:
      break;
  }
  return "something of a later version";
}

}  // namespace

std::string RenderTime(uint64_t ts_ms) {
  if (ts_ms == 0) return "-";
  const auto seconds = static_cast<time_t>(ts_ms / 1'000);
  tm parts{};
  char text[32];
  if (localtime_r(&seconds, &parts) == nullptr) return "-";
  if (strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &parts) == 0) return "-";
  return text;
}

std::string RenderEvent(const v1::Event& event) {
  std::string text = RenderTime(event.ts_ms()) + " " + Shown(event.room());
  text += event.seq() > 0 ? " #" + std::to_string(event.seq()) : " (live)";
  if (!event.sender().empty()) text += " " + Shown(event.sender()) + ":";
  if (event.reply_to() > 0) text += " (to #" + std::to_string(event.reply_to()) + ")";
  return text + " " + RenderBody(event);
}

std::string RenderAck(const v1::Ack& ack) {
  const std::string room = Shown(ack.room());
  if (ack.code() != v1::OK) {
    std::string text = room + " " + RenderError({ack.code(), ack.reason()});
    if (ack.duplicate()) text += " (first sent as seq " + std::to_string(ack.seq()) + ")";
    return text;
  }
  if (ack.seq() == 0) return room + " live only, not stored";
  std::string text = room + " seq " + std::to_string(ack.seq()) + " ";
  text +=
      ack.durability() == v1::Ack::NONE ? "not durable" : Lower(v1::Ack::Durability_Name(ack.durability()));
  return ack.duplicate() ? text + " (duplicate)" : text;
}

std::string RenderRoom(const v1::RoomState& room) {
  if (room.left()) return Shown(room.room()) + " left";
  std::string text = Shown(room.room()) + " " + Lower(v1::Room::Kind_Name(room.kind())) + " " +
                     Lower(v1::Member::Role_Name(room.role())) + " head " + std::to_string(room.head()) +
                     " unread " + std::to_string(room.unread()) + " mentions " +
                     std::to_string(room.mentions());
  if (!room.title().empty()) text += " \"" + Shown(room.title()) + "\"";
  return text;
}

std::string RenderReceipt(const v1::Receipt& receipt) {
  if (!receipt.counts_only()) {
    return Shown(receipt.user()) + " read up to #" + std::to_string(receipt.read());
  }
  return "#" + std::to_string(receipt.seq()) + " was read by " + std::to_string(receipt.read_by()) + " of " +
         std::to_string(receipt.members());
}

std::string RenderSignal(const v1::Signal& signal) {
  const std::string who = Shown(signal.sender());
  if (signal.kind() == v1::Signal::TYPING_START) return who + " is typing...";
  if (signal.kind() == v1::Signal::TYPING_STOP) return who + " has stopped typing";
  return who + " signals " + Lower(v1::Signal::Kind_Name(signal.kind())) + ", " +
         std::to_string(signal.data().size()) + " bytes";
}

std::string RenderInboxItem(const v1::InboxItem& item) {
  return RenderTime(item.ts_ms()) + " #" + std::to_string(item.useq()) + " " + RenderItemBody(item);
}

std::string RenderError(const Error& error) {
  return std::string(CodeName(error.code)) + ": " + Printable(error.reason, 1'000);
}

std::string ErrorJson(const Error& error) {
  const nlohmann::ordered_json json = {{"code", CodeName(error.code)}, {"reason", error.reason}};
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string ToJsonLine(const google::protobuf::Message& message) {
  return ToJson(message);
}

v1::Ack AckOf(const std::string& room, const std::string& id, const Result<v1::Ack>& outcome) {
  if (outcome) return *outcome;
  v1::Ack ack;
  ack.set_room(room);
  ack.set_id(id);
  ack.set_code(outcome.error().code);
  ack.set_reason(Printable(outcome.error().reason, 1'000));
  return ack;
}

}  // namespace parley::client
