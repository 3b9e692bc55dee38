#include "bridge/webhooks/hook_rows.h"

#include <algorithm>

#include "parley/internal/v1/push.pb.h"

namespace parley::bridge {

std::string HookPrefix() {
  return "w";
}

std::string HookKey(std::string_view webhook) {
  return HookPrefix().append(webhook);
}

std::string EncodeHook(const HookState& state, const store::StoreId& store_id, LogIndex created) {
  internal::v1::WebhookPosition row;
  row.set_offset(state.place.offset.value);
  for (const auto& [rid, done] : state.place.ahead) {
    internal::v1::WebhookPosition::Room& room = *row.add_rooms();
    room.set_rid(rid.value);
    room.set_done(done.value);
  }
  row.set_paused(state.paused);
  row.set_why(state.why);
  row.set_paused_ms(state.paused_ms);
  row.set_delivered(state.delivered);
  row.set_failed_attempts(state.failed_attempts);
  row.set_store_id(store_id.data(), store_id.size());
  row.set_created_feed(created.value);
  row.set_last_status(state.last_status);
  row.set_last_error(state.last_error);
  row.set_last_attempt_ms(state.last_attempt_ms);
  return row.SerializeAsString();
}

std::optional<KeptHook> ParseHook(std::string_view bytes) {
  internal::v1::WebhookPosition row;
  if (!row.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return std::nullopt;
  KeptHook kept;
  if (row.store_id().size() != kept.store_id.size()) return std::nullopt;
  std::copy(row.store_id().begin(), row.store_id().end(), kept.store_id.begin());
  kept.created = {row.created_feed()};
  kept.state.place.offset = {row.offset()};
  for (const internal::v1::WebhookPosition::Room& room : row.rooms()) {
    kept.state.place.ahead[{room.rid()}] = {room.done()};
  }
  kept.state.paused = row.paused();
  kept.state.why = row.why();
  kept.state.paused_ms = row.paused_ms();
  kept.state.delivered = row.delivered();
  kept.state.failed_attempts = row.failed_attempts();
  kept.state.last_status = row.last_status();
  kept.state.last_error = row.last_error();
  kept.state.last_attempt_ms = row.last_attempt_ms();
  return kept;
}

}  // namespace parley::bridge
