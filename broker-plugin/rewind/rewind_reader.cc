#include "broker-plugin/rewind/rewind_reader.h"

#include <algorithm>
#include <utility>

#include "parley/v1/message.pb.h"
#include "schemas/json.h"

namespace parley::plugin {
namespace {

// Events that are newer than the query's end: few, as they are on their way out.
constexpr size_t kReadMore = 16;

// Adds what fits, newest first. False when nothing more fits or is wanted.
Result<bool> Take(store::StoredEvent stored, const RewindQuery& query, size_t& bytes,
                  std::vector<RewindEvent>& events) {
  v1::Event event;
  if (!event.ParseFromString(stored.bytes)) {
    return Error{Code::INTERNAL, "the store is damaged: event " + std::to_string(stored.seq.value)};
  }
  if (event.feed() > query.up_to.value) return true;
  std::string payload = query.encoding == Encoding::kPb ? std::move(stored.bytes) : ToJson(event);
  bytes += payload.size();
  if (bytes > kRewindBytesMax) return false;
  events.push_back({stored.seq, std::move(payload)});
  return events.size() < query.count;
}

}  // namespace

Result<std::vector<RewindEvent>> ReadRewind(const store::StoreView& view, const RewindQuery& query) {
  std::vector<RewindEvent> events;
  const Result<Seq> head = view.Head(query.rid);
  if (!head) return head.error();
  size_t bytes = 0;
  bool more = query.count > 0;
  for (Seq last = *head; more && last >= query.first && last.value > 0;) {
    Result<std::vector<store::StoredEvent>> read =
        view.Events(query.rid, {.first = query.first,
                                .last = last,
                                .limit = query.count - events.size() + kReadMore,
                                .bytes_max = kRewindBytesMax,
                                .keep = store::StoreView::Keep::kNewest});
    if (!read) return std::move(read).error();
    if (read->empty()) break;
    last = Seq{read->front().seq.value - 1};
    for (auto stored = read->rbegin(); more && stored != read->rend(); ++stored) {
      const Result<bool> taken = Take(std::move(*stored), query, bytes, events);
      if (!taken) return taken.error();
      more = *taken;
    }
  }
  std::reverse(events.begin(), events.end());
  return events;
}

}  // namespace parley::plugin
