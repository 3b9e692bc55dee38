#include <condition_variable>
#include <fstream>
#include <iostream>
#include <mutex>

#include "client/api/raw_client.h"
#include "client/cli/commands.h"
#include "client/cli/line_reader.h"
#include "client/cli/pub_options.h"
#include "client/cli/raw_message.h"
#include "client/cli/report.h"
#include "schemas/limits.h"

namespace parley::client {
namespace {

// Publishes that the broker has not answered; above: no more input is read.
constexpr size_t kOnTheWayMax = 64;

// Publishes one after the other, a few on the way at a time; counts what became of them. One thread, but for
// Answered().
class Publisher {
 public:
  Publisher(RawClient& client, const PubOptions& options, const CommandContext& context, bool answers)
      : client_(client), options_(options), context_(context), answers_(answers) {}

  // False to stop: interrupted, or something failed.
  bool Publish(const std::string& payload) {
    if (!WaitBelow(kOnTheWayMax)) return false;
    {
      const std::lock_guard lock(mutex_);
      ++on_the_way_;
    }
    client_.StartPublish(options_.topic, payload, options_.qos, options_.retain,
                         [this](const Status& status) { Answered(status); });
    ++published_;
    return !answers_ || ShowAnswer();
  }

  // The exit code; waits for what is on the way.
  int Finish() {
    WaitBelow(1);
    const std::lock_guard lock(mutex_);
    if (context_.interrupted) return kExitInterrupted;
    if (failed_) return Fail(*failed_, options_.global.json);
    if (exit_code_ == 0 && !answers_ && options_.global.json) {
      PrintLine("{\"code\":\"OK\",\"reason\":\"\",\"published\":" + std::to_string(published_) + "}");
    }
    return exit_code_;
  }

 private:
  // On the client's thread.
  void Answered(const Status& status) {
    const std::lock_guard lock(mutex_);
    --on_the_way_;
    if (!status && !failed_) failed_ = status.error();
    changed_.notify_all();
  }

  bool WaitBelow(size_t count) {
    std::unique_lock lock(mutex_);
    while (on_the_way_ >= count && !failed_) {
      if (context_.interrupted) return false;
      changed_.wait_for(lock, std::chrono::milliseconds(50));
    }
    return !failed_;
  }

  bool ShowAnswer() {
    Result<std::optional<MqttMessage>> answer = client_.Next(options_.patience_ms);
    if (!answer || !*answer) {
      const std::lock_guard lock(mutex_);
      if (!failed_) failed_ = answer ? Error{Code::UNAVAILABLE, "no answer in time"} : answer.error();
      return false;
    }
    const Code code = AnswerCode(**answer);
    if (exit_code_ == 0) exit_code_ = Describe(code).exit_code;
    return PrintLine(options_.global.json ? MessageJson(**answer) : RenderMessage(**answer));
  }

  RawClient& client_;
  const PubOptions& options_;
  const CommandContext& context_;
  const bool answers_;
  uint64_t published_ = 0;
  int exit_code_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  size_t on_the_way_ = 0;  // guarded by mutex_, as is failed_
  std::optional<Error> failed_;
};

int PublishAll(std::unique_ptr<RawClient> client, const PubOptions& options, const CommandContext& context,
               bool answers, std::istream& input) {
  Publisher publisher(*client, options, context, answers);
  LineReader reader(input, parley::limits::kPacketBytesMax);
  if (options.text || options.empty) {
    publisher.Publish(options.text.value_or(""));
  } else if (!options.lines) {
    const std::string payload = reader.Rest();
    if (!context.interrupted) publisher.Publish(payload);
  } else {
    while (const std::optional<std::string> line = reader.Next()) {
      if (!publisher.Publish(*line)) break;
    }
  }
  const int exit_code = publisher.Finish();
  client.reset();  // before the publisher that it calls back
  return exit_code;
}

}  // namespace

int RunPub(const CommandContext& context) {
  Result<PubOptions> options = ParsePubOptions(context.words);
  if (!options) return UsageError("parley pub", options.error());
  const bool json = options->global.json;
  if (options->global.help) return ShowHelp(PubHelp());
  std::ifstream file;
  if (options->from_file) {
    file.open(*options->from_file, std::ios::binary);
    if (!file) return Fail({Code::NOT_FOUND, "cannot read " + *options->from_file}, json);
  }
  Result<MqttOptions> connection = ResolveConnection(options->global, context.environment);
  if (!connection) return Fail(connection.error(), json);
  RawClientOptions raw;
  raw.mqtt = *connection;
  raw.interrupted = &context.interrupted;
  const std::string filter = AnswerFilter(options->topic, connection->client_id);
  const bool answers = !options->no_answer && !filter.empty();
  if (answers) raw.filters = {filter};
  Result<std::unique_ptr<RawClient>> client = RawClient::Connect(raw);
  if (!client) return FailAs(client.error(), json, context);
  return PublishAll(std::move(*client), *options, context, answers, options->from_file ? file : std::cin);
}

}  // namespace parley::client
