#include "bridge/app/methods.h"

#include "bridge/history/history_page.h"
#include "bridge/receipts/receipts_get.h"
#include "bridge/rooms/members_list.h"
#include "bridge/rooms/rooms_get.h"
#include "bridge/rooms/rooms_list.h"
#include "bridge/sync/sync.h"
#include "bridge/users/users.h"

namespace parley::bridge {

Registry BridgeMethods() {
  Registry methods;
  methods.Add("history.page", &HistoryPage);
  methods.Add("sync", &Sync);
  methods.Add("rooms.list", &RoomsList);
  methods.Add("rooms.get", &RoomsGet);
  methods.Add("members.list", &MembersList);
  methods.Add("receipts.get", &ReceiptsGet);
  methods.Add("users.get", &UsersGet);
  methods.Add("users.find", &UsersFind);
  return methods;
}

}  // namespace parley::bridge
