// rooms.create, update, delete, join, leave.

#include "broker-plugin/requests/fields.h"
#include "broker-plugin/requests/request_call.h"
#include "schemas/limits.h"

namespace parley::plugin {
namespace {

Status BuildCreate(const RequestCall& call, const v1::RoomsCreateRequest& request, domain::Command& command) {
  if (Status room = CheckRoom(request.room()); !room) return room;
  if (IsDirect(request.room()) || request.kind() == v1::Room::DIRECT) {
    return Error{Code::FAILED_PRECONDITION, "a direct room exists by itself: send to dm:{a}:{b}"};
  }
  if (!v1::Room::Kind_IsValid(request.kind())) {
    return Error{Code::INVALID_ARGUMENT, "kind: one of GROUP, PUBLIC, CHANNEL, DEVICE"};
  }
  if (!v1::Room::History_IsValid(request.history())) {
    return Error{Code::INVALID_ARGUMENT, "history: ALL or SINCE_JOIN"};
  }
  if (Status title = CheckText("title", request.title(), limits::kTitleBytesMax); !title) return title;
  if (Status days = CheckRetention(request.retention_days()); !days) return days;
  const uint32_t draft_bytes_max = call.parts().view.config().max_draft_bytes;
  if (Status bytes = CheckMessageBytes(request.max_message_bytes(), draft_bytes_max); !bytes) return bytes;

  internal::v1::CreateRoom& create = *command.mutable_create_room();
  create.set_room(request.room());
  create.set_kind(request.kind() == v1::Room::UNSPECIFIED ? v1::Room::GROUP : request.kind());
  create.set_title(request.title());
  create.set_history(request.history());
  create.set_retention_days(request.retention_days());
  create.set_max_message_bytes(request.max_message_bytes());
  internal::v1::RoomMember& owner = *create.add_members();
  owner.set_user(call.user());
  owner.set_role(v1::Member::OWNER);
  for (const v1::RoomMember& member : request.members()) {
    if (Status user = CheckUser("members.user", member.user()); !user) return user;
    if (!v1::Member::Role_IsValid(member.role())) {
      return Error{Code::INVALID_ARGUMENT, "members.role: one of OWNER, MODERATOR, MEMBER, READER, BANNED"};
    }
    if (member.user() == call.user()) {
      if (member.role() == v1::Member::OWNER) continue;
      return Error{Code::INVALID_ARGUMENT, "members: you are the owner"};
    }
    internal::v1::RoomMember& added = *create.add_members();
    added.set_user(member.user());
    added.set_role(member.role() == v1::Member::UNSPECIFIED ? v1::Member::MEMBER : member.role());
  }
  return {};
}

void Create(RequestCall& call, std::string_view payload) {
  v1::RoomsCreateRequest request;
  if (Status decoded = call.Decode(payload, request); !decoded) return call.Answer(decoded);
  domain::Command command = call.NewCommand();
  if (Status built = BuildCreate(call, request, command); !built) return call.Answer(built);
  v1::RoomsCreateReply reply;
  reply.set_room(request.room());
  call.Append(std::move(command), std::move(reply));
}

Status BuildUpdate(const RequestCall& call, const v1::RoomsUpdateRequest& request, domain::Command& command) {
  if (Status room = CheckRoom(request.room()); !room) return room;
  internal::v1::UpdateRoom& update = *command.mutable_update_room();
  update.set_room(request.room());
  if (!request.has_title() && !request.has_history() && !request.has_retention_days() &&
      !request.has_max_message_bytes()) {
    return Error{Code::INVALID_ARGUMENT,
                 "title, history, retentionDays, maxMessageBytes: give what to change"};
  }
  if (request.has_title()) {
    if (Status title = CheckText("title", request.title(), limits::kTitleBytesMax); !title) return title;
    update.set_title(request.title());
  }
  if (request.has_history()) {
    if (!v1::Room::History_IsValid(request.history())) {
      return Error{Code::INVALID_ARGUMENT, "history: ALL or SINCE_JOIN"};
    }
    update.set_history(request.history());
  }
  if (request.has_retention_days()) {
    if (Status days = CheckRetention(request.retention_days()); !days) return days;
    update.set_retention_days(request.retention_days());
  }
  if (request.has_max_message_bytes()) {
    const uint32_t draft_bytes_max = call.parts().view.config().max_draft_bytes;
    if (Status bytes = CheckMessageBytes(request.max_message_bytes(), draft_bytes_max); !bytes) return bytes;
    update.set_max_message_bytes(request.max_message_bytes());
  }
  return {};
}

Status BuildDelete(const RequestCall&, const v1::RoomsDeleteRequest& request, domain::Command& command) {
  command.mutable_delete_room()->set_room(request.room());
  return CheckRoom(request.room());
}

Status BuildJoin(const RequestCall&, const v1::RoomsJoinRequest& request, domain::Command& command) {
  command.mutable_join_room()->set_room(request.room());
  return CheckRoom(request.room());
}

Status BuildLeave(const RequestCall&, const v1::RoomsLeaveRequest& request, domain::Command& command) {
  command.mutable_leave_room()->set_room(request.room());
  return CheckRoom(request.room());
}

constexpr RequestMethod kMethods[] = {
    {"rooms.create", Create},
    {"rooms.update", RunAsCommand<v1::RoomsUpdateRequest, BuildUpdate>},
    {"rooms.delete", RunAsCommand<v1::RoomsDeleteRequest, BuildDelete>},
    {"rooms.join", RunAsCommand<v1::RoomsJoinRequest, BuildJoin>},
    {"rooms.leave", RunAsCommand<v1::RoomsLeaveRequest, BuildLeave>},
};

}  // namespace

std::span<const RequestMethod> RoomMethods() {
  return kMethods;
}

}  // namespace parley::plugin
