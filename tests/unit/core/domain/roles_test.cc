// Roles and their rules: what each command does, and each refusal.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/domain/access_rules.h"
#include "schemas/limits.h"
#include "tests/support/commands.h"
#include "tests/support/machine.h"

namespace parley::testing {
namespace {

using ::testing::ElementsAre;

Command CreateRole(const std::string& role) {
  Command command = By("admin");
  command.mutable_create_role()->set_role(role);
  return command;
}
Command DeleteRole(const std::string& role) {
  Command command = By("admin");
  command.mutable_delete_role()->set_role(role);
  return command;
}
domain::AclRule Rule(const std::string& topic, bool allow = true) {
  domain::AclRule rule;
  rule.set_type(domain::AclRule::PUBLISH);
  rule.set_topic(topic);
  rule.set_allow(allow);
  return rule;
}
Command AddAcl(const std::string& role, const std::string& user, const std::string& topic) {
  Command command = By("admin");
  command.mutable_add_acl()->set_role(role);
  command.mutable_add_acl()->set_username(user);
  *command.mutable_add_acl()->mutable_rule() = Rule(topic);
  return command;
}
Command RemoveAcl(const std::string& role, const std::string& user, const std::string& topic) {
  Command command = By("admin");
  command.mutable_remove_acl()->set_role(role);
  command.mutable_remove_acl()->set_username(user);
  *command.mutable_remove_acl()->mutable_rule() = Rule(topic);
  return command;
}
Command AddUserRole(const std::string& user, const std::string& role, int priority = 0) {
  Command command = By("admin");
  command.mutable_add_user_role()->set_username(user);
  command.mutable_add_user_role()->set_role(role);
  command.mutable_add_user_role()->set_priority(priority);
  return command;
}
Command RemoveUserRole(const std::string& user, const std::string& role) {
  Command command = By("admin");
  command.mutable_remove_user_role()->set_username(user);
  command.mutable_remove_user_role()->set_role(role);
  return command;
}

class Roles : public ::testing::Test {
 protected:
  Roles() {
    machine_.Do(CreateUser("alice"));
    machine_.Do(CreateUser("bob"));
  }
  Code Do(const Command& command) { return machine_.Do(command).code; }
  const domain::UserRecord& User(const std::string& name) {
    return machine_.directory().FindUser(name)->record;
  }

