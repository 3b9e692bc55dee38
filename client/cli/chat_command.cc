#include <algorithm>
#include <condition_variable>
#include <iostream>
#include <mutex>
#include <thread>

#include <unistd.h>

#include "client/cli/chat_aside.h"
#include "client/cli/chat_input.h"
#include "client/cli/chat_options.h"
#include "client/cli/commands.h"
#include "client/cli/input_lines.h"
#include "client/cli/open.h"
#include "client/cli/positions.h"
#include "client/cli/render.h"
#include "client/cli/report.h"
#include "client/cli/request_commands.h"
#include "schemas/json.h"
#include "schemas/limits.h"

namespace parley::client {
namespace {

using Clock = std::chrono::steady_clock;

// Lines on the way; above: no more input is read until some are acknowledged.
constexpr size_t kOnTheWayMax = 500;
constexpr int kStepMs = 50;

// One chat: typed lines on the caller's thread, what comes on a thread of its own, acks on the client's.
class Chat {
 public:
  Chat(const ChatOptions& options, const CommandContext& context, const std::string& user,
       PositionKeeper* keeper)
      : options_(options),
        context_(context),
        shares_(Shares(options)),
        json_(options.global.json),
        terminal_(isatty(STDIN_FILENO) != 0),
        keeper_(keeper),
        aside_(user) {}

  // Whether the reading is told to others.
  static bool Shares(const ChatOptions& options) {
    return !options.keep_private && (options.share || isatty(STDIN_FILENO) != 0);
  }

  // Until the input ends, /quit, an interruption, or the stream's end; the exit code. `client` may be used no
  // more by others, and is gone when this returns.
  int Run(std::unique_ptr<Client> client, const std::string& client_id) {
    client_id_ = client_id;
    std::thread follower([&] { Follow(*client); });
    ReadInput(*client);
    WaitForTheEnd();
    done_ = true;
    follower.join();
    client.reset();  // what is still without an ack is reported here
    if (context_.interrupted) return kExitInterrupted;
    const std::lock_guard lock(mutex_);
    return exit_code_;
  }

 private:
  // --- what is typed ---

  void ReadInput(Client& client) {
    InputLines input(STDIN_FILENO, parley::limits::kPacketBytesMax);
    while (!Over() && !input.ended()) {
      if (!WaitBelow(kOnTheWayMax)) return;
      const std::optional<std::string> line = input.Next(kStepMs);
      if (line && !Handle(client, ReadChatInput(*line))) return;
    }
  }

  // False to end.
  bool Handle(Client& client, const ChatInput& input) {
    if (const auto* say = std::get_if<Say>(&input)) {
      Send(client, say->text);
    } else if (const auto* history = std::get_if<ShowHistory>(&input)) {
      ShowEarlier(client, history->count);
    } else if (std::holds_alternative<ShowMembers>(input)) {
      ListMembers(client);
    } else if (std::holds_alternative<ShowChatHelp>(input)) {
      Note(std::string(ChatInputHelp()));
    } else if (const auto* mistyped = std::get_if<Mistyped>(&input)) {
      Note("parley: " + mistyped->reason);
    }
    return !std::holds_alternative<Quit>(input);
  }

  void Send(Client& client, const std::string& text) {
    v1::Draft draft;
    draft.mutable_text()->set_text(text);
    {
      const std::lock_guard lock(mutex_);
      ++on_the_way_;
    }
    client.StartSend(options_.room, std::move(draft), 1,
                     [this, text](const Result<v1::Ack>& outcome) { Acknowledged(text, outcome); });
  }

  // On the client's thread.
  void Acknowledged(const std::string& text, const Result<v1::Ack>& outcome) {
    const v1::Ack ack = AckOf(options_.room, outcome ? outcome->id() : "", outcome);
    const std::lock_guard lock(mutex_);
    --on_the_way_;
    changed_.notify_all();
    if (json_) {
      Print(ToJsonLine(ack));
    } else if (ack.code() == v1::OK) {
      Print("  [stored as #" + std::to_string(ack.seq()) + "]");
    } else {
      const char* what = outcome ? "  [refused, " : "  [no ack, ";
      Print(what + RenderError({ack.code(), ack.reason()}) + "] " + Printable(text, 200));
    }
    if (ack.code() != v1::OK && exit_code_ == 0) exit_code_ = Describe(ack.code()).exit_code;
  }

