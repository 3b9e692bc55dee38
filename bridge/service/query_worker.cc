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

namespace {

OutgoingReply ReplyOf(const Registry& registry, const internal::v1::RequestEnvelope& envelope,
                      Answer answer) {
  const Query query = QueryOf(envelope);
  const Error late{Code::UNAVAILABLE, "the store has not confirmed what was read in time; try again"};
  return {.number = envelope.number(),
          .payload = std::move(answer.payload),
          .refusal = registry.Refuse(envelope.method(), query, late),
          .seen = answer.seen,
          .code = answer.code};
}

}  // namespace

OutgoingReply AnswerRequest(const Registry& registry, const internal::v1::RequestEnvelope& envelope,
                            store::StoreReader& reader) {
  return ReplyOf(registry, envelope, registry.Run(envelope.method(), QueryOf(envelope), reader));
}

QueryWorker::QueryWorker(const Registry& registry, store::StoreReader& reader, QueryMetrics& metrics,
                         std::function<void(OutgoingReply)> on_reply)
    : registry_(registry),
      reader_(reader),
      metrics_(metrics),
      on_reply_(std::move(on_reply)),
      outlet_(std::make_shared<Outlet>(on_reply_)),
      thread_([this] { Run(); }) {}

QueryWorker::~QueryWorker() {
  Stop();
}

void QueryWorker::Stop() {
  queue_.Close();
  if (thread_.joinable()) thread_.join();
  const std::lock_guard lock(outlet_->mutex);
  outlet_->on_reply = nullptr;
}

void QueryWorker::AnswerLater(const Method& method, const WaitingQuery& query, store::StoreReader& reader) {
  method.RunLater(QueryOf(query.envelope), reader, [this, outlet = outlet_, query](Answer answer) {
    const std::lock_guard lock(outlet->mutex);
    if (!outlet->on_reply) return;  // the worker is gone
    OutgoingReply reply = ReplyOf(registry_, query.envelope, std::move(answer));
    metrics_.Observe(query.envelope.method(), reply.code, std::chrono::steady_clock::now() - query.arrived);
    outlet->on_reply(std::move(reply));
  });
}

void QueryWorker::Run() {
  PatientReader reader(reader_);
  while (const std::optional<WaitingQuery> query = queue_.Pop()) {
    OutgoingReply reply;
    try {
      if (const Method* const later = registry_.FindLater(query->envelope.method())) {
        AnswerLater(*later, *query, reader);
        continue;
      }
      reply = AnswerRequest(registry_, query->envelope, reader);
    } catch (const std::exception&) {  // out of memory: this request's problem alone
      reply = RefusalOf(registry_, query->envelope, {Code::INTERNAL, "the query failed"});
    }
    metrics_.Observe(query->envelope.method(), reply.code, std::chrono::steady_clock::now() - query->arrived);
    on_reply_(std::move(reply));
  }
}

}  // namespace parley::bridge
