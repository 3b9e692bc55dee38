#include "bridge/history/history_page.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "bridge/service/visible_room.h"
#include "schemas/limits.h"

namespace parley::bridge {
namespace {

using store::StoredEvent;
using store::StoreView;

// Of the reply's own fields and each event's frame.
constexpr size_t kReplyFrameBytes = 256;
constexpr size_t kEventFrameBytes = 6;

Error Invalid(std::string reason) {
  return {Code::INVALID_ARGUMENT, std::move(reason)};
}

Status CheckRequest(const v1::HistoryPageRequest& request) {
  const int positions =
      request.has_before() + request.has_after() + request.has_around() + request.has_at_ms();
  if (positions > 1) return Invalid("before, after, around, atMs: at most one of them");
  if (request.fold()) return Error{Code::UNIMPLEMENTED, "this version does not have fold"};
  return {};
}

// One page being read: part of the visible seqs first … head.
class Page {
 public:
  Page(const StoreView& view, const VisibleRoom& room, uint32_t limit, Budget budget)
      : view_(view),
        room_(room),
        limit_(limit),
        bytes_max_(budget.bytes_max -
                   std::min(budget.bytes_max, kReplyFrameBytes + limit * kEventFrameBytes)) {}

  // The newest events up to `last`.
  Status UpTo(uint64_t last) {
    if (Status read = Read(room_.First().value, std::min(last, room_.head.value), limit_, bytes_max_,
                           StoreView::Keep::kNewest);
        !read) {
      return read;
    }
    more_ = !events_.empty() && events_.front().seq > room_.First();
    return {};
  }

  // The oldest events from `first` on.
  Status From(uint64_t first) {
    if (Status read = Read(std::max(first, room_.First().value), room_.head.value, limit_, bytes_max_,
                           StoreView::Keep::kOldest);
        !read) {
      return read;
    }
    more_ = !events_.empty() && events_.back().seq < room_.head;
    return {};
  }

  // Half before `seq`, half from it on.
  Status Around(uint64_t seq) {
    const uint32_t before = limit_ / 2;
    if (Status read = Read(std::max(seq, room_.First().value), room_.head.value, limit_ - before,
                           bytes_max_ / 2, StoreView::Keep::kOldest);
        !read) {
      return read;
    }
    std::vector<StoredEvent> after = std::exchange(events_, {});
    if (seq > room_.First().value) {
      const size_t left = bytes_max_ - std::min(bytes_max_, BytesOf(after));
      if (Status read = Read(room_.First().value, std::min(seq - 1, room_.head.value), before, left,
                             StoreView::Keep::kNewest);
          !read) {
        return read;
      }
      // The store gives at least one; the other half has one already.
      if (!after.empty() && BytesOf(events_) > left) events_.clear();
    }
    std::move(after.begin(), after.end(), std::back_inserter(events_));
    more_ = !events_.empty() && (events_.front().seq > room_.First() || events_.back().seq < room_.head);
    return {};
  }

  // The first visible seq at or after a time; past the head when there is none. (ts_ms never falls.)
  Result<uint64_t> SeqAt(uint64_t at_ms) const {
    uint64_t low = room_.First().value;
    uint64_t high = room_.head.value + 1;
    while (low < high) {
      const uint64_t middle = low + (high - low) / 2;
      const Result<v1::Event> event = RequireEvent(view_, room_.rid(), Seq{middle});
      if (!event) return event.error();
      if (event->ts_ms() < at_ms) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  Result<v1::HistoryPageReply> Reply() const {
    v1::HistoryPageReply reply;
    for (const StoredEvent& stored : events_) {
      Result<v1::Event> event = ParseEvent(stored);
      if (!event) return std::move(event).error();
      *reply.add_events() = *std::move(event);
    }
    reply.set_head(room_.head.value);
    reply.set_first(room_.First().value);
    reply.set_more(more_);
    return reply;
  }

 private:
  Status Read(uint64_t first, uint64_t last, uint32_t limit, size_t bytes_max, StoreView::Keep keep) {
    if (first > last || limit == 0) return {};
    Result<std::vector<StoredEvent>> read = view_.Events(
        room_.rid(),
        {.first = {first}, .last = {last}, .limit = limit, .bytes_max = bytes_max, .keep = keep});
    if (!read) return std::move(read).error();
    std::move(read->begin(), read->end(), std::back_inserter(events_));
    return {};
  }

  static size_t BytesOf(const std::vector<StoredEvent>& events) {
    size_t bytes = 0;
    for (const StoredEvent& event : events) bytes += event.bytes.size();
    return bytes;
  }

  const StoreView& view_;
  const VisibleRoom& room_;
  const uint32_t limit_;
  const size_t bytes_max_;
  std::vector<StoredEvent> events_;
  bool more_ = false;
};

Status ReadPage(const v1::HistoryPageRequest& request, Page& page) {
  if (request.has_before()) return request.before() == 0 ? Status() : page.UpTo(request.before() - 1);
  if (request.has_after()) return request.after() == UINT64_MAX ? Status() : page.From(request.after() + 1);
  if (request.has_around()) return page.Around(request.around());
  if (request.has_at_ms()) {
    Result<uint64_t> seq = page.SeqAt(request.at_ms());
    if (!seq) return std::move(seq).error();
    return page.From(*seq);
  }
  return page.UpTo(UINT64_MAX);
}

}  // namespace

Result<v1::HistoryPageReply> HistoryPage(const v1::HistoryPageRequest& request, const StoreView& view,
                                         const Caller& caller, Budget budget) {
  if (Status valid = CheckRequest(request); !valid) return std::move(valid).error();
  const Result<VisibleRoom> room = OpenRoom(view, caller, request.room());
  if (!room) return room.error();
  Page page(view, *room, parley::limits::PageLimit(request.limit()), budget);
  if (room->First().value != 0) {
    if (Status read = ReadPage(request, page); !read) return std::move(read).error();
  }
  return page.Reply();
}

}  // namespace parley::bridge
