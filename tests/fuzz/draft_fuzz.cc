// The first byte chooses the encoding, the rest is the payload of a send. protobuf's own JSON is the oracle
// of ours.

#include <string>

#include <google/protobuf/util/message_differencer.h>

#include "schemas/draft.h"
#include "schemas/hot_json.h"
#include "schemas/json.h"
#include "schemas/names.h"
#include "tests/fuzz/input.h"

namespace parley::fuzz {
namespace {

using google::protobuf::util::MessageDifferencer;

void TryHotReader(std::string_view payload) {
  v1::Draft hot;
  if (!ReadCommonDraft(payload, hot)) return;
  v1::Draft oracle;
  Require(FromJson(payload, oracle).has_value(), "what the hot reader takes, protobuf takes");
  Require(MessageDifferencer::Equals(hot, oracle), "the hot reader reads what protobuf reads");
}

void TryTwin(const v1::Draft& draft) {
  v1::Draft again;
  Require(FromJson(ToJson(draft), again).has_value(), "our JSON can be read");
  Require(MessageDifferencer::Equals(draft, again), "JSON is the exact twin of pb");
  v1::Event event;
  CopyBody(draft, event);
  event.set_id(draft.id());
  event.set_seq(7);
  v1::Event hot;
  v1::Event oracle;
  Require(FromJson(EventToJson(event), hot).has_value(), "the hot writer writes JSON");
  Require(FromJson(ToJson(event), oracle).has_value() && MessageDifferencer::Equals(hot, oracle),
          "the hot writer writes what protobuf writes");
  v1::Ack ack;
  ack.set_id(draft.id());
  ack.set_reason(draft.text().text());
  v1::Ack hot_ack;
  Require(FromJson(AckToJson(ack), hot_ack).has_value() && MessageDifferencer::Equals(hot_ack, ack),
          "an ack's JSON is its exact twin");
}

void TryDraft(Encoding encoding, std::string_view payload) {
  const std::string best = BestKnownId(std::nullopt, encoding, payload);
  Require(best.empty() || ParseMessageId(best).has_value(), "an id for an ack is a message id");
  const std::string request = BestKnownRequestId(encoding, payload);
  Require(IsUtf8(request), "a request id can be echoed");
  v1::Draft draft;
  if (const Status decoded = DecodeDraft(encoding, payload, draft); !decoded) {
    Require(decoded.error().code == Code::INVALID_ARGUMENT && IsUtf8(decoded.error().reason),
            "a draft's error can be sent");
    return;
  }
  if (encoding != Encoding::kText) TryTwin(draft);  // a text is checked below
  v1::Draft checked = draft;
  const Status status = CheckDraft(std::nullopt, checked);
  Require(checked.id().empty() || ParseMessageId(checked.id()).has_value(),
          "an id for an ack is a message id");
  if (status) {
    TryTwin(checked);
  } else {
    Require(IsUtf8(status.error().reason), "a draft's error can be sent");
  }
}

}  // namespace
}  // namespace parley::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace parley;
  fuzz::Input input(data, size);
  const uint8_t choice = input.Byte();
  const Encoding encoding = choice == 'p' ? Encoding::kPb : choice == 't' ? Encoding::kText : Encoding::kJson;
  fuzz::TryHotReader(input.Rest());
  fuzz::TryDraft(encoding, input.Rest());
  return 0;
}
