#include "client/cli/report.h"

#include <iostream>

#include "client/cli/render.h"
#include "schemas/json.h"

namespace parley::client {

int UsageError(std::string_view command, const Error& error) {
  std::cerr << command << ": " << Printable(error.reason, 1'000) << '\n';
  return kExitUsage;
}

int Fail(const Error& error, bool json) {
  std::cerr << (json ? ErrorJson(error) : "parley: " + RenderError(error)) << '\n';
  return Describe(error.code).exit_code;
}

int ExitCode(const Error& error, const CommandContext& context) {
  return context.interrupted ? kExitInterrupted : Describe(error.code).exit_code;
}

int FailAs(const Error& error, bool json, const CommandContext& context) {
  Fail(error, json);
  return ExitCode(error, context);
}

int ShowHelp(const CommandHelp& help) {
  return PrintLine(help.text) ? 0 : 1;
}

bool PrintLine(const std::string& line) {
  std::cout << line << '\n' << std::flush;
  return static_cast<bool>(std::cout);
}

}  // namespace parley::client