  Machine machine_;
};

TEST_F(Roles, AreMadeOnceAndBuiltInOnesAreThere) {
  EXPECT_EQ(Do(CreateRole("meter")), Code::OK);
  EXPECT_EQ(Do(CreateRole("meter")), Code::ALREADY_EXISTS);
  EXPECT_EQ(Do(CreateRole("admin")), Code::ALREADY_EXISTS);
  EXPECT_EQ(Do(CreateRole("everyone")), Code::ALREADY_EXISTS);
  EXPECT_EQ(Do(DeleteRole("admin")), Code::FAILED_PRECONDITION);
  EXPECT_EQ(Do(DeleteRole("everyone")), Code::FAILED_PRECONDITION);
  EXPECT_EQ(Do(DeleteRole("nothing")), Code::NOT_FOUND);
}

TEST_F(Roles, HoldOneRuleForATypeAndTopic) {
  Do(CreateRole("meter"));
  EXPECT_EQ(Do(AddAcl("meter", "", "a/#")), Code::OK);
  EXPECT_EQ(Do(AddAcl("meter", "", "a/#")), Code::ALREADY_EXISTS);
  EXPECT_EQ(Do(AddAcl("none", "", "a/#")), Code::NOT_FOUND);
  EXPECT_EQ(Do(AddAcl("meter", "", "chat/v1/#")), Code::INVALID_ARGUMENT);
  EXPECT_EQ(Do(RemoveAcl("meter", "", "b")), Code::NOT_FOUND);
  EXPECT_EQ(Do(RemoveAcl("meter", "", "a/#")), Code::OK);
  EXPECT_EQ(Do(AddAcl("", "alice", "x")), Code::OK);
  EXPECT_EQ(Do(AddAcl("", "nobody", "x")), Code::NOT_FOUND);
  EXPECT_EQ(Do(RemoveAcl("", "alice", "x")), Code::OK);
  EXPECT_EQ(Do(RemoveAcl("", "alice", "x")), Code::NOT_FOUND);
}

TEST_F(Roles, HaveABoundOnTheirRules) {
  Do(CreateRole("meter"));
  for (int i = 0; i < limits::kRulesPerOwnerMax; ++i) Do(AddAcl("meter", "", "a/" + std::to_string(i)));
  EXPECT_EQ(Do(AddAcl("meter", "", "b")), Code::RESOURCE_EXHAUSTED);
}

TEST_F(Roles, AreGivenAndTakenAndNothingRemainsOfADeletedOne) {
  Do(CreateRole("one"));
  Do(CreateRole("two"));
  EXPECT_EQ(Do(AddUserRole("alice", "one", 3)), Code::OK);
  EXPECT_EQ(Do(AddUserRole("alice", "two", -1)), Code::OK);
  EXPECT_EQ(Do(AddUserRole("alice", "two")), Code::ALREADY_EXISTS);
  EXPECT_EQ(Do(AddUserRole("alice", "three")), Code::NOT_FOUND);
  EXPECT_EQ(Do(AddUserRole("alice", "everyone")), Code::FAILED_PRECONDITION);
  EXPECT_EQ(Do(AddUserRole("nobody", "one")), Code::NOT_FOUND);
  EXPECT_EQ(Do(DeleteRole("one")), Code::OK);
  EXPECT_THAT(User("alice").roles(), ElementsAre("two"));
  EXPECT_THAT(User("alice").role_priorities(), ElementsAre(-1)) << "its own priority";
  EXPECT_EQ(Do(CreateRole("one")), Code::OK);
  EXPECT_EQ(Do(RemoveUserRole("alice", "one")), Code::NOT_FOUND) << "a new role of the old name";
  EXPECT_EQ(Do(RemoveUserRole("alice", "two")), Code::OK);
}

TEST_F(Roles, ANewUserTakesOnlyRolesThatThereAre) {
  Command command = CreateUser("carol");
  command.mutable_create_user()->add_roles("meter");
  EXPECT_EQ(Do(command), Code::NOT_FOUND);
  Do(CreateRole("meter"));
  EXPECT_EQ(Do(command), Code::OK);
  EXPECT_THAT(User("carol").roles(), ElementsAre("meter"));
}

TEST_F(Roles, TheLastAdminStaysOne) {
  Do(AddUserRole("alice", "admin"));
  EXPECT_EQ(Do(RemoveUserRole("alice", "admin")), Code::FAILED_PRECONDITION);
  EXPECT_EQ(Do(DeleteUser("alice")), Code::FAILED_PRECONDITION);
  Do(AddUserRole("bob", "admin"));
  EXPECT_EQ(Do(RemoveUserRole("alice", "admin")), Code::OK);
  EXPECT_EQ(Do(DeleteUser("alice")), Code::OK);
  EXPECT_EQ(Do(DeleteUser("bob")), Code::FAILED_PRECONDITION);
}

TEST_F(Roles, ABetterHashOfTheSamePasswordLeavesThePasswordAsOldAsItIs) {
  Command set = By("admin");
  set.mutable_set_password()->set_username("alice");
  set.mutable_set_password()->set_password_hash("$6$old");
  Do(set);
  const uint64_t index = User("alice").password_index();
  EXPECT_EQ(index, machine_.last());
  Command rehash = By("alice");
  rehash.mutable_rehash_password()->set_username("alice");
  rehash.mutable_rehash_password()->set_old_hash("$6$other");
  rehash.mutable_rehash_password()->set_password_hash("better");
  Do(rehash);
  EXPECT_EQ(User("alice").password_hash(), "$6$old") << "it has changed since";
  rehash.mutable_rehash_password()->set_old_hash("$6$old");
  Do(rehash);
  EXPECT_EQ(User("alice").password_hash(), "better");
  EXPECT_EQ(User("alice").password_index(), index);
}

}  // namespace
}  // namespace parley::testing
