#pragma once

#include <string>
#include <vector>

#include "client/cli/request_options.h"
#include "client/cli/shape.h"
#include "schemas/result.h"

namespace parley::client {

// `parley access explain`: why a user may or may not use a topic. Pure.

const std::vector<Shape>& AccessShapes();

// The admin command, as JSON. INVALID_ARGUMENT, in words of the command line.
Result<std::string> ExplainCommand(const RequestOptions& options);

// What the answer says.
struct Explanation {
  Status status;  // the error that the answer holds
  bool allowed = false;
  std::vector<std::string> lines;  // for a person, or one JSON object
};
// `response`: a JSON object of "responses". `question`: the command that it answers.
Explanation ReadExplanation(const std::string& question, const std::string& response, bool json);

}  // namespace parley::client
