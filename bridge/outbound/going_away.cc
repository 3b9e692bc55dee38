#include "bridge/outbound/going_away.h"

#include <algorithm>
#include <utility>

#include "bridge/outbound/limits.h"

namespace parley::bridge {

void GoingAway::Add(std::string connection, long last_stream) {
  Forget(connection);
  if (connections_.size() == limits::kGoingAwayMax) connections_.pop_front();
  connections_.push_back({std::move(connection), last_stream});
}

void GoingAway::Forget(std::string_view connection) {
  std::erase_if(connections_, [&](const Connection& one) { return one.name == connection; });
}

bool GoingAway::Refuses(std::string_view connection, long stream) const {
  return std::any_of(connections_.begin(), connections_.end(), [&](const Connection& one) {
    return one.name == connection && stream > one.last_stream;
  });
}

}  // namespace parley::bridge
