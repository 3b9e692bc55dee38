#include "client/cli/import_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parley::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// Found by tests/fuzz/files_fuzz.cc: it ended the program.
TEST(ImportPlan, AHashThatIsNoTextIsLeftOut) {
  const Result<ImportPlan> plan =
      PlanImport({.acl = std::nullopt, .passwords = "alice:$7$101$\xFF$x\nbob:$7$101$c2FsdA==$aGFzaA==\n"});
  ASSERT_TRUE(plan) << plan.error().reason;
  EXPECT_THAT(plan->left_out, ElementsAre(HasSubstr("password_file line 1: the hash of alice")));
  ASSERT_THAT(plan->steps, SizeIs(1));
  EXPECT_THAT(plan->steps[0].command, HasSubstr("\"bob\""));
}

}  // namespace
}  // namespace parley::client
