#include <condition_variable>
#include <fstream>
#include <iostream>
#include <mutex>

#include "client/api/client.h"
#include "client/cli/commands.h"
#include "client/cli/line_reader.h"
#include "client/cli/progress.h"
#include "client/cli/render.h"
#include "client/cli/report.h"
#include "client/cli/send_options.h"
#include "schemas/limits.h"

namespace parley::client {
namespace {

// What became of all messages of one run. Any thread.
class Tally {
 public:
  Tally(const SendOptions& options, const CommandContext& context) : options_(options), context_(context) {}

  // Waits until fewer than `count` messages are on the way. False when interrupted.
  bool WaitBelow(size_t count) {
    std::unique_lock lock(mutex_);
    while (on_the_way_ >= count) {
      if (context_.interrupted) return false;
      changed_.wait_for(lock, std::chrono::milliseconds(50));
    }
    return !context_.interrupted;
  }

  void Started() {
    const std::lock_guard lock(mutex_);
    ++on_the_way_;
  }

  // `where` names the message for a person: "line 7", or nothing when there is only one.
  void Finished(const std::string& id, const std::string& where, const Result<v1::Ack>& outcome) {
    v1::Ack ack = AckOf(options_.room, id, outcome);
    const std::lock_guard lock(mutex_);
    if (ack.code() == v1::OK) {
      ++accepted_;
    } else {
      // Without an ack nobody knows; anything else was refused, here or by the server.
      (ack.code() == v1::UNAVAILABLE && !outcome ? unknown_ : refused_)++;
      if (first_exit_ == 0) first_exit_ = Describe(ack.code()).exit_code;
      if (!where.empty()) ack.set_reason(where + ": " + ack.reason());
    }
    if (!options_.quiet || ack.code() != v1::OK) {
      PrintLine(options_.global.json ? ToJsonLine(ack) : RenderAck(ack));
    }
    --on_the_way_;
    changed_.notify_all();
  }

  // One line on stderr when there was more than one message; the exit code.
  int Summary() {
    const std::lock_guard lock(mutex_);
    const size_t all = accepted_ + refused_ + unknown_ + on_the_way_;
    if (all != 1 && !options_.global.json) {
      std::cerr << "sent " << accepted_ << ", refused " << refused_ << ", no ack " << unknown_ + on_the_way_
                << '\n';
    }
    return context_.interrupted ? kExitInterrupted : first_exit_;
  }

 private:
  const SendOptions& options_;
  const CommandContext& context_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  size_t on_the_way_ = 0;
  size_t accepted_ = 0;
  size_t refused_ = 0;
  size_t unknown_ = 0;
  int first_exit_ = 0;
};

void SendOne(Client& client, const SendOptions& options, Tally& tally, std::string content,
             const std::string& where = "") {
  v1::Draft draft = options.draft;
  if (options.content_type) {
    draft.mutable_custom()->set_content_type(*options.content_type);
    draft.mutable_custom()->set_data(std::move(content));
  } else {
    draft.mutable_text()->set_text(std::move(content));
  }
  tally.Started();
  const std::string id = draft.id();
  client.StartSend(
      options.room, std::move(draft), options.qos,
      [&tally, id, where](const Result<v1::Ack>& outcome) { tally.Finished(id, where, outcome); });
}

// Each line as it comes, byte for byte; at most twice the window in memory.
void SendLines(Client& client, const SendOptions& options, Tally& tally, std::istream& input) {
  LineReader reader(input, parley::limits::kPacketBytesMax);
  Progress progress(Progress::Output::kGoesOn);
  for (uint64_t number = 1; tally.WaitBelow(2 * options.window); ++number) {
    std::optional<std::string> line = reader.Next();
    if (!line) return;
    progress.Update(number, 0, "lines");
    if (line->empty() && options.skip_empty) continue;
    SendOne(client, options, tally, std::move(*line), "line " + std::to_string(number));
  }
}

}  // namespace

int RunSend(const CommandContext& context) {
  Result<SendOptions> options = ParseSendOptions(context.words);
  if (!options) return UsageError("parley send", options.error());
  if (options->global.help) return ShowHelp(SendHelp());
  const bool json = options->global.json;
  std::ifstream file;
  if (options->from_file) {
    file.open(*options->from_file, std::ios::binary);
    if (!file) return Fail({Code::NOT_FOUND, "cannot read " + *options->from_file}, json);
  }
  std::istream& input = options->from_file ? file : std::cin;

  Result<MqttOptions> connection = ResolveConnection(options->global, context.environment);
  if (!connection) return Fail(connection.error(), json);
  ClientOptions client_options;
  client_options.mqtt = *connection;
  client_options.window = options->window;
  client_options.send_patience_ms = options->patience_ms;
  client_options.interrupted = &context.interrupted;
  Tally tally(*options, context);
  {
    Result<std::unique_ptr<Client>> client = Client::Connect(client_options);
    if (!client) {
      Fail(client.error(), json);
      return ExitCode(client.error(), context);
    }
    if (options->text) {
      SendOne(**client, *options, tally, *options->text);
    } else if (options->whole || options->content_type) {
      SendOne(**client, *options, tally, LineReader(input, parley::limits::kPacketBytesMax).Rest());
    } else {
      SendLines(**client, *options, tally, input);
    }
    tally.WaitBelow(1);
  }  // every message that is still on the way is reported here
  return tally.Summary();
}

}  // namespace parley::client