  void ShowEarlier(Client& client, uint32_t count) {
    v1::HistoryPageRequest request;
    request.set_room(options_.room);
    request.set_limit(count);
    {
      const std::lock_guard lock(mutex_);
      if (first_shown_ > 0) request.set_before(first_shown_);
    }
    Result<v1::HistoryPageReply> page = client.History(request);
    if (!page) return Note("parley: " + RenderError(page.error()));
    const std::lock_guard lock(mutex_);
    for (const v1::Event& event : page->events()) Print(json_ ? ToJsonLine(event) : RenderEvent(event));
    if (page->events_size() > 0) first_shown_ = page->events(0).seq();
    if (!json_) Print(page->more() ? "  [more: /history]" : "  [that is the start of what you may see]");
  }

  void ListMembers(Client& client) {
    RequestOptions options;
    options.subcommand = "list";
    options.arguments = {options_.room};
    Result<RequestCall> call = CallOf(MemberRequests(), options);
    while (call) {
      Result<std::string> reply = client.Ask(call->method, call->request, call->repeat);
      if (!reply) return Note("parley: " + RenderError(reply.error()));
      const ReplyLines read = ReadReply(*call, *reply, json_);
      const std::lock_guard lock(mutex_);
      for (const std::string& line : read.lines) Print(json_ ? line : "  " + line);
      if (read.page.empty()) return;
      call = NextPage(std::move(*call), read.page);
    }
  }

  // --- what comes, on a thread of its own ---

  void Follow(Client& client) {
    while (!done_) {
      Result<std::optional<Client::StreamItem>> item = client.Next(kStepMs);
      if (!item) {
        if (!context_.interrupted) EndWith(item.error());
        break;
      }
      if (*item) Show(**item);
      Keep(false);
      SayRead(client, false);
    }
    Keep(true);
    SayRead(client, true);
  }

  void SayRead(Client& client, bool at_once) {
    if (!shares_) return;
    std::optional<v1::Cursor> cursor;
    {
      const std::lock_guard lock(mutex_);
      const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now().time_since_epoch());
      cursor = aside_.CursorToSay(now.count(), at_once);
    }
    if (cursor) client.MoveCursor(options_.room, *cursor);
  }

  // With the lock. JSON: an object with what it is as its one field, so that a reader can tell it from
  // events.
  template <typename Message>
  void ShowAside(const char* name, const Message& message, const std::optional<std::string>& line) {
    if (json_) {
      Print("{\"" + std::string(name) + "\":" + ToJsonLine(message) + "}");
    } else if (line) {
      Print("  [" + *line + "]");
    }
  }

  void Show(const Client::StreamItem& item) {
    const std::lock_guard lock(mutex_);
    if (const auto* event = std::get_if<v1::Event>(&item)) {
      if (keeper_ != nullptr) keeper_->Shown(*event);
      aside_.OnShown(*event);
      if (event->seq() > 0 && (first_shown_ == 0 || event->seq() < first_shown_)) first_shown_ = event->seq();
      // What was typed on this terminal stands there already, and its ack is shown.
      const bool typed_here = terminal_ && event->client() == client_id_;
      if (json_ || !typed_here) Print(json_ ? ToJsonLine(*event) : RenderEvent(*event));
    } else if (const auto* change = std::get_if<ConnectionChange>(&item)) {
      Complain(change->lost ? "connection lost; trying again" : "connected again");
      if (!change->lost) aside_.OnReconnected();
    } else if (const auto* receipt = std::get_if<v1::Receipt>(&item)) {
      ShowAside("receipt", *receipt, aside_.OnReceipt(*receipt));
    } else if (const auto* signal = std::get_if<v1::Signal>(&item)) {
      ShowAside("signal", *signal, aside_.OnSignal(*signal));
    } else if (std::holds_alternative<CaughtUp>(item)) {
      begun_ = true;
    } else if (const auto* notice = std::get_if<Notice>(&item)) {
      begun_ = true;
      Complain(RenderError(notice->what));
    }
  }

