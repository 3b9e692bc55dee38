#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "bridge/outbound/http_client.h"
#include "core/domain/directory.h"
#include "core/store/store_reader.h"
#include "parley/v1/message.pb.h"
#include "schemas/names.h"
#include "schemas/result.h"

// The requests of outgoing webhooks and what their answers mean (docs/webhooks.md). Pure.
namespace parley::bridge {

// False: of another kind than the webhook wants, or nothing is left of it but its place in the room.
bool WantsEvent(const domain::WebhookRecord& webhook, const v1::Event& event);

// What tells an event from all others of this server, the same in each attempt.
std::string EventId(Rid rid, Seq seq);

// {"type":"event","webhook":…,"event":…}, or {"type":"test","webhook":…}.
std::string EventBody(const domain::WebhookRecord& webhook, const v1::Event& event);
std::string TestBody(const domain::WebhookRecord& webhook);

// With the signature of `body`. INVALID_ARGUMENT, PERMISSION_DENIED: the URL, or the secret, can never be
// used as it is, and why in one line.
Result<HttpRequest> SignedRequest(const domain::WebhookRecord& webhook, const AddressPolicy& policy,
                                  std::string_view id, std::string body, int64_t wall_ms,
                                  const std::string& user_agent);

struct HookVerdict {
  enum class Kind {
    kTaken,
    kFailed,  // to be tried again
    kGone,    // the receiver wants no more
  };
  Kind kind = Kind::kFailed;
  std::string error{};  // one line, unless taken
  std::optional<int64_t> retry_after_ms{};
};
HookVerdict JudgeAnswer(const HttpAnswer& answer, int64_t wall_ms);

}  // namespace parley::bridge
