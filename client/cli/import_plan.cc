#include "client/cli/import_plan.h"

#include <map>
#include <set>
#include <tuple>

#include <nlohmann/json.hpp>

#include "schemas/filter.h"
#include "schemas/json.h"
#include "schemas/names.h"
#include "schemas/topic.h"

namespace parley::client {
namespace {

using Json = nlohmann::ordered_json;

// Mosquitto asks a user's own rules first, then the patterns; of both, those that deny first.
constexpr int kOwnDeny = 3;
constexpr int kOwnAllow = 2;
constexpr int kPatternDeny = 1;
constexpr int kPatternAllow = 0;

// Spaces and tabs at both ends.
std::string_view Trim(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n\v\f");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n\v\f") - first + 1);
}

// The word up to the next space, taken off `rest`; Mosquitto parts words at spaces only.
std::string_view TakeWord(std::string_view& rest) {
  const size_t first = rest.find_first_not_of(' ');
  if (first == std::string_view::npos) return rest = {};
  rest.remove_prefix(first);
  const size_t space = rest.find(' ');
  const std::string_view word = rest.substr(0, space);
  rest = space == std::string_view::npos ? std::string_view() : rest.substr(space + 1);
  return word;
}

template <typename Visit>
void ForEachLine(std::string_view text, Visit visit) {
  for (int number = 1; !text.empty(); ++number) {
    const size_t end = text.find('\n');
    if (!visit(number, text.substr(0, end)) || end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

std::string Named(std::string_view text) {
  return Printable(text, 200);
}

class Planner {
 public:
  Status ReadPasswords(std::string_view text) {
    ForEachLine(text, [this](int number, std::string_view line) {
      if (line.empty() || line[0] == '#' || line.find(':') == std::string_view::npos) return true;
      const std::string user(Trim(line.substr(0, line.find(':'))));
      const std::string hash(Trim(line.substr(line.find(':') + 1)));
      const std::string where = "password_file line " + std::to_string(number) + ": ";
      if (!UserFits(user, where)) return true;
      if (hash.substr(0, 3) != "$7$" && hash.substr(0, 3) != "$6$") {
        plan_.left_out.push_back(where + "the password of " + user +
                                 " is not hashed: run mosquitto_passwd -U on the file first");
        return true;
      }
      if (!IsUtf8(hash)) {
        plan_.left_out.push_back(
            where + "the hash of " + user +
            " holds bytes that no hash has: set its password again with mosquitto_passwd");
        return true;
      }
      hashes_[user] = hash;
      return true;
    });
    return {};
  }

  Status ReadRules(std::string_view text) {
    Status status;
    std::optional<std::string> user;  // of the lines that follow; none: clients without a user name
    ForEachLine(text, [&](int number, std::string_view line) {
      status = ReadRule(number, line, user);
      return status.has_value();
    });
    return status;
  }

  ImportPlan Finish() {
    for (const auto& [user, hash] : hashes_) {
      AddStep("make the user " + user + " with its password",
              {{"command", "createUser"}, {"username", user}, {"passwordHash", hash}});
    }
    for (const std::string& user : users_) {
      if (hashes_.contains(user)) continue;
      AddStep("make the user " + user + " without a password (the password_file does not name it)",
              {{"command", "createUser"}, {"username", user}});
    }
    for (const auto& [key, rule] : rules_) AddRuleStep(key, rule);
    return std::move(plan_);
  }

 private:
  struct Key {
    std::string owner;  // empty: everybody
    std::string type;
    std::string topic;
    auto operator<=>(const Key&) const = default;
  };
  struct Rule {
    bool allow;
    int priority;
  };

  bool UserFits(const std::string& user, const std::string& where) {
    if (const Result<UserId> parsed = ParseUserId(user); !parsed) {
      if (refused_.insert(user).second) {
        plan_.left_out.push_back(where + "user " + Named(user) + ": " + parsed.error().reason);
      }
      return false;
    }
    return true;
  }

  Status ReadRule(int number, std::string_view line, std::optional<std::string>& user) {
    const std::string where = "acl_file line " + std::to_string(number) + ": ";
    const auto invalid = [&where](const std::string& reason) {
      return Error{Code::INVALID_ARGUMENT, where + reason};
    };
    if (!line.empty() && line[0] == '#') return {};
    while (!line.empty() && Trim(line.substr(line.size() - 1)).empty()) line.remove_suffix(1);
    std::string_view rest = line;
    const std::string_view word = TakeWord(rest);
    if (word.empty()) return {};
    if (word == "user") {
      const std::string_view name = Trim(rest);
      if (name.empty()) return invalid("user needs a name");
      user = std::string(name);
      if (UserFits(*user, where)) users_.insert(*user);
      return {};
    }
    if (word != "topic" && word != "pattern") return invalid("a line starts with user, topic or pattern");
    std::string_view access = TakeWord(rest);
    std::string_view topic = Trim(rest);
    if (access.empty()) return invalid("no topic");
    if (topic.empty()) {
      topic = access;
      access = "readwrite";
    }
    if (access != "read" && access != "write" && access != "readwrite" && access != "deny") {
      return invalid("the access is read, write, readwrite or deny");
    }
    if (Status checked = CheckFilter(topic); !checked) return invalid(checked.error().reason);
    const bool pattern = word == "pattern";
    if (!pattern && !user) {
      plan_.left_out.push_back(where +
                               "it is for clients without a user name, and Parley has none: " + Named(line));
      return {};
    }
    if (!pattern && refused_.contains(*user)) return {};
    if (!pattern &&
        (topic.find("%u") != std::string_view::npos || topic.find("%c") != std::string_view::npos)) {
      plan_.left_out.push_back(where + "%u and %c stand for themselves in a topic line: " + Named(line));
      return {};
    }
    if (topic[0] == '$') {
      plan_.left_out.push_back(where +
                               "$SYS and other $ topics are for admins, not for rules: " + Named(line));
      return {};
    }
    if (Covers("chat/v1/#", topic)) {
      plan_.left_out.push_back(where + "chat/v1 is decided by room membership: " + Named(line));
      return {};
    }
    AddRule(pattern ? std::string() : *user, access, std::string(topic), pattern);
    return {};
  }

  void AddRule(const std::string& owner, std::string_view access, const std::string& topic, bool pattern) {
    const bool deny = access == "deny";
    const Rule rule{!deny,
                    deny ? (pattern ? kPatternDeny : kOwnDeny) : (pattern ? kPatternAllow : kOwnAllow)};
    for (const char* type : {"publish", "subscribe"}) {
      const bool wanted = deny || access == "readwrite" || (access == "write") == (type[0] == 'p');
      if (!wanted) continue;
      const auto [entry, is_new] = rules_.try_emplace(Key{owner, type, topic}, rule);
      if (!is_new && deny) entry->second = rule;  // what denies is asked first
    }
  }

  void AddStep(std::string words, const Json& command) {
    plan_.steps.push_back({std::move(words), command.dump()});
  }

  void AddRuleStep(const Key& key, const Rule& rule) {
    Json command = key.owner.empty() ? Json{{"command", "addRoleAcl"}, {"role", "everyone"}}
                                     : Json{{"command", "addUserAcl"}, {"username", key.owner}};
    command.update(
        {{"acltype", key.type}, {"topic", key.topic}, {"allow", rule.allow}, {"priority", rule.priority}});
    AddStep((rule.allow ? "allow " : "deny ") + (key.owner.empty() ? std::string("everybody") : key.owner) +
                " to " + key.type + " " + Named(key.topic),
            command);
  }

  ImportPlan plan_;
  std::map<std::string, std::string> hashes_;  // by user
  std::set<std::string> users_;                // that the acl_file names
  std::set<std::string> refused_;              // names that are no user names of Parley
  std::map<Key, Rule> rules_;
};

}  // namespace

Result<ImportPlan> PlanImport(const ImportFiles& files) {
  Planner planner;
  if (files.passwords) {
    if (Status read = planner.ReadPasswords(*files.passwords); !read) return read.error();
  }
  if (files.acl) {
    if (Status read = planner.ReadRules(*files.acl); !read) return read.error();
  }
  return planner.Finish();
}

}  // namespace parley::client
