#pragma once

#include <string>
#include <string_view>

#include "client/cli/command.h"
#include "client/cli/help.h"
#include "schemas/result.h"

namespace parley::client {

inline constexpr int kExitUsage = 64;         // EX_USAGE
inline constexpr int kExitInterrupted = 130;  // 128 + SIGINT, as a shell reports it

// Each prints one line to stderr and returns the exit code.
int UsageError(std::string_view command, const Error& error);
// As a person reads it, or with `json` as {"code":…,"reason":…}.
int Fail(const Error& error, bool json);

// The exit code of what went wrong, or kExitInterrupted when that was the reason.
int ExitCode(const Error& error, const CommandContext& context);

// Prints what went wrong; its exit code, as above.
int FailAs(const Error& error, bool json, const CommandContext& context);

// Prints the help of a command; the exit code.
int ShowHelp(const CommandHelp& help);

// Writes one line to stdout at once. False when nobody reads it any more.
bool PrintLine(const std::string& line);

}  // namespace parley::client
