#include "bridge/service/query_worker.h"

#include <exception>
#include <utility>

#include "bridge/service/patient_reader.h"

namespace parley::bridge {
namespace {

Encoding EncodingOf(const internal::v1::RequestEnvelope& envelope) {
  return envelope.encoding() == static_cast<uint32_t>(Encoding::kPb) ? Encoding::kPb : Encoding::kJson;
}

Query QueryOf(const internal::v1::RequestEnvelope& envelope) {
  return {.caller = {UserId::Trusted(envelope.user())},
          .encoding = EncodingOf(envelope),
          .payload = envelope.payload(),
          .committed = LogIndex{envelope.committed()}};
}

}  // namespace

OutgoingReply RefusalOf(const Registry& registry, const internal::v1::RequestEnvelope& envelope,
                        const Error& error) {
  return {.number = envelope.number(),
          .payload = registry.Refuse(envelope.method(), QueryOf(envelope), error),
          .refusal = {},
          .seen = {},
          .code = error.code};
}

OutgoingReply AnswerRequest(const Registry& registry, const internal::v1::RequestEnvelope& envelope,
                            store::StoreReader& reader) {
  const Query query = QueryOf(envelope);
  Answer answer = registry.Run(envelope.method(), query, reader);
  const Error late{Code::UNAVAILABLE, "the store has not confirmed what was read in time; try again"};
  return {.number = envelope.number(),
          .payload = std::move(answer.payload),
          .refusal = registry.Refuse(envelope.method(), query, late),
          .seen = answer.seen,
          .code = answer.code};
}

QueryWorker::QueryWorker(const Registry& registry, store::StoreReader& reader, QueryMetrics& metrics,
                         std::function<void(OutgoingReply)> on_reply)
    : registry_(registry),
      reader_(reader),
      metrics_(metrics),
      on_reply_(std::move(on_reply)),
      thread_([this] { Run(); }) {}

QueryWorker::~QueryWorker() {
  Stop();
}

void QueryWorker::Stop() {
  queue_.Close();
  if (thread_.joinable()) thread_.join();
}

void QueryWorker::Run() {
  PatientReader reader(reader_);
  while (const std::optional<WaitingQuery> query = queue_.Pop()) {
    OutgoingReply reply;
    try {
      reply = AnswerRequest(registry_, query->envelope, reader);
    } catch (const std::exception&) {  // out of memory: this request's problem alone
      reply = RefusalOf(registry_, query->envelope, {Code::INTERNAL, "the query failed"});
    }
    metrics_.Observe(query->envelope.method(), reply.code, std::chrono::steady_clock::now() - query->arrived);
    on_reply_(std::move(reply));
  }
}

}  // namespace parley::bridge
