#include <iostream>

#include "client/cli/commands.h"
#include "client/cli/completion.h"
#include "client/cli/completion_options.h"
#include "client/cli/report.h"

namespace parley::client {
namespace {

std::vector<CommandPage> Pages() {
  std::vector<CommandPage> pages;
  for (const Command& command : Commands()) {
    pages.push_back({std::string(command.name), std::string(command.summary), command.help()});
  }
  return pages;
}

int Print(const std::string& text) {
  std::cout << text << std::flush;
  return std::cout ? 0 : 1;
}

}  // namespace

int RunCompletion(const CommandContext& context) {
  Result<CompletionOptions> options = ParseCompletionOptions(context.words);
  if (!options) return UsageError("parley completion", options.error());
  if (options->global.help) return ShowHelp(CompletionHelp());
  Result<std::string> script = CompletionScript(options->shell, Pages(), GlobalOptionHelp());
  if (!script) return UsageError("parley completion", script.error());
  return Print(*script);
}

int RunManual(const CommandContext& context) {
  Result<CompletionOptions> options = ParseCompletionOptions(context.words);
  if (!options) return UsageError("parley manual", options.error());
  if (options->global.help) return ShowHelp(ManualHelp());
  if (!options->shell.empty()) {
    return UsageError("parley manual", {Code::INVALID_ARGUMENT, "it takes no argument"});
  }
  return Print(ManualPage(Pages(), GlobalOptionHelp(), kSettingsHelp, PARLEY_VERSION));
}

}  // namespace parley::client
