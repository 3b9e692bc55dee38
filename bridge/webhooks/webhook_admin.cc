#include "bridge/webhooks/webhook_admin.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bridge/service/admin_method.h"
#include "bridge/webhooks/hook_request.h"
#include "schemas/bridge_admin.h"
#include "schemas/json.h"
#include "schemas/limits.h"

namespace parley::bridge {
namespace {

using nlohmann::json;

// What the store says of webhooks, and which store it is.
struct Stored {
  std::vector<domain::WebhookRecord> records;
  store::StoreId store_id{};
};

Result<Stored> ReadStored(const store::StoreView& view) {
  auto records = view.Webhooks(parley::limits::kWebhooksMax);
  if (!records) return records.error();
  const Result<store::StoreId> id = view.Id();
  if (!id) return id.error();
  return Stored{*std::move(records), *id};
}

// The one that a command names.
Result<domain::WebhookRecord> Named(const json& command, const Stored& stored) {
  const auto name = command.find("webhook");
  if (name == command.end() || !name->is_string()) {
    return Error{Code::INVALID_ARGUMENT, "webhook: give its name"};
  }
  const auto& webhook = name->get_ref<const std::string&>();
  for (const domain::WebhookRecord& record : stored.records) {
    if (record.webhook() == webhook) return record;
  }
  return Error{Code::NOT_FOUND, "there is no webhook " + Printable(webhook, 64)};
}

// All but its secret.
json DescribeHook(const domain::WebhookRecord& record, const HookStatus& status) {
  const HookState& state = status.state;
  json item = {{"webhook", record.webhook()},
               {"url", record.url()},
               {"room", record.room()},
               {"events", json(std::vector<std::string>(record.events().begin(), record.events().end()))},
               {"disabled", record.disabled()},
               {"paused", state.paused},
               {"offset", std::to_string(state.place.offset.value)},
               {"head", std::to_string(status.head.value)},
               {"lagEntries", status.lag_entries},
               {"waiting", status.waiting},
               {"roomsFailing", status.rooms_failing},
               {"delivered", state.delivered},
               {"failedAttempts", state.failed_attempts},
               {"lastStatus", state.last_status},
               {"lastError", state.last_error},
               {"lastAttemptMs", std::to_string(state.last_attempt_ms)}};
  if (state.paused) {
    item["why"] = state.why;
    item["pausedMs"] = std::to_string(state.paused_ms);
  }
  return item;
}

Result<json> ListWebhooks(WebhookEngine& engine, const json& command, const store::StoreView& view) {
  const Result<Stored> stored = ReadStored(view);
  if (!stored) return stored.error();
  size_t offset = 0;
  if (const auto found = command.find("offset"); found != command.end()) {
    if (!found->is_number_unsigned()) return Error{Code::INVALID_ARGUMENT, "offset is a whole number"};
    offset = found->get<size_t>();
  }
  json items = json::array();
  for (size_t i = offset; i < stored->records.size(); ++i) {
    const domain::WebhookRecord& record = stored->records[i];
    items.push_back(DescribeHook(record, engine.Describe({record, stored->store_id})));
  }
  return json{{"totalCount", stored->records.size()}, {"webhooks", std::move(items)}};
}

using OfOne = Result<json> (*)(WebhookEngine& engine, const WebhookEngine::Found& found);

Result<json> GetOne(WebhookEngine& engine, const WebhookEngine::Found& found) {
  return DescribeHook(found.record, engine.Describe(found));
}

Result<json> PauseOne(WebhookEngine& engine, const WebhookEngine::Found& found) {
  if (Status paused = engine.Pause(found); !paused) return std::move(paused).error();
  return json();
}

Result<json> ResumeOne(WebhookEngine& engine, const WebhookEngine::Found& found) {
  if (Status resumed = engine.Resume(found); !resumed) return std::move(resumed).error();
  return json();
}

Result<json> TestOutcome(const HttpAnswer& answer) {
  // What came of it is the answer, a failure too: the command itself has done what it does.
  const HookVerdict verdict = JudgeAnswer(answer, 0);
  const bool answered = answer.kind == HttpAnswer::Kind::kAnswered;
  return json{{"ok", verdict.kind == HookVerdict::Kind::kTaken},
              {"status", answered ? answer.status : 0},
              {"error", verdict.error}};
}

void TestWebhook(WebhookEngine& engine, const json& command, const store::StoreView& view,
                 const AdminMethod::Done& done) {
  const Result<Stored> stored = ReadStored(view);
  if (!stored) return done(stored.error());
  const Result<domain::WebhookRecord> record = Named(command, *stored);
  if (!record) return done(record.error());
  engine.Test(*record, [done](const Result<HttpAnswer>& answer) {
    done(answer ? TestOutcome(*answer) : Result<json>(answer.error()));
  });
}

}  // namespace

void AddWebhookAdmin(Registry& registry, WebhookEngine& engine) {
  const auto add = [&registry](const char* command, auto service) {
    registry.AddMethod(BridgeAdminMethod(command), std::make_unique<AdminMethod>(std::move(service)));
  };
  const auto add_one = [&](const char* command, OfOne of_one) {
    add(command, [&engine, of_one](const json& asked, const store::StoreView& view) -> Result<json> {
      const Result<Stored> stored = ReadStored(view);
      if (!stored) return stored.error();
      const Result<domain::WebhookRecord> record = Named(asked, *stored);
      if (!record) return record.error();
      return of_one(engine, {*record, stored->store_id});
    });
  };
  add("listWebhooks", [&engine](const json& command, const store::StoreView& view) {
    return ListWebhooks(engine, command, view);
  });
  add_one("getWebhook", &GetOne);
  add_one("pauseWebhook", &PauseOne);
  add_one("resumeWebhook", &ResumeOne);
  add("testWebhook", [&engine](const json& command, const store::StoreView& view,
                               const AdminMethod::Done& done) { TestWebhook(engine, command, view, done); });
}

}  // namespace parley::bridge
