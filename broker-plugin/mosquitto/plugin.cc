// The entry points that Mosquitto loads. Every callback has one shape: a checked view of the C struct → one
// method of ChatPlugin → the verdict as a return code, inside one noexcept guard. No exception may reach the
// broker.

// clang-format off
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <mqtt_protocol.h>
// clang-format on

#include <map>
#include <memory>
#include <string>

#include <google/protobuf/stubs/logging.h>

#include "broker-plugin/app/chat_plugin.h"
#include "broker-plugin/mosquitto/listener_settings.h"
#include "broker-plugin/mosquitto/mosquitto_broker_adapter.h"
#include "schemas/topic.h"

namespace parley::plugin {
namespace {

// One plugin of one broker process.
struct Loaded {
  MosquittoBroker broker;
  std::unique_ptr<ChatPlugin> plugin;
};

// What a callback answers when something is thrown: deny where there is something to deny.
template <int kOnFailure, typename Callback>
int Guarded(void* userdata, Callback callback) noexcept {
  auto* loaded = static_cast<Loaded*>(userdata);
  try {
    return callback(*loaded->plugin);
  } catch (const std::exception& failure) {
    loaded->broker.Log(Broker::Level::kError, std::string("unexpected: ") + failure.what());
  } catch (...) {
    loaded->broker.Log(Broker::Level::kError, "unexpected failure");
  }
  return kOnFailure;
}

std::string_view View(const char* text) {
  return text == nullptr ? std::string_view() : std::string_view(text);
}

std::string_view View(const void* bytes, size_t size) {
  return bytes == nullptr ? std::string_view() : std::string_view(static_cast<const char*>(bytes), size);
}

ClientView ViewOf(const mosquitto* client) {
  return {.handle = client,
          .client = View(mosquitto_client_id(client)),
          .user = View(mosquitto_client_username(client)),
          .v5 = mosquitto_client_protocol_version(client) == 5,
          .clean = mosquitto_client_clean_session(client),
          .subscriptions = mosquitto_client_sub_count(client)};
}

int ReturnCode(ChatPlugin::AccessVerdict verdict) {
  switch (verdict) {
    case ChatPlugin::AccessVerdict::kAllow:
      return MOSQ_ERR_SUCCESS;
    case ChatPlugin::AccessVerdict::kDefer:
      return MOSQ_ERR_PLUGIN_DEFER;
    case ChatPlugin::AccessVerdict::kDeny:
      break;
  }
  return MOSQ_ERR_ACL_DENIED;
}

int OnReload(int, void*, void* userdata) {
  return Guarded<MOSQ_ERR_PLUGIN_DEFER>(userdata, [](ChatPlugin& plugin) {
    plugin.OnReload();
    return MOSQ_ERR_PLUGIN_DEFER;  // so that later plugins are asked, too
  });
}

int OnAcl(int, void* event_data, void* userdata) {
  return Guarded<MOSQ_ERR_ACL_DENIED>(userdata, [event_data](ChatPlugin& plugin) -> int {
    const auto& event = *static_cast<const mosquitto_evt_acl_check*>(event_data);
    // Asked for each copy of each message.
    if (event.access == MOSQ_ACL_READ) {
      const bool known = plugin.Knows(event.client);
      return ReturnCode(plugin.OnReceive(known ? ClientView{event.client, {}, {}} : ViewOf(event.client),
                                         View(event.topic), View(event.payload, event.payloadlen)));
    }
    const ClientView client = ViewOf(event.client);
    switch (event.access) {
      case MOSQ_ACL_SUBSCRIBE:
        return ReturnCode(plugin.OnSubscribe(client, View(event.topic), event.qos));
      case MOSQ_ACL_WRITE:
        return ReturnCode(plugin.OnPublish(client, View(event.topic)));
      case MOSQ_ACL_UNSUBSCRIBE:
        plugin.OnUnsubscribe(client, View(event.topic));
        return MOSQ_ERR_SUCCESS;
      default:
        return MOSQ_ERR_ACL_DENIED;
    }
  });
}

int OnBasicAuth(int, void* event_data, void* userdata) {
  return Guarded<MOSQ_ERR_AUTH>(userdata, [event_data](ChatPlugin& plugin) -> int {
    const auto& event = *static_cast<const mosquitto_evt_basic_auth*>(event_data);
    ClientView client = ViewOf(event.client);
    client.user = View(event.username);
    switch (plugin.OnLogin(client, View(event.password))) {
      case ChatPlugin::LoginVerdict::kAccept:
        return MOSQ_ERR_SUCCESS;
      case ChatPlugin::LoginVerdict::kTryAgain:
        return MOSQ_ERR_UNKNOWN;
      case ChatPlugin::LoginVerdict::kDefer:
        return MOSQ_ERR_PLUGIN_DEFER;
      case ChatPlugin::LoginVerdict::kRefuse:
        break;
    }
    return MOSQ_ERR_AUTH;
  });
}

// Properties of a message that the plugin answers to; copies, since the broker's list cannot be looked into.
struct Properties {
  std::string response_topic;
  std::string correlation_data;
};
Properties PropertiesOf(const mosquitto_property* list) {
  Properties properties;
  if (list == nullptr) return properties;
  char* topic = nullptr;
  if (mosquitto_property_read_string(list, MQTT_PROP_RESPONSE_TOPIC, &topic, false) != nullptr) {
    properties.response_topic = View(topic);
    mosquitto_free(topic);
  }
  void* data = nullptr;
  uint16_t size = 0;
  if (mosquitto_property_read_binary(list, MQTT_PROP_CORRELATION_DATA, &data, &size, false) != nullptr) {
    properties.correlation_data = View(data, size);
    mosquitto_free(data);
  }
  return properties;
}

int OnMessage(int, void* event_data, void* userdata) {
  return Guarded<MOSQ_ERR_UNKNOWN>(userdata, [event_data](ChatPlugin& plugin) -> int {
    auto& event = *static_cast<mosquitto_evt_message*>(event_data);
    const std::string_view topic = View(event.topic);
    const Properties properties = PropertiesOf(event.properties);
    const Gate::Verdict verdict =
        plugin.OnMessage(ViewOf(event.client), {.topic = topic,
                                                .payload = View(event.payload, event.payloadlen),
                                                .qos = event.qos,
                                                .response_topic = properties.response_topic,
                                                .correlation_data = properties.correlation_data});
    // On chat topics only the bridge's presence passes, and stays as it is.
    if (IsChat(topic) && verdict != Gate::Verdict::kPass) event.retain = false;
    switch (verdict) {
      case Gate::Verdict::kPass:
        return MOSQ_ERR_SUCCESS;
      case Gate::Verdict::kRefuse:
        return MOSQ_ERR_ACL_DENIED;
      case Gate::Verdict::kClose:
        return MOSQ_ERR_UNKNOWN;
      case Gate::Verdict::kTaken:
        break;
    }
    event.payload = nullptr;  // the broker frees the old one
    event.payloadlen = 0;
    return MOSQ_ERR_SUCCESS;
  });
}

int OnControl(int, void* event_data, void* userdata) {
  return Guarded<MOSQ_ERR_SUCCESS>(userdata, [event_data](ChatPlugin& plugin) {
    const auto& event = *static_cast<const mosquitto_evt_control*>(event_data);
    plugin.OnControl(ViewOf(event.client), View(event.topic), View(event.payload, event.payloadlen));
    return MOSQ_ERR_SUCCESS;  // anything else would disconnect the client
  });
}

int OnTick(int, void*, void* userdata) {
  return Guarded<MOSQ_ERR_SUCCESS>(userdata, [](ChatPlugin& plugin) {
    plugin.OnTick();
    return MOSQ_ERR_SUCCESS;
  });
}

int OnDisconnect(int, void* event_data, void* userdata) {
  return Guarded<MOSQ_ERR_SUCCESS>(userdata, [event_data](ChatPlugin& plugin) {
    plugin.OnDisconnect(static_cast<const mosquitto_evt_disconnect*>(event_data)->client);
    return MOSQ_ERR_SUCCESS;
  });
}

bool Register(mosquitto_plugin_id_t* id, Loaded* loaded) {
  const struct {
    int event;
    MOSQ_FUNC_generic_callback callback;
    const char* topic;
  } callbacks[] = {{MOSQ_EVT_RELOAD, OnReload, nullptr},
                   {MOSQ_EVT_ACL_CHECK, OnAcl, nullptr},
                   {MOSQ_EVT_BASIC_AUTH, OnBasicAuth, nullptr},
                   {MOSQ_EVT_MESSAGE, OnMessage, nullptr},
                   {MOSQ_EVT_CONTROL, OnControl, kControlTopic.data()},
                   {MOSQ_EVT_CONTROL, OnControl, kDoorbellTopic.data()},
                   {MOSQ_EVT_TICK, OnTick, nullptr},
                   {MOSQ_EVT_DISCONNECT, OnDisconnect, nullptr}};
  for (const auto& entry : callbacks) {
    if (mosquitto_callback_register(id, entry.event, entry.callback, entry.topic, loaded) !=
        MOSQ_ERR_SUCCESS) {
      return false;
    }
  }
  return true;
}

int Initialise(mosquitto_plugin_id_t* id, void** userdata, const mosquitto_opt* options, int option_count) {
  auto loaded = std::make_unique<Loaded>();
  const auto refuse = [&loaded](const std::string& reason) {
    loaded->broker.Log(Broker::Level::kError, "cannot start: " + reason);
    return MOSQ_ERR_INVAL;
  };
  google::protobuf::SetLogHandler(
      nullptr);  // untrusted payloads are answered, not written to the broker's stderr
  if (Status setting = CheckListenerSettings(); !setting) return refuse(setting.error().reason);
  std::map<std::string, std::string> given;
  for (int i = 0; i < option_count; ++i) given[options[i].key] = std::string(View(options[i].value));
  const Result<PluginOptions> parsed = ParsePluginOptions(given);
  if (!parsed) return refuse(parsed.error().reason);
  Result<std::unique_ptr<ChatPlugin>> plugin = ChatPlugin::Start(*parsed, loaded->broker);
  if (!plugin) return refuse(plugin.error().reason);
  loaded->plugin = std::move(*plugin);
  if (!Register(id, loaded.get()))
    return refuse("this broker does not offer the callbacks that Parley needs");
  *userdata = loaded.release();
  return MOSQ_ERR_SUCCESS;
}

}  // namespace
}  // namespace parley::plugin

#define PARLEY_EXPORT extern "C" __attribute__((visibility("default")))

PARLEY_EXPORT int mosquitto_plugin_version(int supported_version_count, const int* supported_versions) {
  for (int i = 0; i < supported_version_count; ++i) {
    if (supported_versions[i] == MOSQ_PLUGIN_VERSION) return MOSQ_PLUGIN_VERSION;
  }
  return -1;
}

PARLEY_EXPORT int mosquitto_plugin_init(mosquitto_plugin_id_t* identifier, void** userdata,
                                        mosquitto_opt* options, int option_count) {
  try {
    return parley::plugin::Initialise(identifier, userdata, options, option_count);
  } catch (const std::exception& failure) {
    mosquitto_log_printf(MOSQ_LOG_ERR, "parley: cannot start: %s", failure.what());
  } catch (...) {
    mosquitto_log_printf(MOSQ_LOG_ERR, "parley: cannot start");
  }
  return MOSQ_ERR_UNKNOWN;
}

PARLEY_EXPORT int mosquitto_plugin_cleanup(void* userdata, mosquitto_opt*, int) {
  delete static_cast<parley::plugin::Loaded*>(userdata);
  return MOSQ_ERR_SUCCESS;
}
