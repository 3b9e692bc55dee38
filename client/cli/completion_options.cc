#include "client/cli/completion_options.h"

#include "client/cli/global_options.h"

namespace parley::client {

namespace po = boost::program_options;

Result<CompletionOptions> ParseCompletionOptions(const std::vector<std::string>& words) {
  po::options_description own;
  Result<ParsedWords> parsed = ParseWords(words, own, {"shell"});
  if (!parsed) return std::move(parsed).error();
  return CompletionOptions{parsed->global, Text(parsed->own, "shell").value_or("")};
}

CommandHelp CompletionHelp() {
  return MakeHelp(
      "parley completion SHELL: prints the completion script of bash, zsh or fish.\n\n"
      "  source <(parley completion bash)\n"
      "  parley completion zsh > ~/.zsh/_parley\n"
      "  parley completion fish > ~/.config/fish/completions/parley.fish",
      {}, {{"bash", "bash", "for bash"}, {"zsh", "zsh", "for zsh"}, {"fish", "fish", "for fish"}});
}

CommandHelp ManualHelp() {
  return MakeHelp(
      "parley manual: prints the manual page.\n\n"
      "  parley manual | man -l -",
      {});
}

}  // namespace parley::client
