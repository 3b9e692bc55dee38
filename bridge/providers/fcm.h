#pragma once

#include <memory>
#include <string>

#include "bridge/providers/provider.h"
#include "schemas/result.h"

namespace parley::bridge {

struct FcmOptions {
  std::string account_file;  // a service account of Google, as JSON
  std::string url;           // instead of https://fcm.googleapis.com; ""
};

// Firebase Cloud Messaging by its HTTP v1 API: signs in by OAuth with the account's key (RFC 7523), then
// sends each notification as one message. INVALID_ARGUMENT, NOT_FOUND, PERMISSION_DENIED: the file, in one
// line.
Result<std::unique_ptr<PushProvider>> MakeFcm(const FcmOptions& options);

}  // namespace parley::bridge
