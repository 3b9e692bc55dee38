#include "client/cli/completion.h"

#include <utility>

namespace parley::client {
namespace {

// An option's value that is a file: its name says so in every description.
bool TakesFile(const OptionHelp& option) {
  return option.value == "F" || option.value == "DIR";
}

std::string Join(const std::vector<std::string>& words, const char* between = " ") {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : between) + word;
  return text;
}

// The first words of a command's subcommands, each once: a family's members share theirs.
std::vector<SubcommandHelp> Subcommands(const CommandPage& command) {
  std::vector<SubcommandHelp> first;
  for (const SubcommandHelp& subcommand : command.help.subcommands) {
    if (first.empty() || first.back().name != subcommand.name) first.push_back(subcommand);
  }
  return first;
}

std::vector<std::string> OptionWords(const std::vector<OptionHelp>& options) {
  std::vector<std::string> words;
  words.reserve(options.size());
  for (const OptionHelp& option : options) words.push_back("--" + option.name);
  return words;
}

// '…' for a shell: what is inside means only itself.
std::string Quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

// "-n|--last" of those options that `wanted` takes.
template <typename Predicate>
std::string CasePattern(const std::vector<CommandPage>& commands, const std::vector<OptionHelp>& global,
                        Predicate wanted) {
  std::vector<std::string> words;
  const auto add = [&](const std::vector<OptionHelp>& options) {
    for (const OptionHelp& option : options) {
      if (!wanted(option)) continue;
      std::vector<std::string> names = {"--" + option.name};
      if (!option.letter.empty()) names.push_back("-" + option.letter);
      for (std::string& name : names) {
        bool known = false;
        for (const std::string& word : words) known = known || word == name;
        if (!known) words.push_back(std::move(name));
      }
    }
  };
  add(global);
  for (const CommandPage& command : commands) add(command.help.options);
  return Join(words, "|");
}

std::string Bash(const std::vector<CommandPage>& commands, const std::vector<OptionHelp>& global) {
  std::vector<std::string> names;
  names.reserve(commands.size());
  for (const CommandPage& command : commands) names.push_back(command.name);
  std::string script =
      "# bash completion for parley; made by: parley completion bash\n"
      "_parley() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n"
      "  local command= subcommand= word i\n"
      "  COMPREPLY=()\n"
      "  case $previous in\n"
      "    " +
      CasePattern(commands, global, TakesFile) +
      ")\n"
      "      COMPREPLY=($(compgen -f -- \"$current\")); return ;;\n"
      "    " +
      CasePattern(commands, global, [](const OptionHelp& o) { return !o.value.empty() && !TakesFile(o); }) +
      ")\n"
      "      return ;;\n"
      "  esac\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    word=${COMP_WORDS[i]}\n"
      "    case $word in\n"
      "      " +
      CasePattern(commands, global, [](const OptionHelp& o) { return !o.value.empty(); }) +
      ") ((i++)) ;;\n"
      "      -*) ;;\n"
      "      *) if [[ -z $command ]]; then command=$word; elif [[ -z $subcommand ]]; then subcommand=$word; "
      "fi ;;\n"
      "    esac\n"
      "  done\n"
      "  local words=\n"
      "  case $command in\n"
      "    '') words=" +
      Quoted(Join(names) + " help " + Join(OptionWords(global))) + " ;;\n";
  for (const CommandPage& command : commands) {
    std::vector<std::string> options = OptionWords(command.help.options);
    for (const std::string& option : OptionWords(global)) options.push_back(option);
    std::vector<std::string> subcommands;
    for (const SubcommandHelp& subcommand : Subcommands(command)) subcommands.push_back(subcommand.name);
    script += "    " + command.name + ") ";
    if (!subcommands.empty()) {
      script += "[[ -z $subcommand ]] && words=" + Quoted(Join(subcommands)) + "\n      ";
    }
    script += "[[ $current == -* ]] && words=" + Quoted(Join(options)) + " ;;\n";
  }
  return script +
         "  esac\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
         "}\n"
         "complete -o default -F _parley parley\n";
}

// One _arguments specification; ':' and '[' have a meaning in it.
std::string ZshOption(const OptionHelp& option) {
  std::string text;
  for (const char c : option.text)
    text += c == '[' || c == ']' || c == ':' ? std::string("\\") + c : std::string(1, c);
  std::string spec = "--" + option.name + (option.value.empty() ? "" : "=") + "[" + text + "]";
  if (!option.value.empty()) spec += ":" + option.value + ":" + (TakesFile(option) ? "_files" : " ");
  return Quoted(spec);
}

std::string ZshItem(const std::string& name, const std::string& text) {
  return Quoted(name + ":" + text);
}

std::string Zsh(const std::vector<CommandPage>& commands, const std::vector<OptionHelp>& global) {
  std::string script =
      "#compdef parley\n"
      "# zsh completion for parley; made by: parley completion zsh\n"
      "_parley() {\n"
      "  local -a commands global subcommands\n"
      "  commands=(\n";
  for (const CommandPage& command : commands)
    script += "    " + ZshItem(command.name, command.summary) + "\n";
  script += "  )\n  global=(\n";
  for (const OptionHelp& option : global) script += "    " + ZshOption(option) + "\n";
  script +=
      "  )\n"
      "  local context state line\n"
      "  _arguments -C $global '1:command:->command' '*::argument:->argument'\n"
      "  case $state in\n"
      "    command) _describe command commands ;;\n"
      "    argument)\n"
      "      case $words[1] in\n";
  for (const CommandPage& command : commands) {
    script += "        " + command.name + ")\n";
    script += "          subcommands=(";
    for (const SubcommandHelp& subcommand : Subcommands(command)) {
      script += "\n            " + ZshItem(subcommand.name, subcommand.summary);
    }
    script += ")\n          _arguments $global";
    for (const OptionHelp& option : command.help.options) script += " \\\n            " + ZshOption(option);
    script += command.help.subcommands.empty() ? " '*:file:_files'"
                                               : " '1:subcommand:{_describe subcommand subcommands}' '*: :'";
    script += " ;;\n";
  }
  return script + "      esac ;;\n  esac\n}\n_parley \"$@\"\n";
}

std::string FishOption(const OptionHelp& option) {
  std::string line = " -l " + option.name;
  if (!option.letter.empty()) line += " -s " + option.letter;
  if (!option.value.empty()) line += TakesFile(option) ? " -r" : " -x";
  return line + " -d " + Quoted(option.text);
}

std::string Fish(const std::vector<CommandPage>& commands, const std::vector<OptionHelp>& global) {
  std::string script = "# fish completion for parley; made by: parley completion fish\n";
  for (const OptionHelp& option : global) script += "complete -c parley" + FishOption(option) + "\n";
  for (const CommandPage& command : commands) {
    script += "complete -c parley -n __fish_use_subcommand -a " + command.name + " -d " +
              Quoted(command.summary) + "\n";
    const std::string seen = "'__fish_seen_subcommand_from " + command.name + "'";
    for (const SubcommandHelp& subcommand : Subcommands(command)) {
      script += "complete -c parley -f -n " + seen + " -a " + subcommand.name + " -d " +
                Quoted(subcommand.summary) + "\n";
    }
    for (const OptionHelp& option : command.help.options) {
      script += "complete -c parley -n " + seen + FishOption(option) + "\n";
    }
  }
  return script;
}

}  // namespace

Result<std::string> CompletionScript(std::string_view shell, const std::vector<CommandPage>& commands,
                                     const std::vector<OptionHelp>& global) {
  if (shell == "bash") return Bash(commands, global);
  if (shell == "zsh") return Zsh(commands, global);
  if (shell == "fish") return Fish(commands, global);
  return Error{Code::INVALID_ARGUMENT, "which shell? bash, zsh or fish"};
}

}  // namespace parley::client
