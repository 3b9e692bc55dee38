#include <iostream>

#include "client/api/client.h"
#include "client/cli/commands.h"
#include "client/cli/files.h"
#include "client/cli/login_options.h"
#include "client/cli/report.h"

namespace parley::client {
namespace {

// User and password of the command line, the credentials file or the environment; the password is asked for
// when nobody names it. The file that login writes is not looked at.
Result<Settings> Credentials(const LoginOptions& options, const CommandContext& context) {
  Result<Settings> environment = SettingsFromEnvironment(context.environment);
  if (!environment) return std::move(environment).error();
  Settings settings = options.global.settings;
  if (options.credentials) {
    Result<std::string> text = ReadSmallFile(*options.credentials);
    if (!text) return std::move(text).error();
    Result<Settings> file = ParseSettings(*text);
    if (!file) return std::move(file).error().Within(*options.credentials);
    settings = Merge(std::move(settings), *file);
  }
  settings = Merge(std::move(settings), *environment);
  if (!settings.user) return Error{Code::INVALID_ARGUMENT, "who? Give --user or --credentials"};
  if (settings.password_file) {
    Result<std::string> password = ReadPasswordFile(*settings.password_file);
    if (!password) return std::move(password).error();
    settings.password = *password;
    settings.password_file.reset();
  }
  if (!settings.password) {
    Result<std::string> password = AskPassword("Password of " + *settings.user + ": ");
    if (!password) return std::move(password).error();
    settings.password = *password;
  }
  return settings;
}

Status Verify(const Settings& settings, const LoginOptions& options, const CommandContext& context) {
  GlobalOptions complete = options.global;
  complete.settings = settings;
  complete.config.reset();
  // No file: only what was given counts.
  const Environment nothing = [](const std::string& name) {
    return name == "PARLEY_CONFIG" ? std::optional<std::string>("/dev/null") : std::nullopt;
  };
  Result<MqttOptions> connection = ResolveConnection(complete, nothing);
  if (!connection) return std::move(connection).error();
  ClientOptions client;
  client.mqtt = *connection;
  client.interrupted = &context.interrupted;
  Result<std::unique_ptr<Client>> connected = Client::Connect(client);
  if (!connected) return std::move(connected).error();
  return {};
}

}  // namespace

int RunLogin(const CommandContext& context) {
  Result<LoginOptions> options = ParseLoginOptions(context.words);
  if (!options) return UsageError("parley login", options.error());
  if (options->global.help) return ShowHelp(LoginHelp());
  const bool json = options->global.json;
  Result<Settings> settings = Credentials(*options, context);
  if (!settings) return Fail(settings.error(), json);
  if (Status verified = Verify(*settings, *options, context); !verified) {
    Fail(verified.error(), json);
    return ExitCode(verified.error(), context);
  }
  const std::string path = ConfigPath(options->global, context.environment);
  Result<std::string> text = PrintSettings(*settings);
  if (!text) return Fail(text.error(), json);
  if (Status written = WritePrivateFile(path, *text); !written) return Fail(written.error(), json);
  if (json) {
    PrintLine(R"({"code":"OK","reason":""})");
  } else {
    PrintLine("logged in as " + *settings->user + "; remembered in " + path);
  }
  return 0;
}

}  // namespace parley::client
