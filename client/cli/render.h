#pragma once

#include <cstdint>
#include <string>

#include "parley/v1/request.pb.h"
#include "schemas/result.h"

namespace parley::client {

// What a person reads in the terminal. Everything that others wrote has its control sequences replaced. Pure,
// but for the time zone of the process. No trailing line break.

// 2026-11-25 00:31:02, in the local time zone; "-" for 0.
std::string RenderTime(uint64_t ts_ms);
// 2026-11-25 00:31:02 lobby #7 alice: hello
std::string RenderEvent(const v1::Event& event);
// lobby seq 7 fsynced [(duplicate)]; refused: lobby NOT_FOUND: reason
std::string RenderAck(const v1::Ack& ack);
// lobby group member head 7 unread 2 "Title"
std::string RenderRoom(const v1::RoomState& room);
std::string RenderReceipt(const v1::Receipt& receipt);
std::string RenderSignal(const v1::Signal& signal);
std::string RenderInboxItem(const v1::InboxItem& item);
// CODE: reason
std::string RenderError(const Error& error);
// {"code":"…","reason":"…"}
std::string ErrorJson(const Error& error);

// The JSON twin on one line.
std::string ToJsonLine(const google::protobuf::Message& message);

// What a draft's outcome is as an Ack: an Error becomes one with its code, room and id.
v1::Ack AckOf(const std::string& room, const std::string& id, const Result<v1::Ack>& outcome);

}  // namespace parley::client
