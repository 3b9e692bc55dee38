#include "client/api/client.h"

#include <utility>

#include <nlohmann/json.hpp>

#include "client/api/client_loop.h"
#include "client/api/waiter.h"
#include "schemas/json.h"

namespace parley::client {
namespace {

constexpr int64_t kFlushMs = 1'000;

template <typename Reply>
Result<Reply> Decode(Result<std::string> json) {
  if (!json) return std::move(json).error();
  Reply reply;
  if (Status status = FromJson(*json, reply); !status) return std::move(status).error();
  if (reply.code() != Code::OK) return Error{reply.code(), reply.reason()};
  return reply;
}

}  // namespace

class Client::Impl {
 public:
  explicit Impl(const ClientOptions& options) : interrupted_(options.interrupted), loop_(options) {}

  Status Connect() {
    if (Status started = loop_.Start(); !started) return started;
    return loop_.connected().Wait(interrupted_);
  }

  template <typename Reply, typename Request>
  Result<Reply> Ask(const std::string& method, Request request) {
    Waiter<Result<std::string>> reply;
    loop_.Request(
        method,
        [request = std::move(request)](const std::string& id) mutable {
          request.set_request_id(id);
          return ToJson(request);
        },
        Repeat::kYes, reply.Setter());
    return Decode<Reply>(reply.Wait(interrupted_));
  }

  ClientLoop& loop() { return loop_; }
  const std::atomic<bool>* interrupted() const { return interrupted_; }

 private:
  const std::atomic<bool>* const interrupted_;
  ClientLoop loop_;
};

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Client::~Client() {
  impl_->loop().Stop(kFlushMs);
}

Result<std::unique_ptr<Client>> Client::Connect(const ClientOptions& options) {
  std::unique_ptr<Client> client(new Client(std::make_unique<Impl>(options)));
  if (Status connected = client->impl_->Connect(); !connected) return std::move(connected).error();
  return client;
}

Result<v1::Ack> Client::Send(const std::string& room, const v1::Draft& draft, int qos) {
  Waiter<Result<v1::Ack>> ack;
  StartSend(room, draft, qos, ack.Setter());
  return ack.Wait(impl_->interrupted());
}

void Client::StartSend(const std::string& room, v1::Draft draft, int qos, const SendCallback& done) {
  impl_->loop().Send(room, std::move(draft), qos, done);
}

void Client::MoveCursor(const std::string& room, const v1::Cursor& cursor) {
  impl_->loop().Say([room, cursor](Session& session) { session.MoveCursor(room, cursor); });
}

void Client::Signal(const std::string& room, const v1::Signal& signal) {
  impl_->loop().Say([room, signal](Session& session) { session.Signal(room, signal); });
}

Result<v1::HistoryPageReply> Client::History(v1::HistoryPageRequest request) {
  return impl_->Ask<v1::HistoryPageReply>("history.page", std::move(request));
}

Result<v1::SyncReply> Client::Sync(v1::SyncRequest request) {
  return impl_->Ask<v1::SyncReply>("sync", std::move(request));
}

Result<std::vector<v1::RoomState>> Client::Rooms() {
  std::vector<v1::RoomState> rooms;
  v1::RoomsListRequest request;
  while (true) {
    Result<v1::RoomsListReply> page = impl_->Ask<v1::RoomsListReply>("rooms.list", request);
    if (!page) return std::move(page).error();
    rooms.insert(rooms.end(), page->rooms().begin(), page->rooms().end());
    if (!page->more() || page->page() == request.page()) return rooms;
    request.set_page(page->page());
  }
}

Result<std::string> Client::Ask(const std::string& method, const std::string& request, Repeat repeat) {
  using Json = nlohmann::ordered_json;
  Json object = Json::parse(request, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return Error{Code::INVALID_ARGUMENT, "a request is a JSON object"};
  Waiter<Result<std::string>> waiter;
  impl_->loop().Request(
      method,
      [object = std::move(object)](const std::string& id) mutable {
        object["requestId"] = id;
        return object.dump(-1, ' ', false, Json::error_handler_t::replace);
      },
      repeat, waiter.Setter());
  Result<std::string> reply = waiter.Wait(impl_->interrupted());
  if (!reply) return reply;
  const Json head = Json::parse(*reply, nullptr, /*allow_exceptions=*/false);
  if (!head.is_object() || !head.contains("code") || !head["code"].is_string()) {
    return Error{Code::INTERNAL, "a reply that cannot be read"};
  }
  const std::string code = head["code"].get<std::string>();
  if (code == CodeName(Code::OK)) return reply;
  Error error{Code::INTERNAL, head.contains("reason") && head["reason"].is_string()
                                  ? head["reason"].get<std::string>()
                                  : code};
  for (const CodeEntry& entry : CodeTable()) {
    if (entry.name == code) error.code = entry.code;
  }
  return error;
}

Result<std::vector<std::string>> Client::Control(std::vector<std::string> commands) {
  Waiter<Result<std::vector<std::string>>> answers;
  impl_->loop().Control(std::move(commands), answers.Setter());
  return answers.Wait(impl_->interrupted());
}

Result<std::optional<Client::StreamItem>> Client::Next(int64_t timeout_ms) {
  return impl_->loop().Next(timeout_ms, impl_->interrupted());
}

Status Client::Tail(const std::function<bool(const v1::Event&)>& on_event) {
  while (true) {
    Result<std::optional<StreamItem>> item = Next(1'000);
    if (!item) return std::move(item).error();
    if (!*item) continue;
    const auto* event = std::get_if<v1::Event>(&**item);
    if (event != nullptr && !on_event(*event)) return {};
  }
}

}  // namespace parley::client
