#pragma once

#include <string_view>

#include "client/cli/command.h"

// What the table of commands names; each command is defined in its own {name}_command.cc.
namespace parley::client {

int RunLogin(const CommandContext& context);
int RunChat(const CommandContext& context);
int RunSend(const CommandContext& context);
int RunTail(const CommandContext& context);
int RunHistory(const CommandContext& context);
int RunInbox(const CommandContext& context);
int RunRooms(const CommandContext& context);
int RunMembers(const CommandContext& context);
int RunUsers(const CommandContext& context);
int RunPresence(const CommandContext& context);
int RunPush(const CommandContext& context);
int RunExplain(const CommandContext& context);
int RunPub(const CommandContext& context);
int RunSub(const CommandContext& context);
int RunAccess(const CommandContext& context);
int RunAdmin(const CommandContext& context);
int RunImport(const CommandContext& context);  // parley admin import
int RunBench(const CommandContext& context);
int RunDoctor(const CommandContext& context);
int RunCompletion(const CommandContext& context);
int RunManual(const CommandContext& context);

// The help of those that have no {name}_options.h.
CommandHelp RoomsHelp();
CommandHelp MembersHelp();
CommandHelp UsersHelp();
CommandHelp PushHelp();
CommandHelp AccessHelp();
CommandHelp AdminHelp();

// Where settings come from.
inline constexpr std::string_view kSettingsHelp =
    "Settings: command line, then PARLEY_HOST, PARLEY_PORT, PARLEY_USER, PARLEY_PASSWORD,\n"
    "PARLEY_PASSWORD_FILE, PARLEY_CLIENT_ID, PARLEY_TLS, PARLEY_CAFILE, PARLEY_CERT,\n"
    "PARLEY_KEY, then ~/.config/parley/config.\n";

}  // namespace parley::client
