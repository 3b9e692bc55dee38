#include "bridge/app/push_options.h"

#include <boost/program_options.hpp>

namespace parley::bridge {
namespace {

namespace po = boost::program_options;

constexpr int kConnectionsMax = 64;

bool StartsWith(const std::string& text, const std::string& beginning) {
  return text.size() > beginning.size() && text.compare(0, beginning.size(), beginning) == 0;
}

}  // namespace

ProviderOptions PushOptions::ForProviders(const std::string& vapid_key_path) const {
  return {.vapid_key_path = vapid_key_path,
          .vapid_subject = vapid_subject,
          .fcm = fcm,
          .apns = apns,
          .webhook_secret_path = webhook_secret};
}

void AddPushOptions(PushOptions& options, po::options_description& description) {
  // clang-format off
  description.add_options()
      ("push-vapid-subject", po::value(&options.vapid_subject), "whom a Web Push service can write to about this server, such as mailto:admin@example.org (Apple's wants one)")
      ("push-fcm-account", po::value(&options.fcm.account_file), "tell Android devices by the service account in this JSON file of Google's")
      ("push-fcm-url", po::value(&options.fcm.url), "FCM is here instead of at https://fcm.googleapis.com")
      ("push-apns-key", po::value(&options.apns.key_file), "tell Apple devices by the key in this file of Apple's (.p8); needs the next two")
      ("push-apns-key-id", po::value(&options.apns.key_id), "the key's id, 10 characters")
      ("push-apns-team", po::value(&options.apns.team), "the id of the team that the key belongs to, 10 characters")
      ("push-apns-topic", po::value(&options.apns.topic), "the bundle id of registrations that name none")
      ("push-apns-url", po::value(&options.apns.url), "APNs is here instead of at https://api.push.apple.com, such as https://api.sandbox.push.apple.com")
      ("push-webhook-secret", po::value(&options.webhook_secret), "a file with the secret that signs notifications to users' own HTTP endpoints, whsec_ and base64; without it there are none")
      ("push-connections", po::value(&options.connections)->default_value(options.connections), "connections to one server at once, of each push service");
  // clang-format on
}

Status CheckPushOptions(const PushOptions& options) {
  if (options.connections < 1 || options.connections > kConnectionsMax) {
    return Error{Code::INVALID_ARGUMENT, "--push-connections is 1 to " + std::to_string(kConnectionsMax)};
  }
  const ApnsOptions& apns = options.apns;
  if (apns.key_file.empty() != apns.key_id.empty() || apns.key_file.empty() != apns.team.empty()) {
    return Error{Code::INVALID_ARGUMENT,
                 "--push-apns-key, --push-apns-key-id and --push-apns-team: give all three, or none"};
  }
  const std::string& subject = options.vapid_subject;
  if (!subject.empty() && !StartsWith(subject, "mailto:") && !StartsWith(subject, "https://")) {
    return Error{Code::INVALID_ARGUMENT,
                 "--push-vapid-subject is a mailto: or an https: address, such as mailto:admin@example.org"};
  }
  return {};
}

}  // namespace parley::bridge
