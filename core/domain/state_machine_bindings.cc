// Bindings of plain topics to rooms, and the messages that come by them.

#include "core/domain/state_machine_context.h"
#include "schemas/limits.h"

namespace parley::domain {

void StateMachine::BindTopic(Context& context, const internal::v1::BindTopic& bind) {
  if (Status filter = CheckBindingFilter(bind.filter()); !filter) return context.Refuse(filter.error());
  const Room* room = ManagedRoom(context, bind.room());
  if (room == nullptr) return;
  const Rid rid{room->record.rid()};
  if (directory_.bindings().Find(bind.filter(), rid) != nullptr) {
    return context.Refuse(Code::ALREADY_EXISTS, bind.filter() + " is bound to " + bind.room());
  }
  if (directory_.bindings().all().size() >= limits::kBindingsMax) {
    return context.Refuse(Code::RESOURCE_EXHAUSTED, "there are 1000 bindings, the most there can be");
  }
  BindingRecord record;
  record.set_filter(bind.filter());
  record.set_room(bind.room());
  record.set_rid(rid.value);
  record.set_content_type(bind.content_type());
  Change(context, std::move(record));
}

void StateMachine::UnbindTopic(Context& context, const internal::v1::UnbindTopic& unbind) {
  for (const BindingRecord& record : directory_.bindings().all()) {
    if (record.filter() != unbind.filter() || record.room() != unbind.room()) continue;
    return Change(context, BindingGone{record.filter(), Rid{record.rid()}});
  }
  context.Refuse(Code::NOT_FOUND, unbind.filter() + " is not bound to " + unbind.room());
}

void StateMachine::DropBindings(Context& context, Rid rid) {
  std::vector<std::string> filters;
  for (const BindingRecord& record : directory_.bindings().all()) {
    if (record.rid() == rid.value) filters.push_back(record.filter());
  }
  for (std::string& filter : filters) Change(context, BindingGone{std::move(filter), rid});
}

// One event for each room that is still the one that was bound. The binding is the right: no membership is
// needed; who has none gets a record of a former one, since a room counts each sender's messages.
void StateMachine::BoundMessage(Context& context, const internal::v1::BoundMessage& bound) {
  if (ExistingUser(context, context.actor()) == nullptr) return;
  for (const internal::v1::BoundMessage::Target& target : bound.targets()) {
    const Room* room = directory_.FindRoom(target.room());
    if (room == nullptr || room->record.rid() != target.rid()) continue;
    if (directory_.FindMembership(target.room(), context.actor()) == nullptr) {
      MemberRecord record;
      record.set_room(target.room());
      record.set_user(context.actor());
      const Uid uid{directory_.FindUser(context.actor())->record.uid()};
      Change(context, MemberPut{Rid{target.rid()}, uid, std::move(record)});
    }
    v1::Event event;
    event.set_topic(bound.topic());
    event.mutable_custom()->set_content_type(target.content_type());
    event.mutable_custom()->set_data(bound.payload());
    const RoomRecord record = directory_.FindRoom(target.room())->record;
    AppendEvent(context, record, std::move(event), /*countable=*/true, {});
  }
  if (context.applied.events.empty()) context.Refuse(Code::NOT_FOUND, "the rooms are gone");
}

}  // namespace parley::domain
