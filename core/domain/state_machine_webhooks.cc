// The commands of outgoing webhooks.

#include "core/domain/state_machine_context.h"
#include "schemas/limits.h"

namespace parley::domain {

void StateMachine::CreateWebhook(Context& context, const internal::v1::CreateWebhook& create) {
  WebhookRecord record = create.webhook();
  if (directory_.webhooks().contains(record.webhook())) {
    return context.Refuse(Code::ALREADY_EXISTS, "webhook " + record.webhook() + " exists");
  }
  if (directory_.webhooks().size() >= limits::kWebhooksMax) {
    return context.Refuse(Code::RESOURCE_EXHAUSTED, "there are " + std::to_string(limits::kWebhooksMax) +
                                                        " webhooks, the most there can be");
  }
  record.clear_rid();
  if (!record.room().empty()) {
    const Room* room = ManagedRoom(context, record.room());
    if (room == nullptr) return;
    record.set_rid(room->record.rid());
  }
  record.set_created_feed(context.index.value);
  record.set_changed_feed(context.index.value);
  Change(context, std::move(record));
}

void StateMachine::UpdateWebhook(Context& context, const internal::v1::UpdateWebhook& update) {
  const auto found = directory_.webhooks().find(update.webhook());
  if (found == directory_.webhooks().end()) {
    return context.Refuse(Code::NOT_FOUND, "no webhook " + update.webhook());
  }
  WebhookRecord record = found->second;
  if (update.has_url()) record.set_url(update.url());
  if (update.with_events()) *record.mutable_events() = update.events();
  if (update.has_disabled()) record.set_disabled(update.disabled());
  if (update.has_secret()) record.set_secret(update.secret());
  if (record.SerializeAsString() == found->second.SerializeAsString()) {
    return context.Refuse(Code::ALREADY_EXISTS, "webhook " + update.webhook() + " has these settings");
  }
  record.set_changed_feed(context.index.value);
  Change(context, std::move(record));
}

void StateMachine::DeleteWebhook(Context& context, const internal::v1::DeleteWebhook& gone) {
  if (!directory_.webhooks().contains(gone.webhook())) {
    return context.Refuse(Code::NOT_FOUND, "no webhook " + gone.webhook());
  }
  Change(context, WebhookGone{gone.webhook()});
}

void StateMachine::DropWebhooks(Context& context, Rid rid) {
  std::vector<std::string> names;
  for (const auto& [name, webhook] : directory_.webhooks()) {
    if (webhook.rid() == rid.value) names.push_back(name);
  }
  for (std::string& name : names) Change(context, WebhookGone{std::move(name)});
}

}  // namespace parley::domain
