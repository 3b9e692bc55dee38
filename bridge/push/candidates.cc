#include "bridge/push/candidates.h"

#include <utility>

#include "bridge/push/limits.h"
#include "bridge/service/limits.h"
#include "core/domain/permissions.h"

namespace parley::bridge {

Status PushCandidates::Load(const store::StoreView& view) {
  if (loaded_) return {};
  Forget();
  Uid after{};
  while (true) {
    auto page = view.PushRecords(after, limits::kMembershipsPerRead);
    if (!page) return std::move(page).error();
    for (domain::PushRecord& record : *page) {
      after = Uid{record.uid()};
      records_[after] = std::move(record);
    }
    if (page->size() < limits::kMembershipsPerRead) break;
  }
  loaded_ = true;
  return {};
}

void PushCandidates::Forget() {
  loaded_ = false;
  records_.clear();
  ForgetRooms();
}

void PushCandidates::ForgetRooms() {
  rooms_.clear();
  known_ = 0;
}

Status PushCandidates::Refresh(const store::StoreView& view, Uid uid) {
  auto record = view.PushOf(uid);
  if (!record) return std::move(record).error();
  const bool known = records_.contains(uid);
  const bool has_devices = *record && (*record)->devices_size() > 0;
  if (has_devices) {
    records_[uid] = **std::move(record);
  } else {
    records_.erase(uid);
  }
  // Which rooms are the user's is not known here, and this is rare.
  if (known != has_devices) ForgetRooms();
  return {};
}

void PushCandidates::RoomChanged(Rid rid) {
  const auto found = rooms_.find(rid);
  if (found == rooms_.end()) return;
  known_ -= found->second.size() + 1;
  rooms_.erase(found);
}

Result<const std::vector<Uid>*> PushCandidates::In(const store::StoreView& view, Rid rid) {
  if (const auto found = rooms_.find(rid); found != rooms_.end()) return &found->second;
  std::vector<Uid> with_device;
  Uid after{};
  while (true) {
    const auto page = view.MembersOf(rid, after, limits::kMembershipsPerRead);
    if (!page) return page.error();
    for (const store::MemberOfRoom& member : *page) {
      after = member.uid;
      if (domain::IsReader(member.record.role()) && records_.contains(member.uid))
        with_device.push_back(member.uid);
    }
    if (page->size() < limits::kMembershipsPerRead) break;
  }
  if (known_ + with_device.size() >= limits::kPushMembersKnownMax) ForgetRooms();
  known_ += with_device.size() + 1;
  return &(rooms_[rid] = std::move(with_device));
}

const domain::PushRecord* PushCandidates::RecordOf(Uid uid) const {
  const auto found = records_.find(uid);
  return found == records_.end() ? nullptr : &found->second;
}

}  // namespace parley::bridge
