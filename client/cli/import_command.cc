#include <algorithm>
#include <iostream>

#include "client/cli/commands.h"
#include "client/cli/files.h"
#include "client/cli/import_options.h"
#include "client/cli/import_plan.h"
#include "client/cli/open.h"
#include "client/cli/render_json.h"
#include "client/cli/report.h"

namespace parley::client {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kStepsPerList = 200;

Result<ImportPlan> ReadPlan(const ImportOptions& options) {
  ImportFiles files;
  for (const auto& [path, text] :
       {std::pair(&options.acl_file, &files.acl), std::pair(&options.password_file, &files.passwords)}) {
    if (!*path) continue;
    Result<std::string> read = ReadSmallFile(**path);
    if (!read) return std::move(read).error();
    *text = std::move(*read);
  }
  return PlanImport(files);
}

void PrintLeftOut(const ImportPlan& plan) {
  for (const std::string& line : plan.left_out) PrintLine("not carried over: " + line);
  PrintLine(
      "note: Mosquitto grants every SUBSCRIBE and filters what it delivers; Parley refuses a filter that is "
      "not "
      "covered by a rule");
}

// Prints what became of one step; false when it failed. What is there already is as good as done.
bool PrintOutcome(const ImportStep& step, const std::string& response, Code& code) {
  const Json answer = Json::parse(response, nullptr, /*allow_exceptions=*/false);
  const std::string error = answer.is_object() ? FieldText(answer, "error") : "no answer that can be read";
  if (error.empty()) {
    PrintLine("done: " + step.words);
    return true;
  }
  const Code failed = answer.is_object() ? CodeNamed(FieldText(answer, "code")) : Code::INTERNAL;
  if (failed == Code::ALREADY_EXISTS) {
    PrintLine("stays as it is: " + step.words + ": " + error);
    return true;
  }
  PrintLine("failed: " + step.words + ": " + error);
  code = failed;
  return false;
}

int Carry(Client& client, const ImportPlan& plan, bool json, const CommandContext& context) {
  Code code = Code::OK;
  for (size_t from = 0; from < plan.steps.size(); from += kStepsPerList) {
    const size_t to = std::min(from + kStepsPerList, plan.steps.size());
    std::vector<std::string> commands;
    for (size_t i = from; i < to; ++i) commands.push_back(plan.steps[i].command);
    Result<std::vector<std::string>> answers = client.Control(std::move(commands));
    if (!answers) return FailAs(answers.error(), json, context);
    for (size_t i = from; i < to; ++i) PrintOutcome(plan.steps[i], (*answers)[i - from], code);
  }
  return Describe(code).exit_code;
}

}  // namespace

int RunImport(const CommandContext& context) {
  const Result<ImportOptions> options = ParseImportOptions(context.words);
  if (!options) return UsageError("parley admin import", options.error());
  if (options->global.help) return ShowHelp(ImportHelp());
  const bool json = options->global.json;
  const Result<ImportPlan> plan = ReadPlan(*options);
  if (!plan) return FailAs(plan.error(), json, context);
  PrintLeftOut(*plan);
  if (options->dry_run) {
    for (const ImportStep& step : plan->steps) PrintLine("would: " + step.words);
    return 0;
  }
  ClientOptions client_options;
  client_options.admin = true;
  Result<std::unique_ptr<Client>> client = OpenClient(options->global, context, client_options);
  if (!client) return FailAs(client.error(), json, context);
  return Carry(**client, *plan, json, context);
}

}  // namespace parley::client
