#pragma once

#include <memory>
#include <string>

#include "bridge/providers/provider.h"
#include "schemas/result.h"

namespace parley::bridge {

struct ApnsOptions {
  std::string key_file;  // of a key of the Apple developer account, as it was downloaded (.p8)
  std::string key_id;
  std::string team;
  std::string topic;  // of registrations that name none: the app's bundle id; ""
  std::string url;    // instead of https://api.push.apple.com; ""
};

// The Apple Push Notification service over HTTP/2, by provider tokens that the key signs.
// INVALID_ARGUMENT, NOT_FOUND, PERMISSION_DENIED: the file or an option, in one line.
Result<std::unique_ptr<PushProvider>> MakeApns(const ApnsOptions& options);

}  // namespace parley::bridge
