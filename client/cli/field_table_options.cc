#include "client/cli/field_table_options.h"

#include <algorithm>
#include <array>

namespace parley::client {
namespace {

namespace po = boost::program_options;

struct Row {
  const char* name;
  const char* value;  // null: a switch
  const char* text;
};

constexpr std::array kRows = {
    Row{"role", "R", "the user's role; may be repeated"},
    Row{"kind", "K", "of a user: person, device, bot, service; of a room: group, public, channel, device"},
    Row{"title", "T", "the room's title"},
    Row{"history", "H", "what a new member sees: all or since_join"},
    Row{"retention-days", "N", "days that messages are kept; 0: for ever"},
    Row{"max-message-bytes", "N", "the largest message of the room"},
    Row{"member", "U[:R]", "a first member and role (member); may be repeated"},
    Row{"deny", nullptr, "the rule denies (else it allows)"},
    Row{"priority", "N", "a rule of a higher priority decides first (0)"},
    Row{"content-type", "T", "what the devices send, such as application/json"},
    Row{"client", "ID", "one client id instead of a user"},
    Row{"access", "A", "publish, subscribe or receive (publish)"},
    Row{"display-name", "N", "your name, as others see it"},
    Row{"about", "T", "a line about you"},
    Row{"web-push", "F", "a browser's PushSubscription as JSON (also UnifiedPush); - is stdin"},
    Row{"fcm", "TOKEN", "a registration of Firebase Cloud Messaging"},
    Row{"apns", "TOKEN", "a device of Apple's push service, hexadecimal"},
    Row{"apns-topic", "T", "the app's bundle id (the server's)"},
    Row{"webhook", "URL", "an endpoint of your own"},
    Row{"device", "D", "the device's id (your client id, if you have a fixed one)"},
    Row{"name", "N", "what people call the device"},
    Row{"level", "L", "what it is told of: all, mentions or none (all)"},
    Row{"preview", "P", "what a notification says: shown or hidden (shown)"},
    Row{"quiet", "HH:MM-HH:MM", "not then: what comes waits until the end"},
    Row{"time-zone", "Z", "of --quiet, such as Europe/Berlin"},
    Row{"room", "R", "this room only"},
    Row{"for", "DURATION", "so long: 30m, 2h, 7d (until you unmute)"},
    Row{"until", "TIME", "until 2026-11-25 08:30 (or with T; Z: UTC)"},
    Row{"event", "KIND", "a kind of event, such as text; may be repeated (all)"},
    Row{"url", "URL", "another address"},
    Row{"new-secret", nullptr, "draw another secret, and show it once"},
    Row{"disable", nullptr, "send nothing more"},
    Row{"enable", nullptr, "send again"},
};

}  // namespace

void AddFieldOptions(const std::vector<std::string>& names, po::options_description& own) {
  for (const std::string& name : names) {
    const auto* const row =
        std::find_if(kRows.begin(), kRows.end(), [&](const Row& r) { return r.name == name; });
    if (row == kRows.end()) continue;
    if (row->value == nullptr) {
      own.add_options()(row->name, po::bool_switch(), row->text);
    } else {
      own.add_options()(row->name, po::value<std::vector<std::string>>()->value_name(row->value), row->text);
    }
  }
}

OptionValues GivenFieldOptions(const std::vector<std::string>& names, const po::variables_map& values) {
  OptionValues given;
  for (const std::string& name : names) {
    if (values.count(name) == 0) continue;
    const po::variable_value& value = values[name];
    if (value.value().type() == typeid(bool)) {
      if (value.as<bool>()) given[name] = {};
    } else {
      given[name] = value.as<std::vector<std::string>>();
    }
  }
  return given;
}

}  // namespace parley::client
