// The admin commands about users.

#include <map>
#include <string>
#include <vector>

#include "broker-plugin/acl/access.h"
#include "broker-plugin/auth/imported_hash.h"
#include "broker-plugin/auth/password.h"
#include "broker-plugin/control/admin_call.h"
#include "broker-plugin/control/arguments.h"
#include "broker-plugin/control/control.h"
#include "broker-plugin/control/page.h"
#include "schemas/json.h"

namespace parley::plugin {
namespace {

using nlohmann::json;

// Derives the hash of a password on the pool, then appends what `build` makes of hash and remembered MAC.
using Build = std::function<void(domain::Command& command, std::string hash, std::string mac)>;
Outcome HashThenAppend(const AdminCall& call, const std::string& username, const std::string& password,
                       Build build) {
  return call.OnPool([call, username, password, build = std::move(build)] {
    std::string hash = HashPassword(password);
    std::string mac = call.parts().memory.Mac(username, hash, password);
    return AdminCall::Completion([call, build, hash = std::move(hash), mac = std::move(mac)]() -> Outcome {
      if (hash.empty()) return Error{Code::RESOURCE_EXHAUSTED, "no memory to hash a password"};
      domain::Command command = call.NewCommand();
      build(command, hash, mac);
      return call.Append(std::move(command));
    });
  });
}

Outcome CreateUser(const AdminCall& call) {
  const json& command = call.arguments();
  const Result<UserId> user = UserArgument(command, "username");
  if (!user) return user.error();
  Result<std::optional<std::string>> password = PasswordArgument(command);
  if (!password) return std::move(password).error();
  internal::v1::CreateUser create;
  create.set_username(user->str());
  const Result<std::string> kind = OptionalText(command, "kind", 16);
  if (!kind) return kind.error();
  create.set_kind(kind->empty() ? "person" : *kind);
  if (create.kind() != "person" && create.kind() != "device" && create.kind() != "bot" &&
      create.kind() != "service") {
    return Error{Code::INVALID_ARGUMENT, "kind: one of person, device, bot, service"};
  }
  const json roles = command.value("roles", json::array());
  if (!roles.is_array()) return Error{Code::INVALID_ARGUMENT, "roles: give a list of names"};
  for (const json& role : roles) {
    if (!role.is_string()) return Error{Code::INVALID_ARGUMENT, "roles: give a list of names"};
    create.add_roles(role.get<std::string>());
    if (call.parts().view.FindRole(create.roles(create.roles_size() - 1)) == nullptr) {
      return Error{Code::NOT_FOUND, "roles: no role " + Printable(role.get<std::string>(), 64)};
    }
  }
  if (call.parts().view.FindUser(user->str()) !=
      nullptr) {  // spares the derivation; apply() has the last word
    return Error{Code::ALREADY_EXISTS, "user " + user->str() + " exists"};
  }
  if (command.contains("passwordHash")) {  // of Mosquitto's password_file
    const Result<std::string> hash = RequiredText(command, "passwordHash");
    if (!hash) return hash.error();
    if (*password) return Error{Code::INVALID_ARGUMENT, "password, passwordHash: give one of them"};
    if (Status checked = CheckImportedHash(*hash); !checked) return checked.error();
    create.set_password_hash(*hash);
  }
  if (!*password) {
    domain::Command append = call.NewCommand();
    *append.mutable_create_user() = create;
    return call.Append(std::move(append));
  }
  return HashThenAppend(call, user->str(), **password,
                        [create](domain::Command& append, std::string hash, std::string mac) {
                          *append.mutable_create_user() = create;
                          append.mutable_create_user()->set_password_hash(std::move(hash));
                          append.mutable_create_user()->set_remembered_mac(std::move(mac));
                        });
}

Outcome SetUserPassword(const AdminCall& call) {
  const json& command = call.arguments();
  const Result<UserId> user = UserArgument(command, "username");
  if (!user) return user.error();
  Result<std::optional<std::string>> password = PasswordArgument(command);
  if (!password) return std::move(password).error();
  if (!*password) return Error{Code::INVALID_ARGUMENT, "password: give a string"};
  if (user->str() == kBridgeUser) {  // it reads its password from its file
    return Error{Code::FAILED_PRECONDITION, "the bridge's password is the server's own"};
  }
  if (call.parts().view.FindUser(user->str()) == nullptr)
    return Error{Code::NOT_FOUND, "no user " + user->str()};
  return HashThenAppend(call, user->str(), **password,
                        [name = user->str()](domain::Command& append, std::string hash, std::string mac) {
                          append.mutable_set_password()->set_username(name);
                          append.mutable_set_password()->set_password_hash(std::move(hash));
                          append.mutable_set_password()->set_remembered_mac(std::move(mac));
                        });
}

Outcome DeleteUser(const AdminCall& call) {
  const json& command = call.arguments();
  const Result<UserId> user = UserArgument(command, "username");
  if (!user) return user.error();
  if (user->str() == call.user()) return Error{Code::FAILED_PRECONDITION, "another admin must delete you"};
  if (user->str() == kBridgeUser) {
    return Error{Code::FAILED_PRECONDITION, user->str() + " is a service of this server and stays"};
  }
  domain::Command append = call.NewCommand();
  append.mutable_delete_user()->set_username(user->str());
  return call.Append(std::move(append));
}

Outcome SetDisabled(const AdminCall& call, bool disabled) {
  const Result<UserId> user = UserArgument(call.arguments(), "username");
  if (!user) return user.error();
  if (user->str() == call.user()) return Error{Code::FAILED_PRECONDITION, "another admin must disable you"};
  if (user->str() == kBridgeUser) {
    return Error{Code::FAILED_PRECONDITION, user->str() + " is a service of this server and stays"};
  }
  domain::Command append = call.NewCommand();
  append.mutable_set_user_disabled()->set_username(user->str());
  append.mutable_set_user_disabled()->set_disabled(disabled);
  return call.Append(std::move(append));
}
Outcome DisableUser(const AdminCall& call) {
  return SetDisabled(call, true);
}
Outcome EnableUser(const AdminCall& call) {
  return SetDisabled(call, false);
}

Outcome GetUser(const AdminCall& call) {
  const Result<UserId> name = UserArgument(call.arguments(), "username");
  if (!name) return name.error();
  const domain::Directory& view = call.parts().view;
  const domain::User* user = view.FindUser(name->str());
  if (user == nullptr) return Error{Code::NOT_FOUND, "no user " + name->str()};
  std::map<std::string, std::string> rooms;  // by name
  for (const domain::RoomSlot slot : user->rooms) {
    const std::string& room = view.At(slot).record.room();
    const domain::Role role = view.FindMembership(room, name->str())->role;
    if (role != v1::Member::UNSPECIFIED) rooms[room] = LowerName(role);
  }
  json memberships = json::array();
  for (const auto& [room, role] : rooms) {
    if (memberships.size() == kListPageMax) break;
    memberships.push_back({{"room", room}, {"role", role}});
  }
  json clients = json::array();
  for (const std::string& client : call.parts().sessions.ClientsOf(name->str())) {
    const Session* session = call.parts().sessions.FindClient(client);
    clients.push_back({{"client", client}, {"connected", session != nullptr && session->connected}});
  }
  return Outcome::Data(
      {{"user",
        {{"username", user->record.username()},
         {"kind", user->record.kind()},
         {"roles", std::vector<std::string>(user->record.roles().begin(), user->record.roles().end())},
         {"disabled", user->record.disabled()},
         {"displayName", user->record.display_name()},
         {"about", user->record.about()},
         {"hasPassword", !user->record.password_hash().empty()},
         {"roomCount", rooms.size()},
         {"rooms", std::move(memberships)},
         {"clients", std::move(clients)}}}});
}

Outcome ListUsers(const AdminCall& call) {
  return Page(call, call.parts().view.UsersByName(), "users", [](const domain::User& user) {
    return json{{"username", user.record.username()},
                {"kind", user.record.kind()},
                {"roles", std::vector<std::string>(user.record.roles().begin(), user.record.roles().end())},
                {"disabled", user.record.disabled()}};
  });
}

constexpr AdminCommand kCommands[] = {
    {"createUser", CreateUser},   {"setUserPassword", SetUserPassword}, {"deleteUser", DeleteUser},
    {"disableUser", DisableUser}, {"enableUser", EnableUser},           {"getUser", GetUser},
    {"listUsers", ListUsers},
};

}  // namespace

std::span<const AdminCommand> UserCommands() {
  return kCommands;
}

}  // namespace parley::plugin
