#pragma once

#include <string>
#include <string_view>

#include "broker-plugin/acl/access.h"

namespace parley::plugin {

// A question about a right, as explainAccess asks it.
struct Question {
  std::string_view user;
  std::string_view client;  // may be empty: a client of any id
  std::string_view topic;   // or a filter, to subscribe
  enum class Kind { kPublish, kSubscribe, kReceive };
  Kind kind = Kind::kPublish;
  bool will = false;                // kPublish: as the will of a client
  bool defer_other_topics = false;  // the option parley_other_topics
};

// Why, in words for a person. The answer comes from the very functions that decide.
struct Explanation {
  bool allowed = false;
  std::string reason;  // one line that names what decides
  std::string change;  // one line: what would have to change; empty when allowed
  domain::RuleHit rule{};
};

// Pure.
Explanation Explain(const domain::Directory& view, const Question& question);

}  // namespace parley::plugin
