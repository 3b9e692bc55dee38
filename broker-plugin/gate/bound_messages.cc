#include "broker-plugin/gate/bound_messages.h"

#include "schemas/limits.h"

namespace parley::plugin {

bool BoundMessages::Take(const Session* session, std::string_view topic, std::string_view payload,
                         uint8_t qos) {
  if (qos == 0 || view_.bindings().all().empty()) return true;
  const std::vector<const domain::BindingRecord*> bindings = view_.bindings().Match(topic);
  if (bindings.empty()) return true;
  const bool known = session != nullptr && view_.FindUser(session->user) != nullptr;
  if (!known || payload.size() > limits::kDraftBytesMax) {
    ++left_out_count_;
    return true;
  }
  domain::Command command = commands_.New(session->user, session->client);
  internal::v1::BoundMessage& bound = *command.mutable_bound_message();
  bound.set_topic(std::string(topic));
  bound.set_payload(payload.data(), payload.size());
  for (const domain::BindingRecord* binding : bindings) {
    internal::v1::BoundMessage::Target& target = *bound.add_targets();
    target.set_rid(binding->rid());
    target.set_room(binding->room());
    target.set_content_type(binding->content_type());
  }
  const size_t rooms = bindings.size();
  const Status taken = commands_.Submit(std::move(command), [this, rooms](const domain::Applied& applied) {
    ++(applied.events.size() < rooms ? left_out_count_ : taken_count_);
  });
  return taken.has_value();
}

}  // namespace parley::plugin
