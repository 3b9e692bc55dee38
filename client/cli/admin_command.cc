#include <iostream>

#include <unistd.h>

#include "client/api/client.h"
#include "client/cli/admin_commands.h"
#include "client/cli/admin_options.h"
#include "client/cli/commands.h"
#include "client/cli/files.h"
#include "client/cli/import_options.h"
#include "client/cli/line_reader.h"
#include "client/cli/open.h"
#include "client/cli/progress.h"
#include "client/cli/report.h"
#include "schemas/limits.h"

namespace parley::client {
namespace {

// Commands of a batch that go to the server in one list.
constexpr size_t kBatchCommands = 500;
constexpr size_t kBatchBytes = size_t{512} * 1024;

// Prints an answer; its exit code.
int Print(const AdminAnswer& answer) {
  for (const std::string& line : answer.lines) PrintLine(line);
  return answer.status ? 0 : Describe(answer.status.error().code).exit_code;
}

// One command; a list is fetched page after page.
int RunOne(Client& client, const std::string& command, bool json, const CommandContext& context) {
  size_t seen = 0;
  Progress progress(Progress::Output::kGoesOn);
  while (true) {
    Result<std::vector<std::string>> answers =
        client.Control({seen == 0 ? command : ListCommand(command, seen)});
    if (!answers) {
      Fail(answers.error(), json);
      return ExitCode(answers.error(), context);
    }
    const AdminAnswer answer = ReadAnswer(answers->front(), json);
    const int exit_code = Print(answer);
    seen += answer.items;
    progress.Update(seen, answer.total, "items");
    if (exit_code != 0 || answer.items == 0 || seen >= answer.total) return exit_code;
  }
}

// Sends `commands` as one list; keeps the first exit code that is not 0 in `exit_code`. False when no answers
// came.
bool RunList(Client& client, std::vector<std::string>& commands, bool json, const CommandContext& context,
             int& exit_code) {
  if (commands.empty()) return true;
  Result<std::vector<std::string>> answers = client.Control(std::exchange(commands, {}));
  if (!answers) {
    Fail(answers.error(), json);
    if (exit_code == 0) exit_code = ExitCode(answers.error(), context);
    return false;
  }
  for (const std::string& response : *answers) {
    const int one = Print(ReadAnswer(response, json));
    if (exit_code == 0) exit_code = one;
  }
  return true;
}

int RunBatch(Client& client, bool json, const CommandContext& context) {
  LineReader reader(std::cin, parley::limits::kPacketBytesMax);
  std::vector<std::string> commands;
  size_t bytes = 0;
  uint64_t read = 0;
  int exit_code = 0;
  Progress progress(Progress::Output::kGoesOn);
  while (std::optional<std::string> line = reader.Next()) {
    if (line->find_first_not_of(" \t\r") == std::string::npos) continue;
    if (commands.size() >= kBatchCommands || bytes + line->size() > kBatchBytes) {
      if (!RunList(client, commands, json, context, exit_code)) return exit_code;
      bytes = 0;
      progress.Update(read, 0, "commands");
    }
    ++read;
    bytes += line->size();
    commands.push_back(std::move(*line));
  }
  if (context.interrupted) return kExitInterrupted;
  RunList(client, commands, json, context, exit_code);
  return exit_code;
}

// Takes the new user's password from where the options say.
Status FindPassword(AdminOptions& options) {
  if (!TakesPassword(options) || options.no_password || options.new_password) return {};
  if (!options.password_stdin && isatty(STDIN_FILENO) == 0) {
    const bool create = options.subcommand == "create-user";
    return Error{Code::INVALID_ARGUMENT, create ? "give --password-stdin, --new-password or --no-password"
                                                : "give --password-stdin or --new-password"};
  }
  Result<std::string> password = AskPassword("New password: ");
  if (!password) return std::move(password).error();
  options.new_password = *password;
  return {};
}

}  // namespace

CommandHelp AdminHelp() {
  return AdminHelpOf(AdminSubcommands());
}

int RunAdmin(const CommandContext& context) {
  if (IsImport(context.words)) return RunImport(context);
  Result<AdminOptions> options = ParseAdminOptions(context.words);
  if (!options) return UsageError("parley admin", options.error());
  if (options->global.help) return ShowHelp(AdminHelp());
  const bool json = options->global.json;
  const bool batch = options->subcommand == "batch";
  std::string command;
  if (!batch) {
    if (Result<std::string> checked = AdminCommand(*options); !checked) {
      return UsageError("parley admin", checked.error());
    }
    if (Status found = FindPassword(*options); !found) return UsageError("parley admin", found.error());
    command = AdminCommand(*options).value();
  }
  ClientOptions client_options;
  client_options.admin = true;
  Result<std::unique_ptr<Client>> client = OpenClient(options->global, context, client_options);
  if (!client) return FailAs(client.error(), json, context);
  return batch ? RunBatch(**client, json, context) : RunOne(**client, command, json, context);
}

}  // namespace parley::client
