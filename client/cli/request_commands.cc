#include "client/cli/request_commands.h"

#include <array>
#include <utility>

#include "client/cli/render_json.h"

namespace parley::client {
namespace {

using Json = nlohmann::ordered_json;

// Methods that change nothing and may be asked again after a lost connection.
constexpr std::array<std::string_view, 5> kQueries = {"rooms.get", "members.list", "users.get", "users.find",
                                                      "push.list"};

// The list of a reply that comes in pages, or null.
const Json* PagedList(const Json& reply) {
  return reply.is_object() && reply.contains("more") ? FirstList(reply) : nullptr;
}

}  // namespace

const RequestGroup& RoomRequests() {
  static const RequestGroup group = {
      "rooms",
      "parley rooms [SUBCOMMAND]: lists your rooms, a line each (name, kind, your role, head, unread, "
      "title), or\n"
      "makes and changes rooms.\n\n"
      "  parley rooms\n"
      "  parley rooms create garden --title 'The garden' --member bob",
      {"kind", "title", "history", "retention-days", "max-message-bytes", "member"},
      {
          {"list", "", "list your rooms", "rooms.list", {}, 0, {}},
          {"show", "ROOM", "show a room", "rooms.get", {"room"}, 1, {}},
          {"create",
           "ROOM",
           "make a room; you own it",
           "rooms.create",
           {"room"},
           1,
           {"kind=group", "title", "history", "retention-days", "max-message-bytes", "member"}},
          {"update",
           "ROOM",
           "change a room of yours",
           "rooms.update",
           {"room"},
           1,
           {"title", "history", "retention-days", "max-message-bytes"}},
          {"delete", "ROOM", "delete a room of yours and its messages", "rooms.delete", {"room"}, 1, {}},
          {"join", "ROOM", "join a public room", "rooms.join", {"room"}, 1, {}},
          {"leave", "ROOM", "leave a room", "rooms.leave", {"room"}, 1, {}},
      }};
  return group;
}

const RequestGroup& MemberRequests() {
  static const RequestGroup group = {
      "members",
      "parley members SUBCOMMAND ROOM ...: who is in a room, and as what.\n"
      "Roles: owner, moderator, member, reader, banned.\n\n"
      "  parley members list lobby\n"
      "  parley members add lobby carol reader",
      {},
      {
          {"list", "ROOM", "list the members", "members.list", {"room"}, 1, {}},
          {"add", "ROOM USER [ROLE]", "add a member", "members.add", {"room", "user", "role"}, 2, {}},
          {"remove", "ROOM USER", "remove a member", "members.remove", {"room", "user"}, 2, {}},
          {"set-role",
           "ROOM USER ROLE",
           "change a member's role",
           "members.setRole",
           {"room", "user", "role"},
           3,
           {}},
      }};
  return group;
}

const RequestGroup& UserRequests() {
  static const RequestGroup group = {
      "users",
      "parley users SUBCOMMAND ...: profiles, and your own password (the new one is asked for, or the first "
      "line\n"
      "of stdin).\n\n"
      "  parley users find ali\n"
      "  parley users change-password",
      {"display-name", "about"},
      {
          {"show", "[USER]", "show a profile (yours)", "users.get", {"user"}, 0, {}},
          {"find", "[TEXT]", "find users by the start of their name (all)", "users.find", {"prefix"}, 0, {}},
          {"update", "", "change your profile", "users.update", {}, 0, {"display-name", "about"}},
          {"change-password", "", "give yourself another password", "users.changePassword", {}, 0, {}},
      }};
  return group;
}

Result<RequestCall> CallOf(const RequestGroup& group, const RequestOptions& options) {
  const Shape* shape = FindShape(group.shapes, options.subcommand);
  if (shape == nullptr) return NoSuchSubcommand(group.name, options.subcommand);
  Result<std::string> request = FillShape(*shape, options.arguments, options.values, EnumCase::kUpper);
  if (!request) return std::move(request).error();
  RequestCall call{std::string(shape->command), std::move(*request), Repeat::kNo};
  for (const std::string_view query : kQueries) {
    if (query == call.method) call.repeat = Repeat::kYes;
  }
  Json object = Json::parse(call.request);
  if (call.method == "members.add" && !object.contains("role")) object["role"] = "MEMBER";
  if ((call.method == "rooms.update" && object.size() < 2) ||
      (call.method == "users.update" && object.empty())) {
    return Error{Code::INVALID_ARGUMENT,
                 "what is to change? See parley " + std::string(group.name) + " --help"};
  }
  call.request = DumpJson(object);
  return call;
}

RequestCall NextPage(RequestCall call, const std::string& page) {
  Json object = Json::parse(call.request);
  object["page"] = page;
  call.request = DumpJson(object);
  return call;
}

ReplyLines ReadReply(const RequestCall& call, const std::string& reply, bool json) {
  ReplyLines read;
  Json object = Json::parse(reply, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) {
    read.lines.push_back(json ? reply : "an answer that cannot be read");
    return read;
  }
  for (const char* name : {"requestId", "code", "reason"}) object.erase(name);
  if (const Json* list = PagedList(object)) {
    for (const Json& item : *list) read.lines.push_back(json ? DumpJson(item) : RenderItem(item));
    if (object["more"] == true) read.page = FieldText(object, "page");
  } else if (json) {
    read.lines.push_back(DumpJson(object));
  } else if (object.empty()) {
    read.lines.push_back(call.method + ": ok");
  } else {
    RenderData(object, read.lines);
  }
  return read;
}

}  // namespace parley::client
