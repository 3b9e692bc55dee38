#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "bridge/service/codec.h"
#include "bridge/service/first_budget.h"
#include "bridge/service/limits.h"
#include "bridge/service/query.h"
#include "core/store/store_reader.h"
#include "schemas/limits.h"

namespace parley::bridge {

// One question as the plugin hands it on.
struct Query {
  Caller caller;
  Encoding encoding = Encoding::kJson;
  std::string payload;
  LogIndex committed;  // the answer includes at least this
};

// An encoded reply. `seen`: the log index of the view that it was read from (0: from none); it may not leave
// before everything up to there is committed.
struct Answer {
  std::string payload;
  LogIndex seen;
  Code code = Code::OK;
};

// A method of the protocol: from the bytes of a request to the bytes of its reply.
class Method {
 public:
  virtual ~Method() = default;
  virtual Answer Run(const Query& query, store::StoreReader& reader) const = 0;
  // True: it waits for somebody else, so RunLater() is asked, not Run().
  virtual bool answers_later() const { return false; }
  // `done` is called once, on any thread.
  virtual void RunLater(const Query& query, store::StoreReader& reader,
                        const std::function<void(Answer)>& done) const {
    done(Run(query, reader));
  }
  // The reply that says why there is no other.
  virtual std::string Refuse(Encoding encoding, const std::string& request_id, const Error& error) const = 0;
};

// The next attempt at a reply that was `encoded_size` bytes with this budget.
inline Budget SmallerBudget(Budget budget, size_t pb_size, size_t encoded_size) {
  const size_t base = std::min(budget.bytes_max, pb_size);
  const double ratio =
      static_cast<double>(parley::limits::kReplyBytesMax) / static_cast<double>(encoded_size);
  return Budget{static_cast<size_t>(static_cast<double>(base) * std::min(ratio, 1.0) * 0.95)};
}

template <typename Reply>
std::string EncodeRefusal(Encoding encoding, const std::string& request_id, const Error& error) {
  Reply reply;
  reply.set_request_id(request_id);
  reply.set_code(error.code);
  reply.set_reason(error.reason);
  return EncodeReply(encoding, reply);
}

// Around a service, `Result<Reply> (const Request&, const StoreView&, const Caller&, Budget)`, which is pure.
template <typename Request, typename Reply>
class TypedMethod final : public Method {
 public:
  using Service =
      std::function<Result<Reply>(const Request&, const store::StoreView&, const Caller&, Budget)>;

  explicit TypedMethod(Service service) : service_(std::move(service)) {}

  Answer Run(const Query& query, store::StoreReader& reader) const override {
    Request request;
    if (Status decoded = DecodeRequest(query.encoding, query.payload, request); !decoded) {
      return Refusal(query, FindRequestId(query.encoding, query.payload), decoded.error(), {});
    }
    if (request.request_id().size() > parley::limits::kRequestIdBytesMax) {
      return Refusal(query, "", {Code::INVALID_ARGUMENT, "requestId: at most 64 bytes"}, {});
    }
    Result<std::unique_ptr<store::StoreView>> view = reader.View(query.committed);
    if (!view) return Refusal(query, request.request_id(), view.error(), {});
    return Fit(query, request, **view);
  }

  std::string Refuse(Encoding encoding, const std::string& request_id, const Error& error) const override {
    return EncodeRefusal<Reply>(encoding, request_id, error);
  }

 private:
  // JSON can be many times as large as protobuf, and what counts is what is sent: asks again for less until
  // it fits, or until less is the same (one event that is too large by itself: it is sent).
  Answer Fit(const Query& query, const Request& request, const store::StoreView& view) const {
    const bool json = query.encoding == Encoding::kJson;
    Budget budget = json ? first_budget_.Get() : Budget{};
    std::optional<size_t> size_before;
    for (int attempt = 0; attempt < limits::kFitAttemptsMax; ++attempt) {
      Result<Reply> reply = service_(request, view, query.caller, budget);
      if (!reply) return Refusal(query, request.request_id(), reply.error(), view.applied());
      reply->set_request_id(request.request_id());
      Answer answer{EncodeReply(query.encoding, *reply), view.applied(), Code::OK};
      const size_t size = reply->ByteSizeLong();
      if (answer.payload.size() <= parley::limits::kReplyBytesMax || budget.bytes_max == 0) {
        if (attempt == 0 && FirstBudget::IsTooSmall(budget, size, answer.payload.size())) {
          budget = {};
          continue;
        }
        if (json) first_budget_.Learn(size, answer.payload.size());
        return answer;
      }
      budget = size_before == size ? Budget{0} : SmallerBudget(budget, size, answer.payload.size());
      size_before = size;
    }
    return Refusal(query, request.request_id(), {Code::INTERNAL, "the reply does not fit"}, view.applied());
  }

  Answer Refusal(const Query& query, const std::string& request_id, const Error& error, LogIndex seen) const {
    return {Refuse(query.encoding, request_id, error), seen, error.code};
  }

  const Service service_;
  mutable FirstBudget first_budget_;
};

}  // namespace parley::bridge
