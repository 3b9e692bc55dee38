#include "core/domain/access_rules.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "core/domain/directory.h"
#include "schemas/filter.h"
#include "tests/support/seed.h"

namespace parley::domain {
namespace {

namespace testing = parley::testing;

AclRule Rule(AclRule::Type type, const std::string& topic, bool allow, int priority = 0) {
  AclRule rule;
  rule.set_type(type);
  rule.set_topic(topic);
  rule.set_allow(allow);
  rule.set_priority(priority);
  return rule;
}
AclRule Publish(const std::string& topic, bool allow, int priority = 0) {
  return Rule(AclRule::PUBLISH, topic, allow, priority);
}
AclRule Subscribe(const std::string& topic, bool allow, int priority = 0) {
  return Rule(AclRule::SUBSCRIBE, topic, allow, priority);
}

class AccessRules : public ::testing::Test {
 protected:
  void SetRole(const std::string& role, const std::vector<AclRule>& rules) {
    RoleRecord record;
    record.set_role(role);
    for (const AclRule& rule : rules) *record.add_rules() = rule;
    directory_.Apply(record);
  }
  void SetUser(const std::vector<AclRule>& rules,
               const std::vector<std::pair<std::string, int>>& roles = {}) {
    UserRecord record;
    record.set_uid(1);
    record.set_username("ann");
    for (const AclRule& rule : rules) *record.add_rules() = rule;
    for (const auto& [role, priority] : roles) {
      record.add_roles(role);
      record.add_role_priorities(priority);
    }
    directory_.Apply(record);
  }
  // "allow", "deny" or "none".
  static std::string Text(const RuleHit& hit) {
    if (hit.rule == nullptr) return "none";
    return hit.allows() ? "allow" : "deny";
  }
  std::string MayPublish(const std::string& topic, const std::string& client = "c1") {
    return Text(
        DecideTopic(directory_, *directory_.FindUser("ann"), {"ann", client}, AclRule::PUBLISH, topic));
  }
  std::string MayReceive(const std::string& topic, const std::string& client = "c1") {
    return Text(
        DecideTopic(directory_, *directory_.FindUser("ann"), {"ann", client}, AclRule::SUBSCRIBE, topic));
  }
  std::string MaySubscribe(const std::string& filter, const std::string& client = "c1") {
    return Text(DecideFilter(directory_, *directory_.FindUser("ann"), {"ann", client}, filter));
  }

