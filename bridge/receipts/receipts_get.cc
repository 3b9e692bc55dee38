#include "bridge/receipts/receipts_get.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "bridge/receipts/readers.h"
#include "bridge/service/decimal.h"
#include "bridge/service/visible_room.h"
#include "schemas/limits.h"

namespace parley::bridge {
namespace {

constexpr size_t kReplyFrameBytes = 256;
constexpr size_t kReceiptFrameBytes = 4;

v1::Receipt ReceiptOf(const std::string& room, const domain::MemberRecord& member) {
  v1::Receipt receipt;
  receipt.set_room(room);
  receipt.set_user(member.user());
  receipt.set_read(member.read());
  receipt.set_delivered(std::max(member.delivered(), member.read()));
  receipt.set_ts_ms(member.moved_ms());
  return receipt;
}

}  // namespace

Result<v1::ReceiptsGetReply> ReceiptsGet(const v1::ReceiptsGetRequest& request, const store::StoreView& view,
                                         const Caller& caller, Budget budget) {
  const std::optional<uint64_t> after = request.page().empty() ? 0 : ParseDecimal(request.page());
  if (!after) return Error{Code::INVALID_ARGUMENT, "page is not one that a reply gave"};
  const Result<VisibleRoom> room = OpenRoom(view, caller, request.room());
  if (!room) return room.error();
  const Seq seq = request.seq() == 0 ? room->head : Seq{request.seq()};
  v1::ReceiptsGetReply reply;
  if (request.seq() != 0 && (seq > room->head || !room->visibility.Sees(seq))) {
    return Error{Code::NOT_FOUND, "seq: " + request.room() + " has no event " + std::to_string(seq.value) +
                                      " that you may see"};
  }
  if (room->rid().value == 0) {  // a direct room before its first message
    reply.set_members(2);
    return reply;
  }
  const Result<ReaderCounts> counts = CountReaders(view, room->rid(), seq);
  if (!counts) return counts.error();
  reply.set_seq(seq.value);
  reply.set_members(counts->members);
  reply.set_read_by(counts->read_by);
  reply.set_delivered_to(counts->delivered_to);
  reply.set_counts_only(IsBigRoom(counts->members));
  if (reply.counts_only()) return reply;

  const int receipts_max = static_cast<int>(parley::limits::PageLimit(request.limit()));
  const size_t bytes_max = budget.bytes_max - std::min(budget.bytes_max, kReplyFrameBytes);
  size_t bytes = 0;
  Uid done{*after};
  Status walked = ForEachReader(view, room->rid(), seq, done, [&](const store::MemberOfRoom& member) {
    v1::Receipt receipt = ReceiptOf(request.room(), member.record);
    bytes += receipt.ByteSizeLong() + kReceiptFrameBytes;
    if (reply.receipts_size() >= receipts_max || (reply.receipts_size() > 0 && bytes > bytes_max)) {
      reply.set_more(true);
      reply.set_page(std::to_string(done.value));
      return false;
    }
    *reply.add_receipts() = std::move(receipt);
    done = member.uid;
    return true;
  });
  if (!walked) return std::move(walked).error();
  return reply;
}

}  // namespace parley::bridge
