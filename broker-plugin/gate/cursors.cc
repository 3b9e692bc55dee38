#include "broker-plugin/gate/cursors.h"

#include <algorithm>
#include <utility>

#include "schemas/json.h"

namespace parley::plugin {
namespace {

void Fill(domain::Command& command, const Cursors::Taken& taken, const v1::Cursor& cursor) {
  command.mutable_origin()->set_encoding(static_cast<uint32_t>(taken.encoding));
  internal::v1::MoveCursor& move = *command.mutable_move_cursor();
  move.set_room(taken.room.data(), taken.room.size());
  move.set_read(std::max(move.read(), cursor.read()));
  move.set_delivered(std::max(move.delivered(), cursor.delivered()));
}

}  // namespace

Status Cursors::Read(Encoding encoding, std::string_view payload, v1::Cursor& cursor) {
  if (encoding == Encoding::kJson) {
    if (Status read = FromJson(payload, cursor); !read) return read;
  } else if (!cursor.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
    return Error{Code::INVALID_ARGUMENT, "the payload is not a Cursor in protobuf"};
  }
  if (cursor.read() != 0 || cursor.delivered() != 0) return {};
  return Error{Code::INVALID_ARGUMENT, "give read or delivered: the seq of an event"};
}

bool Cursors::Take(const Taken& taken, const v1::Cursor& cursor, Clock::time_point now) {
  const std::string key = taken.session.user + "/" + std::string(taken.room);
  const auto recent = recent_.find(key);
  if (recent != recent_.end() && Hold(recent->second, taken, cursor)) return true;
  domain::Command command = commands_.New(taken.session.user, taken.session.client);
  Fill(command, taken, cursor);
  command.mutable_origin()->set_correlation_data(taken.correlation_data.data(),
                                                 taken.correlation_data.size());
  if (!commands_.Append(command)) return false;
  if (recent == recent_.end() && recent_.size() < kRecentMax) {
    recent_.try_emplace(key);
    due_.push_back({now + kInterval, key});
  }
  return true;
}

bool Cursors::Hold(Recent& recent, const Taken& taken, const v1::Cursor& cursor) {
  commands_.Stamp(recent.held, taken.session.user, taken.session.client);
  Fill(recent.held, taken, cursor);
  const std::string record = recent.held.SerializeAsString();
  if (recent.slot) {
    if (!slots_.Replace(*recent.slot, record)) return false;
    ++merged_count_;
    return true;
  }
  recent.slot = slots_.Take(record);
  if (!recent.slot) recent.held.Clear();
  return recent.slot.has_value();
}

bool Cursors::Append(Recent& recent) {
  // By the clocks of now: log time never falls.
  const std::string user = recent.held.origin().user();
  const std::string client = recent.held.origin().client();
  commands_.Stamp(recent.held, user, client);
  if (!commands_.Append(recent.held)) return false;
  slots_.Free(*std::exchange(recent.slot, std::nullopt));  // the journal has it now
  recent.held.Clear();
  return true;
}

void Cursors::OnTick(Clock::time_point now) {
  while (!due_.empty() && due_.front().at <= now) {
    const auto recent = recent_.find(due_.front().key);
    if (!recent->second.slot) {
      recent_.erase(recent);
    } else {
      if (!Append(recent->second)) return;
      due_.push_back({now + kInterval, recent->first});
    }
    due_.pop_front();
  }
}

void Cursors::AppendHeld() {
  for (auto& [key, recent] : recent_) {
    if (recent.slot && !Append(recent)) return;  // the file keeps it for the next start
  }
}

}  // namespace parley::plugin
