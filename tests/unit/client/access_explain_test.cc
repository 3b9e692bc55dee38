#include "client/cli/access_explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parley::client {
namespace {

using testing::ElementsAreArray;
using Words = std::vector<std::string>;

Result<std::string> Command(const Words& words) {
  Result<RequestOptions> options = ParseRequestOptions(words, {"access", "client"});
  if (!options) return options.error();
  return ExplainCommand(*options);
}

TEST(AccessExplain, TheCommand) {
  EXPECT_EQ(*Command({"explain", "bob", "a/b"}),
            R"({"command":"explainAccess","username":"bob","topic":"a/b","access":"publish"})");
  EXPECT_EQ(
      *Command({"explain", "bob", "a/#", "--access", "subscribe", "--client", "c1"}),
      R"({"command":"explainAccess","username":"bob","topic":"a/#","client":"c1","access":"subscribe"})");
  for (const Words& words : {Words{}, Words{"explain"}, Words{"explain", "bob"}, Words{"frob", "a", "b"},
                             Words{"explain", "bob", "t", "--access", "write"}}) {
    EXPECT_FALSE(Command(words));
  }
}

struct Case {
  std::string data;
  bool allowed;
  Words lines;
};

TEST(AccessExplain, TheAnswerForAPerson) {
  const std::string question = *Command({"explain", "bob", "sensors/bob/t"});
  const std::vector<Case> cases = {
      {R"({"allowed":true,"reason":"a rule of the role sensors","rule":{"role":"sensors","acltype":"publish",)"
       R"("topic":"sensors/%u/#","allow":true,"priority":5},"change":""})",
       true,
       {"bob may publish sensors/bob/t", "  because: a rule of the role sensors",
        "  by the rule: allow publish sensors/%u/# (role sensors, priority 5)"}},
      {R"({"allowed":false,"reason":"no rule","rule":null,"change":"give bob a role that allows it"})",
       false,
       {"bob may not publish sensors/bob/t", "  because: no rule",
        "  to change that: give bob a role that allows it"}},
      {R"({"allowed":false,"reason":"x","rule":{"role":"","acltype":"publish","topic":"#","allow":false,)"
       R"("priority":-1},"change":"\u001b[2J"})",
       false,
       {"bob may not publish sensors/bob/t", "  because: x",
        "  by the rule: deny publish # (of the user alone, priority -1)", "  to change that: ?[2J"}},
  };
  for (const Case& c : cases) {
    const std::string response = R"({"command":"explainAccess","data":)" + c.data + "}";
    const Explanation explanation = ReadExplanation(question, response, false);
    ASSERT_TRUE(explanation.status) << c.data;
    EXPECT_EQ(explanation.allowed, c.allowed);
    EXPECT_THAT(explanation.lines, ElementsAreArray(c.lines));
    EXPECT_EQ(ReadExplanation(question, response, true).lines.size(), 1u);
  }
}

TEST(AccessExplain, AnErrorAndNonsense) {
  const Explanation missing =
      ReadExplanation("{}", R"({"command":"explainAccess","error":"no user bob","code":"NOT_FOUND"})", false);
  ASSERT_FALSE(missing.status);
  EXPECT_EQ(missing.status.error().code, Code::NOT_FOUND);
  for (const char* nonsense : {"", "[]", "{}", R"({"data":7})", R"({"data":{}})"}) {
    EXPECT_FALSE(ReadExplanation("{}", nonsense, false).status) << nonsense;
  }
}

}  // namespace
}  // namespace parley::client
