#pragma once

#include <string>

#include <boost/program_options/options_description.hpp>

#include "bridge/providers/providers.h"
#include "schemas/result.h"

namespace parley::bridge {

// Of the command line. "": not given.
struct PushOptions {
  std::string vapid_subject{};
  FcmOptions fcm{};
  ApnsOptions apns{};
  std::string webhook_secret{};  // a file
  int connections = 4;           // to one server, of each push service

  ProviderOptions ForProviders(const std::string& vapid_key_path) const;
};

void AddPushOptions(PushOptions& options, boost::program_options::options_description& description);

// INVALID_ARGUMENT in one line.
Status CheckPushOptions(const PushOptions& options);

}  // namespace parley::bridge
