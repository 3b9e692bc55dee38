#include <string>
#include <string_view>
#include <vector>

#include "client/cli/completion.h"

namespace parley::client {
namespace {

// Text in which roff sees no request and no escape.
std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\\') {
      escaped += "\\e";
    } else if (c == '-') {
      escaped += "\\-";
    } else if (c == '\'') {
      escaped += "\\(aq";
    } else if (c == '^') {
      escaped += "\\(ha";
    } else if (c == '~') {
      escaped += "\\(ti";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

// A line of text: a leading '.' is no request.
std::string Line(std::string_view text) {
  return (!text.empty() && text[0] == '.' ? "\\&" : "") + Escaped(text) + "\n";
}

// What stands above the options: lines that are indented stay as they are.
std::string Prose(std::string_view text) {
  std::string roff;
  bool literal = false;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const bool indented = line.size() > 2 && line.substr(0, 2) == "  ";
    if (indented != literal && !(line.empty() && literal)) {
      roff += literal ? ".EE\n.RE\n" : ".PP\n.RS 4\n.EX\n";
      literal = indented;
      if (!indented && !line.empty()) roff += ".PP\n";
    }
    if (line.empty()) continue;
    roff += Line(indented ? line.substr(2) : line);
  }
  return literal ? roff + ".EE\n.RE\n" : roff;
}

std::string Option(const OptionHelp& option) {
  std::string roff = ".TP\n";
  if (!option.letter.empty()) roff += "\\fB\\-" + option.letter + "\\fR, ";
  roff += "\\fB\\-\\-" + Escaped(option.name) + "\\fR";
  if (!option.value.empty()) roff += " \\fI" + Escaped(option.value) + "\\fR";
  return roff + "\n" + Line(option.text);
}

}  // namespace

std::string ManualPage(const std::vector<CommandPage>& commands, const std::vector<OptionHelp>& global,
                       std::string_view settings, std::string_view version) {
  std::string page =
      ".\\\" Made by: parley manual\n.TH PARLEY 1 \"\" \"parley " + std::string(version) +
      "\" \"User Commands\"\n"
      ".SH NAME\nparley \\- chat from the command line\n"
      ".SH SYNOPSIS\n.B parley\n.I COMMAND\n[options]\n"
      ".SH DESCRIPTION\n"
      "The command\\-line client of Parley, a chat platform on a Mosquitto broker, and the tool of its\n"
      "administrators.\n.SH COMMANDS\n";
  for (const CommandPage& command : commands) {
    page += ".SS " + Escaped(command.name) + "\n" + Prose(command.help.usage);
    for (const SubcommandHelp& subcommand : command.help.subcommands) {
      page += ".TP\n\\fB" + Escaped(subcommand.usage) + "\\fR\n" + Line(subcommand.summary);
    }
    for (const OptionHelp& option : command.help.options) page += Option(option);
  }
  page += ".SH OPTIONS\nThose that every command takes.\n";
  for (const OptionHelp& option : global) page += Option(option);
  page += ".SH ENVIRONMENT\n" + Prose(settings);
  page +=
      ".SH FILES\n.TP\n.I \\(ti/.config/parley/config\nSettings, a key=value line each; login writes them, "
      "mode 0600.\n"
      ".TP\n.I \\(ti/.local/state/parley/\nWhere tail and chat with \\-\\-resume ended.\n"
      ".SH EXIT STATUS\n"
      "0: done. 64: the command line is wrong. 65: an invalid argument. 66: not found. 67: wrong user or "
      "password.\n"
      "69: not available. 73: exists already. 77: not permitted. 130: interrupted.\n"
      ".SH SEE ALSO\n.BR mosquitto (8),\n.BR mosquitto.conf (5)\n";
  return page;
}

}  // namespace parley::client
