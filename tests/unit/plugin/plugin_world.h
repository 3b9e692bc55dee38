#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "broker-plugin/app/chat_plugin.h"
#include "broker-plugin/auth/credentials_file.h"
#include "tests/unit/plugin/fake_broker.h"
#include "tests/unit/plugin/temporary_folder.h"

namespace parley::plugin {

// The whole plugin, with its real log and store, under a broker that asks as Mosquitto 2.0.11 does.
class PluginWorld : public testing::Test {
 protected:
  using LoginVerdict = ChatPlugin::LoginVerdict;
  using AccessVerdict = ChatPlugin::AccessVerdict;
  using json = nlohmann::json;

  PluginWorld() {
    options_.data_folder = folder_ / "data";
    options_.journal_folder = options_.data_folder;
    options_.journal_bytes = uint64_t{8} << 20;
    options_.doorbell = false;
    options_.key_folder = folder_.path();
  }

  void Start() {
    broker_ = std::make_unique<FakeBroker>();
    broker_->may_receive = [this](FakeClient& client, const Delivered& message) {
      return plugin_->OnReceive(ViewOf(client), message.topic, message.payload) == AccessVerdict::kAllow;
    };
    broker_->on_disconnect = [this](FakeClient& client) { plugin_->OnDisconnect(&client); };
    Result<std::unique_ptr<ChatPlugin>> plugin = ChatPlugin::Start(options_, *broker_);
    ASSERT_TRUE(plugin) << plugin.error().reason;
    plugin_ = std::move(*plugin);
  }

  static ClientView ViewOf(const FakeClient& client) {
    return {.handle = &client,
            .client = client.id,
            .user = client.user,
            .v5 = client.v5,
            .clean = client.clean,
            .subscriptions = static_cast<int>(client.filters.size())};
  }

  // CONNECT. nullptr when it is refused. The older connection of the same id is told after the login.
  FakeClient* ConnectAs(FakeClient made, const std::string& password) {
    FakeClient* older = broker_->Find(made.id);
    FakeClient& client = broker_->Add(std::move(made));
    verdict_ = plugin_->OnLogin(ViewOf(client), password);
    for (int i = 0; verdict_ == LoginVerdict::kTryAgain && i < 100; ++i) {
      Until([&] {
        Pass();
        verdict_ = plugin_->OnLogin(ViewOf(client), password);
        return verdict_ != LoginVerdict::kTryAgain;
      });
    }
    if (verdict_ != LoginVerdict::kAccept) {
      broker_->Erase(client);
      return nullptr;
    }
    if (older != nullptr) {
      if (!client.clean) client.filters = older->filters;
      plugin_->OnDisconnect(older);
      broker_->Erase(*older);
    }
    return &client;
  }
  FakeClient* Connect(const std::string& user, const std::string& id, bool v5 = false) {
    return ConnectAs({.id = id, .user = user, .v5 = v5}, "pw-" + user);
  }
  FakeClient& Admin() {
    if (admin_ == nullptr || !admin_->connected) {
      const auto credentials = ReadCredentials(folder_ / "data/admin.credentials");
      admin_ =
          ConnectAs({.id = "admin-" + std::to_string(++numbers_), .user = "admin"}, (*credentials)->password);
    }
    return *admin_;
  }

  AccessVerdict Subscribe(FakeClient& client, const std::string& filter) {
    const AccessVerdict verdict = plugin_->OnSubscribe(ViewOf(client), filter);
    if (verdict == AccessVerdict::kAllow) client.filters.push_back(filter);
    return verdict;
  }
  // PUBLISH: the WRITE right, then MESSAGE. kRefuse when the right is denied.
  Gate::Verdict Publish(FakeClient& client, const std::string& topic, const std::string& payload,
                        uint8_t qos = 1) {
    if (plugin_->OnPublish(ViewOf(client), topic) != AccessVerdict::kAllow) return Gate::Verdict::kRefuse;
    return plugin_->OnMessage(ViewOf(client), {.topic = topic, .payload = payload, .qos = qos});
  }

  // One pass of the broker's loop.
  void Pass() {
    broker_->NextPass();
    plugin_->OnTick();
  }
  // Passes until it holds; a failure after 20 s.
  template <typename Condition>
  void Until(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "waited for too long";
      Pass();
      std::this_thread::yield();
    }
  }

  // The answers to a list of commands.
  json Control(FakeClient& client, const json& commands) {
    return ControlRaw(client, json{{"commands", commands}}.dump());
  }
  json ControlRaw(FakeClient& client, const std::string& payload) {
    const size_t before = client.On(kControlResponseTopic).size();
    plugin_->OnControl(ViewOf(client), kControlTopic, payload);
    Until([&] { return client.On(kControlResponseTopic).size() > before; });
    const std::vector<std::string> answers = client.On(kControlResponseTopic);
    return answers.size() > before ? json::parse(answers[before])["responses"] : json();
  }
  void MakeUsers(const std::vector<std::string>& users) {
    json commands = json::array();
    for (const std::string& user : users) {
      commands.push_back({{"command", "createUser"}, {"username", user}, {"password", "pw-" + user}});
    }
    for (const json& answer : Control(Admin(), commands)) ASSERT_FALSE(answer.contains("error")) << answer;
  }
  void MakeRoom(const std::string& room, const std::vector<std::string>& members) {
    json named = json::array();
    for (const std::string& user : members) named.push_back({{"user", user}});
    const json answers =
        Control(Admin(), json::array({{{"command", "createRoom"}, {"room", room}, {"members", named}}}));
    ASSERT_FALSE(answers[0].contains("error")) << answers;
  }

  TemporaryFolder folder_;
  PluginOptions options_;
  std::unique_ptr<FakeBroker> broker_;
  std::unique_ptr<ChatPlugin> plugin_;
  LoginVerdict verdict_ = LoginVerdict::kRefuse;
  FakeClient* admin_ = nullptr;
  int numbers_ = 0;
};

}  // namespace parley::plugin
