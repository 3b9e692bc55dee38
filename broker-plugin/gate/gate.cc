#include "broker-plugin/gate/gate.h"

#include "broker-plugin/acl/access.h"
#include "broker-plugin/gate/body_hash.h"
#include "core/domain/permissions.h"
#include "schemas/draft.h"
#include "schemas/json.h"
#include "schemas/limits.h"

namespace parley::plugin {
namespace {

// The Response Topic when it lies in the client's own space, else its replies topic.
ReplyAddress ReplyAddressOf(const Session& session, const RequestTopic& topic,
                            const Publication& publication) {
  ReplyAddress address{RepliesTopic(session.client, topic.encoding),
                       std::string(publication.correlation_data)};
  if (publication.response_topic.empty()) return address;
  const Result<ChatTopic> asked = ParseChatTopic(publication.response_topic);
  const auto* own = asked ? std::get_if<ClientTopic>(&*asked) : nullptr;
  if (own != nullptr && own->client == session.client) address.topic = publication.response_topic;
  return address;
}

}  // namespace

Gate::Verdict Gate::OnMessage(const Session& session, const Publication& publication) {
  if (session.kind == Session::Kind::kBridge) return OnBridge(publication);
  if (!IsChat(publication.topic)) {
    if (bound_.Take(&session, publication.topic, publication.payload, publication.qos)) return Verdict::kPass;
    ++closed_count_;
    return Verdict::kClose;
  }
  const Result<ChatTopic> topic = ParseChatTopic(publication.topic);
  const std::string_view correlation = publication.correlation_data;
  if (!topic) return Refuse({.session = session, .correlation_data = correlation}, {}, topic.error());
  if (const auto* send = std::get_if<SendTopic>(&*topic)) return OnSend(session, *send, publication);
  if (const auto* request = std::get_if<RequestTopic>(&*topic))
    return OnRequest(session, *request, publication);
  if (const auto* room = std::get_if<RoomTopic>(&*topic)) {
    if (room->aspect == RoomTopic::Aspect::kCursor) return OnCursor(session, *room, publication);
    if (room->aspect == RoomTopic::Aspect::kSignals) return OnSignal(session, *room, publication);
  }
  OnDenied(session);
  return Verdict::kRefuse;
}

// The bridge answers requests, and tells of receipts and presence.
Gate::Verdict Gate::OnBridge(const Publication& publication) {
  if (IsBridgeTopic(publication.topic)) return Verdict::kPass;
  if (publication.topic != kBridgeReplyTopic) return Verdict::kRefuse;
  bridge_requests_.OnReply(publication.payload);
  return Verdict::kTaken;
}

Status Gate::CheckRate(const Session& session) {
  const uint32_t limit = view_.config().publishes_per_second;
  if (limiter_.Take(session.user, limit, RateLimiter::Clock::now())) return {};
  return Error{Code::RESOURCE_EXHAUSTED,
               "more than " + std::to_string(limit) + " messages and requests a second: send again later"};
}

void Gate::OnDenied(const Session& session) {
  Refuse({.session = session}, {}, {Code::PERMISSION_DENIED, "this topic is for the server to publish"});
}

Gate::Verdict Gate::OnSend(const Session& session, const SendTopic& topic, const Publication& publication) {
  const Attempt attempt{session, topic.encoding, topic.room, publication.correlation_data};
  const auto refuse = [&](const Error& why, std::string id) { return Refuse(attempt, std::move(id), why); };
  const size_t bytes_max = view_.config().max_draft_bytes;
  if (publication.payload.size() > bytes_max) {
    return refuse({Code::RESOURCE_EXHAUSTED, "a draft has at most " + std::to_string(bytes_max) + " bytes"},
                  BestKnownId(topic.id, Encoding::kText, {}));
  }
  if (Status rate = CheckRate(session); !rate) {
    return refuse(rate.error(), BestKnownId(topic.id, topic.encoding, publication.payload));
  }
  // One command for all drafts: what it holds allocated is used again.
  domain::Command& command = send_command_;
  commands_.Stamp(command, session.user, session.client);
  internal::v1::SendDraft& send = *command.mutable_send();
  v1::Draft& draft = *send.mutable_draft();
  if (Status decoded = DecodeDraft(topic.encoding, publication.payload, draft); !decoded) {
    return refuse(decoded.error(), BestKnownId(topic.id, topic.encoding, publication.payload));
  }
  if (Status checked = CheckDraft(topic.id, draft); !checked) return refuse(checked.error(), draft.id());
  const Result<RoomId> room = ParseRoomId(topic.room);
  if (!room) return refuse(room.error(), draft.id());
  if (Status sender = CheckSender(session, room->str()); !sender) return refuse(sender.error(), draft.id());
  if (publication.qos == 0) return SendLive(attempt, draft);

  command.mutable_origin()->set_encoding(static_cast<uint32_t>(topic.encoding));
  command.mutable_origin()->set_correlation_data(publication.correlation_data.data(),
                                                 publication.correlation_data.size());
  send.set_room(room->str());
  if (draft.id().empty()) {
    send.clear_body_hash();  // nothing to compare it with
  } else {
    send.set_body_hash(BodyHash(draft));
  }
  if (commands_.Append(command)) return Verdict::kTaken;
  ++closed_count_;
  return Verdict::kClose;
}

Gate::Verdict Gate::OnCursor(const Session& session, const RoomTopic& topic, const Publication& publication) {
  const Attempt attempt{session, topic.encoding, topic.room, publication.correlation_data};
  const auto refuse = [&](const Error& why) { return Refuse(attempt, {}, why); };
  if (publication.payload.size() > limits::kCursorBytesMax) {
    return refuse({Code::RESOURCE_EXHAUSTED,
                   "a cursor has at most " + std::to_string(limits::kCursorBytesMax) + " bytes"});
  }
  if (Status rate = CheckRate(session); !rate) return refuse(rate.error());
  v1::Cursor cursor;
  if (Status read = Cursors::Read(topic.encoding, publication.payload, cursor); !read) {
    return refuse(read.error());
  }
  const Result<RoomId> room = ParseRoomId(topic.room);
  if (!room) return refuse(room.error());
  if (Status member = CheckSender(session, room->str()); !member) return refuse(member.error());
  // Nothing that is stored has to be answered first: who is no member now is refused here.
  if (!domain::MayReceive(view_, room->str(), session.user)) {
    return refuse({Code::PERMISSION_DENIED, session.user + " is not a member of " + room->str()});
  }
  if (cursors_.Take({.session = session,
                     .room = room->str(),
                     .encoding = topic.encoding,
                     .correlation_data = publication.correlation_data},
                    cursor, Cursors::Clock::now())) {
    return Verdict::kTaken;
  }
  ++closed_count_;
  return Verdict::kClose;
}

// What can be said finally by the view: who never was a member, and rooms that do not exist.
Status Gate::CheckSender(const Session& session, std::string_view room) const {
  const auto denied = [&] {
    return Error{Code::PERMISSION_DENIED, session.user + " is not a member of " + std::string(room)};
  };
  if (IsDirect(room)) {
    if (!domain::IsDirectMember(room, session.user)) return denied();
    const DirectPair pair = DirectUsers(room);
    for (const std::string_view user : {pair.a, pair.b}) {
      if (view_.FindUser(user) == nullptr && view_.FindMembership(room, session.user) == nullptr) {
        return Error{Code::NOT_FOUND, "no user " + std::string(user)};
      }
    }
    return {};
  }
  if (view_.FindRoom(room) == nullptr) return Error{Code::NOT_FOUND, "no room " + std::string(room)};
  if (view_.FindMembership(room, session.user) == nullptr) return denied();
  return {};
}

Status Gate::CheckLiveSender(const Session& session, std::string_view room) const {
  if (Status sender = CheckSender(session, room); !sender) return sender;
  if (IsDirect(room)) {
    const DirectPair pair = DirectUsers(room);
    for (const std::string_view user : {pair.a, pair.b}) {
      if (view_.FindUser(user) == nullptr) return Error{Code::NOT_FOUND, "no user " + std::string(user)};
    }
    return {};
  }
  const domain::Membership* membership = view_.FindMembership(room, session.user);
  const domain::User& sender = *view_.FindUser(session.user);  // has a membership
  return domain::MaySend(view_.FindRoom(room)->record, sender.record, membership->role);
}

Gate::Verdict Gate::SendLive(const Attempt& attempt, const v1::Draft& draft) {
  const Session& session = attempt.session;
  const std::string room_name(attempt.room);
  if (Status may = CheckLiveSender(session, room_name); !may) return Refuse(attempt, draft.id(), may.error());
  v1::Event event;
  event.set_room(room_name);
  event.set_ts_ms(LogClock::WallMs());
  event.set_sender(session.user);
  event.set_client(session.client);
  event.set_id(draft.id());
  CopyBody(draft, event);
  delivery_.PublishLive(event);

  v1::Ack ack;
  ack.set_id(draft.id());
  ack.set_room(room_name);
  ack.set_ts_ms(event.ts_ms());
  ack.set_reason("QoS 0 is not stored; publish with QoS 1");
  delivery_.PublishAck(session.client, AnswerEncoding(attempt.encoding), ack, attempt.correlation_data);
  return Verdict::kTaken;
}

Gate::Verdict Gate::OnSignal(const Session& session, const RoomTopic& topic, const Publication& publication) {
  const Attempt attempt{session, topic.encoding, topic.room, publication.correlation_data};
  if (Status rate = CheckRate(session); !rate) return Refuse(attempt, {}, rate.error());
  const Result<RoomId> room = ParseRoomId(topic.room);
  if (!room) return Refuse(attempt, {}, room.error());
  if (Status may = CheckLiveSender(session, room->str()); !may) return Refuse(attempt, {}, may.error());
  const Signals::Incoming signal{session.user, session.client, room->str(), topic.encoding,
                                 publication.payload};
  if (Status taken = signals_.Take(signal, Signals::Clock::now()); !taken) {
    return Refuse(attempt, {}, taken.error());
  }
  return Verdict::kTaken;
}

Gate::Verdict Gate::OnRequest(const Session& session, const RequestTopic& topic,
                              const Publication& publication) {
  const auto refuse = [&](const Error& why) { return RefuseRequest(session, topic, publication, why); };
  if (publication.payload.size() > limits::kRequestBytesMax) {
    return refuse({Code::RESOURCE_EXHAUSTED, "a request has at most 65536 bytes"});
  }
  if (Status rate = CheckRate(session); !rate) return refuse(rate.error());
  const IncomingRequest request{.user = session.user,
                                .client = session.client,
                                .encoding = topic.encoding,
                                .payload = publication.payload,
                                .address = ReplyAddressOf(session, topic, publication)};
  if (member_requests_.Has(topic.method)) {
    member_requests_.OnRequest(topic.method, request);
    return Verdict::kTaken;
  }
  if (!BridgeRequests::Has(topic.method)) {
    return refuse({Code::UNIMPLEMENTED, "this version has no method " + Printable(topic.method, 64)});
  }
  if (Status sent = bridge_requests_.Forward(topic.method, request, BridgeRequests::Clock::now()); !sent) {
    return refuse(sent.error());
  }
  return Verdict::kTaken;
}

Gate::Verdict Gate::Refuse(const Attempt& attempt, std::string id, const Error& why) {
  ++refused_count_;
  v1::Ack ack;
  ack.set_id(std::move(id));
  ack.set_room(ParseRoomId(attempt.room) ? std::string(attempt.room) : std::string());
  ack.set_code(why.code);
  ack.set_reason(why.reason);
  delivery_.PublishAck(attempt.session.client, AnswerEncoding(attempt.encoding), ack,
                       attempt.correlation_data);
  return Verdict::kRefuse;
}

Gate::Verdict Gate::RefuseRequest(const Session& session, const RequestTopic& topic,
                                  const Publication& publication, const Error& why) {
  ++refused_count_;
  v1::Reply reply;
  const bool readable = publication.payload.size() <= limits::kRequestBytesMax;
  reply.set_request_id(readable ? BestKnownRequestId(topic.encoding, publication.payload) : "");
  reply.set_code(why.code);
  reply.set_reason(why.reason);
  delivery_.PublishReply(ReplyAddressOf(session, topic, publication),
                         topic.encoding == Encoding::kPb ? reply.SerializeAsString() : ToJson(reply));
  return Verdict::kTaken;
}

}  // namespace parley::plugin
