#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bridge/providers/apns.h"
#include "bridge/providers/fcm.h"
#include "bridge/providers/provider.h"
#include "schemas/result.h"

namespace parley::bridge {

// What the operator has given for push services. "": not given.
struct ProviderOptions {
  std::string vapid_key_path;  // made at the first start
  std::string vapid_subject{};
  FcmOptions fcm{};    // without account_file: none
  ApnsOptions apns{};  // without key_file: none
  std::string webhook_secret_path{};
};

struct PushProviders {
  std::vector<std::unique_ptr<PushProvider>> providers;
  std::string vapid_public_key;  // base64url
};

// One for each push service that is configured: Web Push always is. INVALID_ARGUMENT in one line for the
// operator: a file is not what it should be.
Result<PushProviders> MakeProviders(const ProviderOptions& options);

}  // namespace parley::bridge
