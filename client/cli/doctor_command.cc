#include <filesystem>

#include "client/cli/broker_configuration.h"
#include "client/cli/commands.h"
#include "client/cli/configuration_checks.h"
#include "client/cli/doctor_options.h"
#include "client/cli/render_json.h"
#include "client/cli/report.h"
#include "client/cli/server_checks.h"
#include "client/cli/server_facts.h"
#include "schemas/json.h"

namespace parley::client {
namespace {

constexpr int kExitProblem = 1;
// What the broker runs as when it is started as root and the configuration says nothing.
constexpr const char* kStandardUser = "mosquitto";

const char* LevelName(Finding::Level level) {
  switch (level) {
    case Finding::Level::kOk:
      return "ok";
    case Finding::Level::kWarning:
      return "warning";
    case Finding::Level::kProblem:
      break;
  }
  return "problem";
}

void CheckData(const std::string& data, const std::string& journal_folder, const std::string& owner,
               Findings& findings) {
  findings.push_back(CheckPath(LookAtPath(data), false, owner));
  findings.push_back(CheckPath(LookAtPath(data + "/store"), false, owner));
  for (const char* name : {"/admin.credentials", "/bridge.credentials"}) {
    findings.push_back(CheckPath(LookAtPath(data + name), true, owner));
  }
  findings.push_back(CheckPath(LookAtPath(journal_folder + "/journal"), true, owner));
  // The files of the store, by the first that is not as it should be.
  std::error_code error;
  size_t files = 0;
  bool well = true;
  for (const auto& entry : std::filesystem::directory_iterator(data + "/store", error)) {
    ++files;
    const Finding finding = CheckPath(LookAtPath(entry.path()), true, owner);
    if (finding.level != Finding::Level::kOk) {
      findings.push_back(finding);
      well = false;
      break;
    }
  }
  if (well && files > 0) {
    findings.push_back(
        {Finding::Level::kOk, data + "/store/*", std::to_string(files) + " files, for their owner only"});
  }
  findings.push_back(CheckDisk("data", data, LookAtDisk(data), false));
  findings.push_back(CheckDisk("journal", journal_folder, LookAtDisk(journal_folder), true));
}

// Every address that a listener of all addresses answers at is as good as another.
std::string AddressOf(const Listener& listener) {
  const bool any = listener.address.empty() || listener.address == "0.0.0.0" || listener.address == "::";
  return any ? "127.0.0.1" : listener.address;
}

void CheckRunning(const BrokerConfiguration* configuration, const DoctorOptions& options,
                  Findings& findings) {
  if (configuration != nullptr) {
    for (const Listener& listener : configuration->listeners()) {
      if (listener.port == 0) continue;
      const std::string address = AddressOf(listener);
      findings.push_back(CheckListenerAnswers(address, listener.port, Answers(address, listener.port)));
    }
  }
  const std::string address = "127.0.0.1";
  findings.push_back(
      CheckBridge(address, options.http_port, HttpStatus(address, options.http_port, "/ready")));
}

// A broker that is not started as root runs as whoever starts it.
std::string BrokerUser(const BrokerConfiguration& configuration, const std::string& data) {
  std::string user = configuration.Value("user", "");
  if (!user.empty()) return user;
  PathFacts facts = LookAtPath(data);
  return facts.exists ? facts.owner : kStandardUser;
}

Findings Examine(const DoctorOptions& options) {
  Findings findings;
  Result<BrokerConfiguration> configuration = ReadConfiguration(options.configuration);
  std::optional<std::string> data = options.data;
  std::string journal;
  std::string owner;
  if (!configuration) {
    findings.push_back({Finding::Level::kProblem, "configuration",
                        configuration.error().reason + ": name the broker's configuration with --config"});
  } else {
    findings = CheckConfiguration(*configuration);
    if (const PluginLine* parley = configuration->Parley())
      findings.push_back(CheckPlugin(LookAtPlugin(parley->path)));
    if (!data) data = configuration->Option("parley_data");
    journal = configuration->Option("parley_journal").value_or("");
    if (data) owner = BrokerUser(*configuration, *data);
  }
  if (data) CheckData(*data, journal.empty() ? *data : journal, owner, findings);
  CheckRunning(configuration ? &*configuration : nullptr, options, findings);
  return findings;
}

}  // namespace

int RunDoctor(const CommandContext& context) {
  Result<DoctorOptions> options = ParseDoctorOptions(context.words);
  if (!options) return UsageError("parley doctor", options.error());
  if (options->global.help) return ShowHelp(DoctorHelp());
  size_t warnings = 0;
  size_t problems = 0;
  for (const Finding& finding : Examine(*options)) {
    warnings += finding.level == Finding::Level::kWarning ? 1 : 0;
    problems += finding.level == Finding::Level::kProblem ? 1 : 0;
    if (options->quiet && finding.level == Finding::Level::kOk) continue;
    const std::string level = LevelName(finding.level);
    if (options->global.json) {
      PrintLine(DumpJson({{"level", level}, {"subject", finding.subject}, {"text", finding.text}}));
    } else {
      const std::string line =
          level + std::string(9 - level.size(), ' ') + finding.subject + ": " + finding.text;
      PrintLine(Printable(line, line.size()));
    }
  }
  if (!options->global.json) {
    PrintLine(std::to_string(problems) + " problems, " + std::to_string(warnings) + " warnings");
  }
  return problems > 0 ? kExitProblem : 0;
}

}  // namespace parley::client
