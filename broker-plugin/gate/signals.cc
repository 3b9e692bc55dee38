#include "broker-plugin/gate/signals.h"

#include <algorithm>
#include <iterator>

#include "broker-plugin/gate/log_clock.h"
#include "core/domain/permissions.h"
#include "schemas/json.h"

namespace parley::plugin {
namespace {

Error Invalid(std::string reason) {
  return {Code::INVALID_ARGUMENT, std::move(reason)};
}

Status Decode(Encoding encoding, std::string_view payload, v1::Signal& signal) {
  if (payload.size() > limits::kSignalBytesMax) {
    return Error{Code::RESOURCE_EXHAUSTED,
                 "a signal has at most " + std::to_string(limits::kSignalBytesMax) + " bytes"};
  }
  if (encoding == Encoding::kJson) {
    if (Status read = FromJson(payload, signal); !read) return read;
  } else {
    if (!signal.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
      return Invalid("the payload is not a Signal in protobuf");
    }
    signal.DiscardUnknownFields();
  }
  if (signal.kind() == v1::Signal::UNSPECIFIED || !v1::Signal::Kind_IsValid(signal.kind())) {
    return Invalid("kind is TYPING_START, TYPING_STOP, CALL or CUSTOM");
  }
  if (signal.to_size() > limits::kSignalToMax) {
    return Invalid("to has at most " + std::to_string(limits::kSignalToMax) + " users");
  }
  for (const std::string& user : signal.to()) {
    if (!ParseUserId(user)) return Invalid("to: " + ParseUserId(user).error().reason);
  }
  return {};
}

}  // namespace

Status Signals::Take(const Incoming& incoming, Clock::time_point now) {
  if (!limiter_.Take(incoming.user, limits::kSignalsPerSecond, now)) {
    return Error{Code::RESOURCE_EXHAUSTED, "more than " + std::to_string(limits::kSignalsPerSecond) +
                                               " signals a second: send again later"};
  }
  v1::Signal signal;
  if (Status decoded = Decode(incoming.encoding, incoming.payload, signal); !decoded) return decoded;
  const bool new_typing = signal.kind() == v1::Signal::TYPING_START && typing_.size() >= kTypingMax &&
                          !typing_.contains({incoming.room, incoming.client});
  if (under_way_.size() >= kUnderWayMax || new_typing) {
    return Error{Code::RESOURCE_EXHAUSTED, "too many signals are under way: send again later"};
  }
  signal.set_room(incoming.room);
  signal.set_sender(incoming.user);
  signal.set_client(incoming.client);
  signal.set_ts_ms(LogClock::WallMs());
  NoteTyping(signal, now);
  Publish(signal);
  return {};
}

void Signals::Publish(const v1::Signal& signal) {
  for (const Encoding encoding : {Encoding::kPb, Encoding::kJson}) {
    std::string payload = encoding == Encoding::kPb ? signal.SerializeAsString() : ToJson(signal);
    std::string topic = RoomSignalsTopic(signal.room(), encoding);
    const uint64_t barrier = delivery_.PublishPassing(topic, payload);
    under_way_.insert_or_assign(std::move(payload), UnderWay{.topic = std::move(topic),
                                                             .to = {signal.to().begin(), signal.to().end()},
                                                             .barrier = barrier});
  }
}

void Signals::NoteTyping(const v1::Signal& signal, Clock::time_point now) {
  const RoomAndClient who{signal.room(), signal.client()};
  if (signal.kind() == v1::Signal::TYPING_START) {
    typing_.insert_or_assign(who, Typing{.user = signal.sender(),
                                         .to = {signal.to().begin(), signal.to().end()},
                                         .until = now + typing_time_});
  } else if (signal.kind() == v1::Signal::TYPING_STOP) {
    typing_.erase(who);
  }
}

bool Signals::IsSignalTopic(std::string_view topic) {
  return topic.starts_with("chat/v1/rooms/") &&
         (topic.ends_with("/signals/json") || topic.ends_with("/signals/pb"));
}

bool Signals::MayReceive(std::string_view user, std::string_view topic, std::string_view payload) const {
  const auto found = under_way_.find(payload);
  if (found == under_way_.end() || found->second.topic != topic) return false;
  const std::vector<std::string>& to = found->second.to;
  return to.empty() || std::find(to.begin(), to.end(), user) != to.end();
}

void Signals::OnGone(const std::string& client) {
  for (auto& [who, typing] : typing_) {
    if (who.second == client) typing.until = {};  // the next tick says so
  }
}

void Signals::OnTick(Clock::time_point now) {
  for (auto message = under_way_.begin(); message != under_way_.end();) {
    const bool routed = delivery_.IsRouted(message->second.barrier) || !delivery_.doorbell_present();
    // As for every publish without a doorbell: two ticks later it has been routed.
    const bool over = ++message->second.ticks >= 2 && routed;
    message = over ? under_way_.erase(message) : std::next(message);
  }
  for (auto typing = typing_.begin(); typing != typing_.end();) {
    const bool over = typing->second.until <= now || !MayStillType(typing->first.first, typing->second);
    if (!over || under_way_.size() >= kUnderWayMax) {
      ++typing;
      continue;
    }
    Stop(typing->first, typing->second);
    typing = typing_.erase(typing);
  }
}

bool Signals::MayStillType(const std::string& room, const Typing& typing) const {
  return domain::MayReceive(view_, room, typing.user);
}

void Signals::Stop(const RoomAndClient& who, const Typing& typing) {
  v1::Signal signal;
  signal.set_room(who.first);
  signal.set_sender(typing.user);
  signal.set_client(who.second);
  signal.set_kind(v1::Signal::TYPING_STOP);
  *signal.mutable_to() = {typing.to.begin(), typing.to.end()};
  signal.set_ts_ms(LogClock::WallMs());
  Publish(signal);
}

}  // namespace parley::plugin
