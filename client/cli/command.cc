#include "client/cli/command.h"

#include <algorithm>
#include <array>
#include <iostream>
#include <utility>

#include "client/cli/arguments.h"
#include "client/cli/bench_options.h"
#include "client/cli/chat_options.h"
#include "client/cli/commands.h"
#include "client/cli/completion_options.h"
#include "client/cli/doctor_options.h"
#include "client/cli/explain_options.h"
#include "client/cli/history_options.h"
#include "client/cli/inbox_options.h"
#include "client/cli/login_options.h"
#include "client/cli/presence_options.h"
#include "client/cli/pub_options.h"
#include "client/cli/report.h"
#include "client/cli/send_options.h"
#include "client/cli/sub_options.h"
#include "client/cli/tail_options.h"
#include "schemas/json.h"

namespace parley::client {
namespace {

constexpr std::array kCommands = {
    Command{"login", "check user and password and remember them", &RunLogin, &LoginHelp},
    Command{"chat", "talk in a room: see it live, send what you type", &RunChat, &ChatHelp},
    Command{"send", "send a message, or each line of stdin", &RunSend, &SendHelp},
    Command{"tail", "show messages as they come", &RunTail, &TailHelp},
    Command{"history", "show earlier messages of a room", &RunHistory, &HistoryHelp},
    Command{"inbox", "show what has changed for you", &RunInbox, &InboxHelp},
    Command{"rooms", "list, make, change, join and leave rooms", &RunRooms, &RoomsHelp},
    Command{"members", "who is in a room, and as what", &RunMembers, &MembersHelp},
    Command{"users", "profiles, and your own password", &RunUsers, &UsersHelp},
    Command{"presence", "who is online, and what you are", &RunPresence, &PresenceHelp},
    Command{"push", "which of your devices are told of messages", &RunPush, &PushHelp},
    Command{"explain", "what became of a message: its times, each device", &RunExplain, &ExplainHelp},
    Command{"pub", "publish to any topic", &RunPub, &PubHelp},
    Command{"sub", "show what is published to any topics", &RunSub, &SubHelp},
    Command{"access", "explain who may use a topic, and why (admins)", &RunAccess, &AccessHelp},
    Command{"admin", "make users, rooms, roles and more (admins)", &RunAdmin, &AdminHelp},
    Command{"bench", "measure throughput and latency", &RunBench, &BenchHelp},
    Command{"doctor", "check the server's configuration and data", &RunDoctor, &DoctorHelp},
    Command{"completion", "print the completion script of a shell", &RunCompletion, &CompletionHelp},
    Command{"manual", "print the manual page (roff)", &RunManual, &ManualHelp},
};

void PrintHelp() {
  std::cout << "parley: chat from the command line\n\n"
               "  parley COMMAND [options]      parley COMMAND --help\n\n";
  for (const Command& command : kCommands) {
    std::cout << "  " << command.name << std::string(12 - command.name.size(), ' ') << command.summary
              << '\n';
  }
  std::cout << "\n  parley login --user alice\n"
               "  parley send lobby 'hello, world'\n"
               "  parley chat lobby\n\n"
            << kSettingsHelp;
}

}  // namespace

std::span<const Command> Commands() {
  return kCommands;
}

int RunCommandLine(std::vector<std::string> words, const Environment& environment,
                   const std::atomic<bool>& interrupted) {
  Arguments arguments = TakeCommand(std::move(words), ValueOptions(GlobalOptionHelp()));
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
