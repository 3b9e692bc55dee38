// Clients that do not log in with a password of Parley's: users whom it does not know, certificates, and
// passwords that were imported.

#include "broker-plugin/app/chat_plugin.h"
#include "broker-plugin/auth/password.h"
#include "schemas/json.h"

namespace parley::plugin {

// A client whose user Parley does not know, where others may decide.
bool ChatPlugin::IsDeferred(const ClientView& client) const {
  return options_.defer_unknown_users && view_.FindUser(client.user) == nullptr;
}

ChatPlugin::AccessVerdict ChatPlugin::OnStranger(const ClientView& client,
                                                 std::string_view topic_or_filter) const {
  if (!IsDeferred(client)) return AccessVerdict::kDeny;
  const bool ours = DecideUnknownUser(topic_or_filter).access != Access::kNotOurs;
  return ours || !options_.defer_other_topics ? AccessVerdict::kDeny : AccessVerdict::kDefer;
}

// The broker asks again for the WRITE right of a retained message when somebody subscribes, with nothing but
// the user and the client id that it came from. A client that calls itself `bridge` without a login has a
// certificate of that name.
bool ChatPlugin::IsRetainedOfBridge(const ClientView& client, std::string_view topic) const {
  return client.user == kBridgeUser && IsPresenceTopic(topic) && client.handle != unlearned_gone_ &&
         broker_.CertificateName(client.handle).empty();
}

// The broker asks for no login where a certificate's common name is the user name (use_identity_as_username):
// such a client is first seen by what it wants to do.
Session* ChatPlugin::LearnFromCertificate(const ClientView& client) {
  if (client.user.empty() || client.handle == unlearned_gone_ || IsDeferred(client)) return nullptr;
  if (broker_.CertificateName(client.handle) != client.user) return nullptr;
  const std::string id(client.client);
  const domain::User* user = view_.FindUser(client.user);
  const bool known = user != nullptr && !user->record.disabled() && client.user != kBridgeUser;
  // The broker has given it the client id already; whose it was before is known without asking the broker,
  // which would disconnect the very client that is being served.
  const Session* owner = sessions_.FindClient(id);
  const bool foreign = owner != nullptr && owner->user != client.user;
  if (known && ParseClientId(id) && !foreign) return &Admit(client);
  if (strangers_.insert(id).second) {
    broker_.Log(Broker::Level::kWarning, "client " + Printable(id, 128) + ", certificate of " +
                                             Printable(client.user, 64) +
                                             ": no such user, or not its client id");
  }
  return nullptr;
}

// The first good login with an imported hash: one of our own takes its place.
void ChatPlugin::Rehash(const domain::UserRecord& user, std::string_view password) {
  pool_.Submit([this, name = user.username(), old = user.password_hash(), secret = std::string(password)] {
    std::string hash = HashPassword(secret);
    std::string mac = memory_.Mac(name, hash, secret);
    return WorkerPool::Completion([this, name, old, hash = std::move(hash), mac = std::move(mac)] {
      if (hash.empty()) return;  // no memory: the next login tries again
      domain::Command command = commands_.New(name, "");
      command.mutable_rehash_password()->set_username(name);
      command.mutable_rehash_password()->set_old_hash(old);
      command.mutable_rehash_password()->set_password_hash(hash);
      command.mutable_rehash_password()->set_remembered_mac(mac);
      (void)commands_.Append(command);
    });
  });
}

}  // namespace parley::plugin
