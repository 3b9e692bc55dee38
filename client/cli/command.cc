#include "client/cli/command.h"

#include <array>
#include <iostream>
#include <utility>

#include "client/cli/arguments.h"
#include "client/cli/report.h"
#include "schemas/json.h"

namespace parley::client {
namespace {

constexpr std::array kCommands = {
    Command{"login", "check user and password and remember them", &RunLogin},
    Command{"send", "send a message, or each line of stdin", &RunSend},
    Command{"tail", "show messages as they come", &RunTail},
    Command{"history", "show earlier messages of a room", &RunHistory},
    Command{"rooms", "list your rooms", &RunRooms},
    Command{"admin", "make users and rooms (admins)", &RunAdmin},
};

constexpr std::array<std::string_view, 9> kValueOptions = {
    "--host",     "--port", "--user", "-u", "--password", "--config", "--password-file", "--connect-timeout",
    "--client-id"};

void PrintHelp() {
  std::cout << "parley: chat from the command line\n\n"
               "  parley COMMAND [options]      parley COMMAND --help\n\n";
  for (const Command& command : kCommands) {
    std::cout << "  " << command.name << std::string(10 - command.name.size(), ' ') << command.summary
              << '\n';
  }
  std::cout << "\n  parley login --user alice\n"
               "  parley send lobby 'hello, world'\n"
               "  parley tail lobby -n 10\n\n"
               "Settings: command line, then PARLEY_HOST, PARLEY_PORT, PARLEY_USER, PARLEY_PASSWORD,\n"
               "PARLEY_PASSWORD_FILE, PARLEY_CLIENT_ID, then ~/.config/parley/config.\n";
}

}  // namespace

int RunCommandLine(std::vector<std::string> words, const Environment& environment,
                   const std::atomic<bool>& interrupted) {
  Arguments arguments = TakeCommand(std::move(words), kValueOptions);
  if (arguments.command.empty()) {
    for (const std::string& word : arguments.words) {
      if (word != "--help" && word != "-h") continue;
      PrintHelp();
      return 0;
    }
    return UsageError("parley", {Code::INVALID_ARGUMENT, "which command? See parley --help"});
  }
  if (arguments.command == "help") {
    PrintHelp();
    return 0;
  }
  for (const Command& command : kCommands) {
    if (command.name != arguments.command) continue;
    return command.run(CommandContext{std::move(arguments.words), environment, interrupted});
  }
  const std::string shown = Printable(arguments.command, 64);
  return UsageError("parley", {Code::INVALID_ARGUMENT, "no such command: " + shown + ". See parley --help"});
}

}  // namespace parley::client
