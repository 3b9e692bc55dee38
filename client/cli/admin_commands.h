#pragma once

#include <string>
#include <vector>

#include "client/cli/admin_options.h"
#include "schemas/result.h"

namespace parley::client {

// The command of $CONTROL/parley/v1, as JSON, that a subcommand stands for. A password that has to be asked
// for stands in options.new_password already. INVALID_ARGUMENT, in words of the command line.
Result<std::string> AdminCommand(const AdminOptions& options);

// What `parley admin` can do, for its help.
std::vector<SubcommandHelp> AdminSubcommands();

// True for create-user and set-password.
bool TakesPassword(const AdminOptions& options);

// The same list command from another offset on; `totalCount` and the items are in its answers.
std::string ListCommand(const std::string& command, size_t offset);

// One answer, taken apart.
struct AdminAnswer {
  Status status;                   // the error that it holds
  std::vector<std::string> lines;  // what to print: for a person, or JSON objects
  size_t items = 0;                // of a list
  size_t total = 0;
};
// `response`: a JSON object of "responses". Never fails: what is not understood is shown as it came.
AdminAnswer ReadAnswer(const std::string& response, bool json);

}  // namespace parley::client