  void Keep(bool now) {
    if (keeper_ == nullptr) return;
    if (Status saved = keeper_->Save(now); !saved) {
      keeper_ = nullptr;  // one line is enough
      Note("parley: the position is not kept: " + RenderError(saved.error()));
    }
  }

  // --- both ---

  bool Over() {
    const std::lock_guard lock(mutex_);
    return context_.interrupted || ended_ || !std::cout;
  }

  void EndWith(const Error& why) {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    exit_code_ = Fail(why, json_);
    changed_.notify_all();
  }

  // False when interrupted or ended.
  bool WaitBelow(size_t count) {
    std::unique_lock lock(mutex_);
    while (on_the_way_ >= count) {
      if (context_.interrupted || ended_) return false;
      changed_.wait_for(lock, std::chrono::milliseconds(kStepMs));
    }
    return true;
  }

  // Until the room was shown, or it is clear that it may not be, and all that was typed is acknowledged.
  void WaitForTheEnd() {
    const Clock::time_point deadline = Clock::now() + std::chrono::milliseconds(options_.patience_ms);
    std::unique_lock lock(mutex_);
    while ((on_the_way_ > 0 || !begun_) && !context_.interrupted && !ended_ && Clock::now() < deadline) {
      changed_.wait_for(lock, std::chrono::milliseconds(kStepMs));
    }
  }

  // With the lock.
  static void Print(const std::string& line) { PrintLine(line); }
  static void Complain(const std::string& line) { std::cerr << "parley: " << line << std::endl; }

  void Note(const std::string& line) {
    const std::lock_guard lock(mutex_);
    std::cerr << line << std::endl;
  }

  const ChatOptions& options_;
  const CommandContext& context_;
  const bool shares_;
  const bool json_;
  const bool terminal_;
  std::string client_id_;
  PositionKeeper* keeper_;  // of the follower; null: none
  std::atomic<bool> done_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_, as is the output.
  ChatAside aside_;
  size_t on_the_way_ = 0;
  uint64_t first_shown_ = 0;
  bool begun_ = false;  // the room was shown, or cannot be
  bool ended_ = false;
  int exit_code_ = 0;
};

}  // namespace

int RunChat(const CommandContext& context) {
  Result<ChatOptions> options = ParseChatOptions(context.words);
  if (!options) return UsageError("parley chat", options.error());
  const GlobalOptions& global = options->global;
  if (global.help) return ShowHelp(ChatHelp());
  Result<MqttOptions> connection = ResolveConnection(global, context.environment);
  if (!connection) return Fail(connection.error(), global.json);
  PositionKeeper keeper(PositionsPath("chat", *connection, context.environment));
  ClientOptions client_options;
  client_options.mqtt = *connection;
  client_options.interrupted = &context.interrupted;
  client_options.send_patience_ms = 0;  // as long as the chat runs
  client_options.stream.rooms = StreamConfig::Rooms::kListed;
  client_options.stream.listed = {options->room};
  client_options.stream.last = options->last;
  client_options.stream.passing = Chat::Shares(*options);
  if (options->last > 0) client_options.stream.start = StreamConfig::Start::kLast;
  if (options->resume) {
    if (Status loaded = keeper.Load(); !loaded) return Fail(loaded.error(), global.json);
    client_options.stream.seen = keeper.positions().rooms;
  }
  Result<std::unique_ptr<Client>> client = Client::Connect(client_options);
  if (!client) return FailAs(client.error(), global.json, context);
  if (isatty(STDIN_FILENO) != 0) std::cerr << "in " << options->room << "; /help lists the commands\n";
  Chat chat(*options, context, connection->user, options->resume ? &keeper : nullptr);
  return chat.Run(std::move(*client), connection->client_id);
}

}  // namespace parley::client
