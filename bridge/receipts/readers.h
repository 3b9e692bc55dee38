#pragma once

#include <cstdint>
#include <functional>

#include "core/store/store_reader.h"
#include "schemas/result.h"

namespace parley::bridge {

// How far the members of a room have got with one of its events.
struct ReaderCounts {
  uint32_t members = 0;  // who may see the event now, its sender included
  uint32_t read_by = 0;
  uint32_t delivered_to = 0;  // have received it, or read it
};

// True when a room of so many members is told counts, not names.
bool IsBigRoom(uint32_t members);

// Calls visit(member) for each present member of the room who may see the event `seq`, in order of uid, those
// with uid > `after`, until it returns false. Walks all membership records: so many reads as there are.
Status ForEachReader(const store::StoreView& view, Rid rid, Seq seq, Uid after,
                     const std::function<bool(const store::MemberOfRoom& member)>& visit);

// Counts them.
Result<ReaderCounts> CountReaders(const store::StoreView& view, Rid rid, Seq seq);

// The newest event of the room, not after `up_to`, that counts as unread for somebody (a message); seq 0 when
// there is none among the newest kEventsLookedAtMax.
Result<Seq> FindNewestMessage(const store::StoreView& view, Rid rid, Seq up_to);

}  // namespace parley::bridge
