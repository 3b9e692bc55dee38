#include "bridge/push/push_methods.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "bridge/push/explain.h"
#include "bridge/push/push_list.h"
#include "bridge/service/admin_method.h"
#include "bridge/service/decimal.h"
#include "bridge/service/visible_room.h"
#include "schemas/bridge_admin.h"
#include "schemas/json.h"

namespace parley::bridge {
namespace {

using nlohmann::json;

constexpr size_t kUsersPerPage = 100;

// The registrations of the caller; none: an empty record.
Result<domain::PushRecord> OwnDevices(const store::StoreView& view, const Caller& caller) {
  const Result<domain::UserRecord> user = FindCaller(view, caller);
  if (!user) return user.error();
  auto record = view.PushOf(Uid{user->uid()});
  if (!record) return std::move(record).error();
  return record->value_or(domain::PushRecord());
}

Result<v1::PushListReply> PushList(const store::StoreView& view, const Caller& caller,
                                   const PushService& push) {
  const Result<domain::PushRecord> record = OwnDevices(view, caller);
  if (!record) return record.error();
  auto devices = DescribeDevices(*record, push.outbox());
  if (!devices) return std::move(devices).error();
  v1::PushListReply reply;
  for (v1::PushDevice& device : *devices) *reply.add_devices() = std::move(device);
  reply.set_vapid_public_key(push.vapid_public_key());
  for (int i = 1; i < v1::Push::Provider_ARRAYSIZE; ++i) {
    const auto provider = static_cast<v1::Push::Provider>(i);
    if (push.reaches(provider)) reply.add_providers(provider);
  }
  return reply;
}

Result<v1::PushTestReply> PushTest(const v1::PushTestRequest& request, const store::StoreView& view,
                                   const Caller& caller, PushService& push) {
  const Result<domain::PushRecord> record = OwnDevices(view, caller);
  if (!record) return record.error();
  v1::PushTestReply reply;
  bool named = false;
  for (const PushDeviceRecord& device : record->devices()) {
    if (!request.device().empty() && device.device() != request.device()) continue;
    named = true;
    if (!push.reaches(ProviderOf(device))) continue;
    if (!push.SendTest(Uid{record->uid()}, record->username(), device)) {
      return Error{Code::RESOURCE_EXHAUSTED, "too many tests are under way: try again in a moment"};
    }
    reply.set_devices(reply.devices() + 1);
  }
  if (!named) {
    return Error{Code::NOT_FOUND, request.device().empty()
                                      ? "no device of yours wants notifications (push.register)"
                                      : "device: none of yours that wants notifications has this id"};
  }
  if (reply.devices() == 0) {
    return Error{Code::FAILED_PRECONDITION,
                 "this server cannot reach the provider: it has no credentials for it"};
  }
  return reply;
}

json AsJson(const google::protobuf::Message& message) {
  return json::parse(ToJson(message), nullptr, /*allow_exceptions=*/false);
}

std::string TextOf(const json& command, const char* field) {
  const auto found = command.find(field);
  return found != command.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<uint64_t> NumberOf(const json& command, const char* field) {
  const auto found = command.find(field);
  if (found == command.end()) return std::nullopt;
  if (found->is_number_unsigned()) return found->get<uint64_t>();
  return found->is_string() ? ParseDecimal(found->get_ref<const std::string&>()) : std::nullopt;
}

// {username}, or {after?} for all users, a page at a time in the order in which they were made.
Result<json> ListPush(const json& command, const store::StoreView& view, const PushService& push) {
  std::vector<domain::PushRecord> records;
  const std::string username = TextOf(command, "username");
  if (!username.empty()) {
    const auto user = view.User(username);
    if (!user) return user.error();
    if (!*user) return Error{Code::NOT_FOUND, "no user " + Printable(username, 64)};
    auto record = view.PushOf(Uid{(*user)->uid()});
    if (!record) return std::move(record).error();
    if (*record) records.push_back(**std::move(record));
  } else {
    auto page = view.PushRecords(Uid{NumberOf(command, "after").value_or(0)}, kUsersPerPage);
    if (!page) return std::move(page).error();
    records = *std::move(page);
  }
  json users = json::array();
  for (const domain::PushRecord& record : records) {
    const auto devices = DescribeDevices(record, push.outbox());
    if (!devices) return devices.error();
    json shown = json::array();
    for (const v1::PushDevice& device : *devices) shown.push_back(AsJson(device));
    users.push_back({{"username", record.username()}, {"devices", std::move(shown)}});
  }
  json data = {{"users", std::move(users)}};
  if (username.empty() && records.size() == kUsersPerPage)
    data["after"] = std::to_string(records.back().uid());
  return data;
}

Result<json> Explain(const json& command, const store::StoreView& view, const PushService& push) {
  const std::optional<uint64_t> seq = NumberOf(command, "seq");
  if (!seq) return Error{Code::INVALID_ARGUMENT, "seq is a whole number"};
  const auto reply =
      ExplainMessage(TextOf(command, "room"), Seq{*seq}, view, {push.outbox(), push.timeline()});
  if (!reply) return reply.error();
  json data = AsJson(*reply);
  for (const char* field : {"requestId", "code", "reason"}) data.erase(field);
  return data;
}

}  // namespace

void AddPushMethods(Registry& registry, PushService& push) {
  registry.AddMethod(
      "push.list", std::make_unique<TypedMethod<v1::PushListRequest, v1::PushListReply>>(
                       [&push](const v1::PushListRequest&, const store::StoreView& view, const Caller& caller,
                               Budget) { return PushList(view, caller, push); }));
  registry.AddMethod("push.test", std::make_unique<TypedMethod<v1::PushTestRequest, v1::PushTestReply>>(
                                      [&push](const v1::PushTestRequest& request,
                                              const store::StoreView& view, const Caller& caller,
                                              Budget) { return PushTest(request, view, caller, push); }));
  registry.AddMethod("message.explain",
                     std::make_unique<TypedMethod<v1::MessageExplainRequest, v1::MessageExplainReply>>(
                         [&push](const v1::MessageExplainRequest& request, const store::StoreView& view,
                                 const Caller& caller, Budget) {
                           return MessageExplain(request, view, caller, {push.outbox(), push.timeline()});
                         }));
  const auto add = [&registry](const char* command, AdminMethod::Reading service) {
    registry.AddMethod(BridgeAdminMethod(command), std::make_unique<AdminMethod>(std::move(service)));
  };
  add("listPush",
      [&push](const json& command, const store::StoreView& view) { return ListPush(command, view, push); });
  add("explainMessage",
      [&push](const json& command, const store::StoreView& view) { return Explain(command, view, push); });
}

}  // namespace parley::bridge
