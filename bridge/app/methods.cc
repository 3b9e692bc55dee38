#include "bridge/app/methods.h"

#include "bridge/history/history_page.h"
#include "bridge/rooms/rooms_list.h"
#include "bridge/sync/sync.h"

namespace parley::bridge {

Registry BridgeMethods() {
  Registry methods;
  methods.Add("history.page", &HistoryPage);
  methods.Add("sync", &Sync);
  methods.Add("rooms.list", &RoomsList);
  return methods;
}

}  // namespace parley::bridge
