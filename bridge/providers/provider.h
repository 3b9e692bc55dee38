#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "bridge/outbound/http_client.h"
#include "parley/internal/v1/state.pb.h"
#include "parley/v1/push.pb.h"
#include "parley/v1/room.pb.h"
#include "schemas/names.h"
#include "schemas/result.h"

namespace parley::bridge {

using PushTargetDevice = internal::v1::PushRecord::Device;

// What a device is told, whatever carries it. The JSON that Web Push and webhooks carry: docs/push.md.
struct PushNotification {
  enum class Kind { kMessage, kWithdraw, kTest };
  Kind kind = Kind::kMessage;
  std::string id;    // of this notification: the same for every attempt
  std::string user;  // whose device it is
  std::string device;
  std::string room;  // with kWithdraw: whose notification is taken back
  std::string room_title;
  v1::Room::Kind room_kind = v1::Room::UNSPECIFIED;
  uint64_t seq = 0;
  uint64_t ts_ms = 0;
  std::string sender;
  std::string sender_name;
  std::string text;        // what is shown of the message, shortened; "": hidden
  bool mention = false;    // of this user
  bool urgent = false;     // a direct message or a mention
  uint64_t badge = 0;      // unread messages of the user, all rooms
  uint64_t unread = 0;     // of this room
  std::string collapse;    // the room's: a newer notification replaces an older one; [A-Za-z0-9_-]{1,32}
  int64_t expires_ms = 0;  // wall clock
};

// What an answer means.
struct PushVerdict {
  enum class Kind {
    kAccepted,
    kRetry,     // not taken, try again; after `retry_after_ms` if that is given
    kSignIn,    // our credentials have expired: sign in again, then send it again
    kDead,      // the registration is no more
    kRefused,   // this one will never be taken
    kBlocked,   // the provider takes nothing from us as we are configured: all wait, an operator must act
    kNoAnswer,  // perhaps it was taken
  };
  Kind kind = Kind::kAccepted;
  std::optional<int64_t> retry_after_ms{};
  std::string detail{};  // one line, for people
};

// How one kind of push service is spoken to: makes requests, understands answers; sends nothing itself.
// Called by one thread at a time.
class PushProvider {
 public:
  virtual ~PushProvider() = default;

  virtual v1::Push::Provider kind() const = 0;
  // Can take a notification back that was shown.
  virtual bool can_withdraw() const = 0;

  // A sign-in that must be answered before Build(), if there is one to be made now.
  virtual std::optional<HttpRequest> SignIn(int64_t wall_ms) = 0;
  virtual PushVerdict TakeSignIn(const HttpAnswer& answer, int64_t wall_ms) = 0;

  // INVALID_ARGUMENT: this registration or this notification can never be sent.
  virtual Result<HttpRequest> Build(const PushNotification& notification, const PushTargetDevice& device,
                                    int64_t wall_ms) = 0;
  virtual PushVerdict Judge(const HttpAnswer& answer, int64_t wall_ms) = 0;
};

}  // namespace parley::bridge
