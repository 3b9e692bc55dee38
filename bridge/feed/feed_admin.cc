#include "bridge/feed/feed_admin.h"

#include <algorithm>
#include <charconv>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bridge/service/admin_method.h"
#include "bridge/service/limits.h"
#include "schemas/bridge_admin.h"
#include "schemas/json.h"

namespace parley::bridge {
namespace {

using nlohmann::json;

// A number, as one or as its digits; nullopt when it is absent.
Result<std::optional<uint64_t>> Number(const json& command, const char* field) {
  const auto found = command.find(field);
  if (found == command.end() || found->is_null()) return std::optional<uint64_t>();
  if (found->is_number_unsigned()) return std::optional(found->get<uint64_t>());
  if (found->is_string()) {
    const auto& text = found->get_ref<const std::string&>();
    uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc() && end == text.data() + text.size()) return std::optional(number);
  }
  return Error{Code::INVALID_ARGUMENT, std::string(field) + " is a whole number"};
}

std::string Names(const Feed& feed) {
  std::string names;
  for (const FeedStatus& status : feed.statuses()) names += (names.empty() ? "" : ", ") + status.name;
  return names;
}

// "" when absent.
Result<std::string> Consumer(const json& command, const Feed& feed) {
  const auto found = command.find("consumer");
  if (found == command.end()) return std::string();
  if (!found->is_string()) return Error{Code::INVALID_ARGUMENT, "consumer is a name"};
  auto name = found->get<std::string>();
  if (feed.letters(name) == nullptr) {
    return Error{Code::NOT_FOUND,
                 "no consumer " + Printable(name, 64) + " follows the feed; there are: " + Names(feed)};
  }
  return name;
}

// The shape of all lists: {"totalCount":…, name:[…]}.
json List(const char* name, size_t total, json items) {
  return {{"totalCount", total}, {name, std::move(items)}};
}

// The upper bound of the bucket that `share` of the entries lie below; -1: beyond the last bound; 0: no
// entries yet.
int64_t LagBelow(const FeedLags& lags, double share) {
  uint64_t all = 0;
  for (const uint64_t count : lags.counts) all += count;
  if (all == 0) return 0;
  uint64_t below = 0;
  for (size_t i = 0; i < FeedLags::kBoundsMs.size(); ++i) {
    below += lags.counts[i];
    if (static_cast<double>(below) >= share * static_cast<double>(all)) return FeedLags::kBoundsMs[i];
  }
  return -1;
}

json Describe(const FeedStatus& status) {
  json item = {{"consumer", status.name},
               {"offset", std::to_string(status.offset.value)},
               {"head", std::to_string(status.head.value)},
               {"lagEntries", status.lag_entries},
               {"lagMs", status.lag_ms},
               {"lagP50Ms", LagBelow(status.lags, 0.50)},
               {"lagP99Ms", LagBelow(status.lags, 0.99)},
               {"handled", status.handled},
               {"retries", status.retries},
               {"deadLetters", status.dead_letters},
               {"running", status.running}};
  if (!status.running) item["why"] = status.why;
  return item;
}

json Describe(const std::string& consumer, const DeadLetter& letter) {
  return {{"consumer", consumer},  {"index", std::to_string(letter.index.value)},  {"reason", letter.reason},
          {"tries", letter.tries}, {"parkedMs", std::to_string(letter.parked_ms)}, {"replay", letter.replay}};
}

Result<json> ListConsumers(const Feed& feed, const json& command) {
  const Result<std::optional<uint64_t>> offset = Number(command, "offset");
  if (!offset) return offset.error();
  json items = json::array();
  const std::vector<FeedStatus> statuses = feed.statuses();
  for (size_t i = offset->value_or(0); i < statuses.size(); ++i) items.push_back(Describe(statuses[i]));
  return List("consumers", statuses.size(), std::move(items));
}

// {consumer?, after?, offset?, limit?}: after that index, then without the first `offset` of those.
Result<json> ListLetters(const Feed& feed, const json& command) {
  const Result<std::string> consumer = Consumer(command, feed);
  if (!consumer) return consumer.error();
  const Result<std::optional<uint64_t>> after = Number(command, "after");
  if (!after) return after.error();
  const Result<std::optional<uint64_t>> offset = Number(command, "offset");
  if (!offset) return offset.error();
  const Result<std::optional<uint64_t>> limit = Number(command, "limit");
  if (!limit) return limit.error();
  const size_t limit_max = limits::kDeadLettersMax;
  const size_t shown_max = limit->value_or(0) == 0 ? limit_max : std::min<size_t>(**limit, limit_max);
  json items = json::array();
  size_t total = 0;
  for (const FeedStatus& status : feed.statuses()) {
    if (!consumer->empty() && status.name != *consumer) continue;
    for (const DeadLetter& letter :
         feed.letters(status.name)->List(LogIndex{after->value_or(0)}, limits::kDeadLettersMax)) {
      if (total++ < offset->value_or(0) || items.size() >= shown_max) continue;
      items.push_back(Describe(status.name, letter));
    }
  }
  return List("deadLetters", total, std::move(items));
}

enum class Which { kOne, kAll };
enum class What { kReplay, kDrop };

Result<json> Change(Feed& feed, const json& command, What what, Which which) {
  const Result<std::string> consumer = Consumer(command, feed);
  if (!consumer) return consumer.error();
  if (consumer->empty()) return Error{Code::INVALID_ARGUMENT, "consumer: give one of " + Names(feed)};
  const Result<std::optional<uint64_t>> index = Number(command, "index");
  if (!index) return index.error();
  if (which == Which::kOne && !*index) return Error{Code::INVALID_ARGUMENT, "index: give the dead letter's"};
  std::optional<LogIndex> letter;
  if (which == Which::kOne) letter = LogIndex{**index};
  DeadLetters& letters = *feed.letters(*consumer);
  const Result<size_t> count = what == What::kReplay ? letters.AskReplay(letter) : letters.Drop(letter);
  if (!count) return count.error();
  feed.Wake();
  return json{{what == What::kReplay ? "replaying" : "dropped", *count}};
}

}  // namespace

void AddFeedAdmin(Registry& registry, Feed& feed) {
  const auto add = [&registry](const char* command, AdminMethod::Service service) {
    registry.AddMethod(BridgeAdminMethod(command), std::make_unique<AdminMethod>(std::move(service)));
  };
  add("listFeedConsumers", [&feed](const json& command) { return ListConsumers(feed, command); });
  add("listDeadLetters", [&feed](const json& command) { return ListLetters(feed, command); });
  const auto add_change = [&](const char* command, What what, Which which) {
    add(command, [&feed, what, which](const json& asked) { return Change(feed, asked, what, which); });
  };
  add_change("replayDeadLetter", What::kReplay, Which::kOne);
  add_change("replayDeadLetters", What::kReplay, Which::kAll);
  add_change("dropDeadLetter", What::kDrop, Which::kOne);
  add_change("dropDeadLetters", What::kDrop, Which::kAll);
}

}  // namespace parley::bridge
