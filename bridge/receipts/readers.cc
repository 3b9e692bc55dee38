#include "bridge/receipts/readers.h"

#include <optional>
#include <vector>

#include "bridge/service/limits.h"
#include "core/domain/permissions.h"
#include "schemas/limits.h"

namespace parley::bridge {

bool IsBigRoom(uint32_t members) {
  return members > parley::limits::kReceiptMembersMax;
}

Status ForEachReader(const store::StoreView& view, Rid rid, Seq seq, Uid after,
                     const std::function<bool(const store::MemberOfRoom& member)>& visit) {
  while (true) {
    const Result<std::vector<store::MemberOfRoom>> members =
        view.MembersOf(rid, after, limits::kMembershipsPerRead);
    if (!members) return members.error();
    for (const store::MemberOfRoom& member : *members) {
      after = member.uid;
      if (!domain::IsReader(member.record.role()) || member.record.visible_from() > seq.value) continue;
      if (!visit(member)) return {};
    }
    if (members->size() < limits::kMembershipsPerRead) return {};
  }
}

Result<ReaderCounts> CountReaders(const store::StoreView& view, Rid rid, Seq seq) {
  ReaderCounts counts;
  Status walked = ForEachReader(view, rid, seq, {}, [&](const store::MemberOfRoom& member) {
    ++counts.members;
    if (member.record.read() >= seq.value) ++counts.read_by;
    if (member.record.read() >= seq.value || member.record.delivered() >= seq.value) ++counts.delivered_to;
    return true;
  });
  if (!walked) return std::move(walked).error();
  return counts;
}

Result<Seq> FindNewestMessage(const store::StoreView& view, Rid rid, Seq up_to) {
  for (size_t looked_at = 0; up_to.value > 0 && looked_at < limits::kEventsLookedAtMax; ++looked_at) {
    const Result<std::optional<store::StoredEvent>> event = view.EventAt(rid, up_to);
    if (!event) return event.error();
    if (*event && (*event)->own_ordinal != 0) return up_to;
    --up_to.value;
  }
  return Seq{};
}

}  // namespace parley::bridge
