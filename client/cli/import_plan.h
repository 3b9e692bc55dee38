#pragma once

#include <optional>
#include <string>
#include <vector>

#include "schemas/result.h"

namespace parley::client {

// What `parley admin import` reads: the texts of Mosquitto's acl_file and password_file.
struct ImportFiles {
  std::optional<std::string> acl;
  std::optional<std::string> passwords;
};

struct ImportStep {
  std::string words;    // "allow sensor-1 to publish site/#"
  std::string command;  // of $CONTROL/parley/v1, as JSON
};

// Users and rules with the meaning that Mosquitto 2.0 gives the files: a user's own lines before the
// patterns, `deny` before what allows, `pattern` lines for everybody.
struct ImportPlan {
  std::vector<ImportStep> steps;
  std::vector<std::string> left_out;  // one line each: what cannot be carried over, and why
};

// INVALID_ARGUMENT with file and line for what Mosquitto would not start with. Pure.
Result<ImportPlan> PlanImport(const ImportFiles& files);

}  // namespace parley::client
