#pragma once

#include <string>

#include "bridge/push/outbox.h"
#include "bridge/push/timeline.h"
#include "bridge/service/query.h"
#include "core/store/store_reader.h"
#include "parley/v1/request.pb.h"
#include "schemas/result.h"

namespace parley::bridge {

// What an explanation is read from besides the view.
struct ExplainParts {
  const PushOutbox& outbox;
  const Timeline& timeline;
};

// message.explain: what became of a message of one of the caller's rooms, with its times. Its sender, owners
// and moderators see the devices of all members, others their own. NOT_FOUND for an event that is not there
// for the caller; one whose content is gone is `deleted`.
Result<v1::MessageExplainReply> MessageExplain(const v1::MessageExplainRequest& request,
                                               const store::StoreView& view, const Caller& caller,
                                               const ExplainParts& parts);

// The same for an administrator, who sees everything.
Result<v1::MessageExplainReply> ExplainMessage(const std::string& room, Seq seq, const store::StoreView& view,
                                               const ExplainParts& parts);

}  // namespace parley::bridge