  Directory directory_;
};

TEST_F(AccessRules, NoRuleDecidesNothing) {
  SetUser({});
  EXPECT_EQ(MayPublish("a"), "none");
  EXPECT_EQ(MaySubscribe("a/#"), "none");
}

TEST_F(AccessRules, TheHighestPriorityDecidesAndAtEqualOnesADenial) {
  SetRole("meter", {Publish("a/#", true, 5), Publish("a/b", false, 4), Publish("a/c", false, 5),
                    Publish("a/d", false, 6)});
  SetUser({}, {{"meter", 0}});
  EXPECT_EQ(MayPublish("a/b"), "allow");
  EXPECT_EQ(MayPublish("a/c"), "deny");
  EXPECT_EQ(MayPublish("a/d"), "deny");
  EXPECT_EQ(MayPublish("a"), "allow");
  EXPECT_EQ(MayPublish("b"), "none");
}

TEST_F(AccessRules, ARolesPriorityComesBeforeThatOfItsRules) {
  SetRole("low", {Publish("t", true, 100)});
  SetRole("high", {Publish("t", false, 1)});
  SetUser({}, {{"low", 1}, {"high", 2}});
  EXPECT_EQ(MayPublish("t"), "deny");
  SetUser({}, {{"low", 2}, {"high", 1}});
  EXPECT_EQ(MayPublish("t"), "allow");
}

TEST_F(AccessRules, EverybodyHasTheRoleEveryoneAndOwnRulesCount) {
  SetRole("everyone", {Publish("%u/#", true), Publish("all", true)});
  SetUser({Publish("all", false, 1)});
  EXPECT_EQ(MayPublish("ann/x"), "allow");
  EXPECT_EQ(MayPublish("bob/x"), "none");
  EXPECT_EQ(MayPublish("all"), "deny");
}

TEST_F(AccessRules, PublishAndSubscribeAreApart) {
  SetUser({Publish("t", true), Subscribe("s", true)});
  EXPECT_EQ(MayPublish("s"), "none");
  EXPECT_EQ(MayReceive("t"), "none");
  EXPECT_EQ(MayReceive("s"), "allow");
}

TEST_F(AccessRules, NamesStandAnywhereInALevel) {
  SetUser({Publish("dev/x-%u-%c/+", true), Subscribe("%c", true)});
  EXPECT_EQ(MayPublish("dev/x-ann-c1/t"), "allow");
  EXPECT_EQ(MayPublish("dev/x-ann-c2/t"), "none");
  EXPECT_EQ(MayPublish("dev/x-bob-c1/t"), "none");
  EXPECT_EQ(MaySubscribe("c1"), "allow");
  EXPECT_EQ(MaySubscribe("+"), "none");
}

TEST_F(AccessRules, ANameThatIsAWildcardOrEmptyGetsNothing) {
  SetUser({Publish("d/%c", true), Publish("no/%c", false), Subscribe("d/%c", true)});
  for (const char* client : {"+", "#", "a/b", "", "$x"}) {
    EXPECT_EQ(MayPublish("d/x", client), "deny") << "every denial with a name fits: fail closed";
    EXPECT_EQ(MaySubscribe("d/+", client), "none");
  }
  EXPECT_EQ(MayPublish("d/x", "x"), "allow");
}

TEST_F(AccessRules, ASubscriptionIsGrantedWhenARuleCoversItAndNoneBeforeDeniesAPart) {
  SetUser({Subscribe("a/#", true, 2), Subscribe("a/secret/#", false, 3), Subscribe("a/late", false, 1)});
  EXPECT_EQ(MaySubscribe("a/b"), "allow");
  EXPECT_EQ(MaySubscribe("a/+"), "deny") << "a/secret is one of them";
  EXPECT_EQ(MaySubscribe("a/+/x"), "deny");
  EXPECT_EQ(MaySubscribe("a/late"), "allow") << "the denial comes after";
  EXPECT_EQ(MaySubscribe("a/b/#"), "allow");
  EXPECT_EQ(MaySubscribe("#"), "deny");
  EXPECT_EQ(MaySubscribe("b/#"), "none");
  EXPECT_EQ(MaySubscribe("+/b"), "none") << "only a part of it is allowed";
}

TEST_F(AccessRules, NoWildcardReachesADollarTopic) {
  SetUser({Publish("#", true), Publish("+/x", true), Subscribe("#", true)});
  EXPECT_EQ(MayPublish("$x/x"), "none");
  EXPECT_EQ(MaySubscribe("$x/#"), "none");
  EXPECT_EQ(MayPublish("/x"), "allow");
}

TEST_F(AccessRules, RulesAboutChatAndDollarTopicsAreRefused) {
  for (const char* topic : {"chat/v1", "chat/v1/#", "chat/v1/rooms/+/send/json", "$SYS/#", "$share/g/a",
                            "$CONTROL/x", "a#", ""}) {
    EXPECT_FALSE(CheckRule(Publish(topic, true))) << topic;
  }
  for (const char* topic : {"#", "chat/#", "+/v1/#", "chat/v2/#", "a/%u/#", "chat/+"}) {
    EXPECT_TRUE(CheckRule(Publish(topic, true))) << topic;
  }
  EXPECT_FALSE(CheckRule(Rule(AclRule::UNSPECIFIED, "a", true)));
}

TEST_F(AccessRules, AChangeOfARoleOrUserIsSeenAtOnce) {
  SetRole("r", {Publish("a", true)});
  SetUser({Publish("b", true)}, {{"r", 0}});
  EXPECT_EQ(MayPublish("a"), "allow");
  EXPECT_EQ(MayPublish("b"), "allow");
  SetRole("r", {Publish("a", false)});
  EXPECT_EQ(MayPublish("a"), "deny");
  SetUser({}, {});
  EXPECT_EQ(MayPublish("a"), "none");
  EXPECT_EQ(MayPublish("b"), "none");
}

// Random rules over a small alphabet, decided by a reference that does nothing cleverly.
TEST_F(AccessRules, DecisionsAgreeWithANaiveReference) {
  const uint64_t seed = testing::Seed();
  SCOPED_TRACE(testing::SeedNote(seed));
  testing::Random random(seed);
  const auto below = [&random](size_t bound) { return static_cast<size_t>(random.Below(bound)); };
  const std::vector<std::string> levels = {"a", "b", "+", "#", "%u", "x%c", "", "ann", "xc1"};
  const auto any_filter = [&](bool names) {
    while (true) {
      std::string filter;
      for (size_t i = 0, n = 1 + below(3); i < n; ++i) {
        filter += (i == 0 ? "" : "/") + levels[below(levels.size())];
      }
      if (CheckFilter(filter) && (names || !HasPlaceholder(filter))) return filter;
    }
  };
  struct Flat {
    AclRule rule;
    int role_priority;
    size_t order;
  };
  const Names names{"ann", "c1"};
  for (int world = 0; world < 400; ++world) {
    std::vector<Flat> flat;
    const auto any_rules = [&](int role_priority) {
      std::vector<AclRule> rules;
      for (size_t i = 0, n = below(7); i < n; ++i) {
        rules.push_back(Rule(below(2) == 0 ? AclRule::PUBLISH : AclRule::SUBSCRIBE, any_filter(true),
                             below(2) == 0, static_cast<int>(below(4)) - 1));
        flat.push_back({rules.back(), role_priority, flat.size()});
      }
      return rules;
    };
    const int first = static_cast<int>(below(3)) - 1;
    const int second = static_cast<int>(below(3)) - 1;
    const std::vector<AclRule> own = any_rules(0);
    SetRole("everyone", any_rules(0));
    SetRole("one", any_rules(first));
    SetRole("two", any_rules(second));
    SetUser(own, {{"one", first}, {"two", second}});
    std::stable_sort(flat.begin(), flat.end(), [](const Flat& a, const Flat& b) {
      return std::tuple(-a.role_priority, -a.rule.priority(), a.rule.allow()) <
             std::tuple(-b.role_priority, -b.rule.priority(), b.rule.allow());
    });
    for (int question = 0; question < 60; ++question) {
      std::string asked = any_filter(false);
      const bool topic = asked.find_first_of("+#") == std::string::npos;
      for (const AclRule::Type type : {AclRule::PUBLISH, AclRule::SUBSCRIBE}) {
        if (!topic || asked.empty()) continue;
        std::string expected = "none";
        for (const Flat& one : flat) {
          if (one.rule.type() != type || !Covers(Expand(one.rule.topic(), names), asked)) continue;
          expected = one.rule.allow() ? "allow" : "deny";
          break;
        }
        EXPECT_EQ(type == AclRule::PUBLISH ? MayPublish(asked) : MayReceive(asked), expected)
            << asked << ", world " << world;
      }
      std::string expected = "none";
      for (const Flat& one : flat) {
        if (one.rule.type() != AclRule::SUBSCRIBE) continue;
        const std::string filter = Expand(one.rule.topic(), names);
        if (one.rule.allow() ? !Covers(filter, asked) : !Overlap(filter, asked)) continue;
        expected = one.rule.allow() ? "allow" : "deny";
        break;
      }
      if (!asked.empty()) {
        EXPECT_EQ(MaySubscribe(asked), expected) << asked;
      }
    }
  }
}

}  // namespace
}  // namespace parley::domain
