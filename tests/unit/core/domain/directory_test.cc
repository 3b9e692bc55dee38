#include "core/domain/directory.h"

#include <vector>

#include <gtest/gtest.h>

#include "tests/support/describe.h"
#include "tests/support/machine.h"
#include "tests/support/random_commands.h"

namespace parley::testing {
namespace {

// The ACL view is a copy that is fed with changes: it must never differ from what the commit thread decides
// by.
TEST(Directory, FedByChangesEqualsTheMachinesOwn) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(SeedNote(seed));
  RandomCommands commands(seed);
  Machine machine;
  domain::Directory view;
  for (int i = 0; i < 5000; ++i) {
    const domain::Applied applied = machine.Do(commands.Next());
    for (const domain::Change& change : applied.changes) view.Apply(change);
    if (i % 100 != 0) continue;
    ASSERT_EQ(Describe(view, false), Describe(machine.directory(), false)) << "after " << i;
  }
  EXPECT_EQ(Describe(view, false), Describe(machine.directory(), false));
}

TEST(Directory, ACopyDoesNotMoveWithTheOriginal) {
  domain::Directory original;
  domain::UserRecord user;
  user.set_uid(1);
  user.set_username("bob");
  original.Apply(user);
  const domain::Directory copy = original;
  original.Apply(domain::UserGone{UserId::Trusted("bob"), {}});
  EXPECT_EQ(original.FindUser("bob"), nullptr);
  ASSERT_NE(copy.FindUser("bob"), nullptr);
  EXPECT_EQ(copy.FindUser("bob")->record.uid(), 1u);
}

TEST(Directory, ChangesOfTheUnknownAreIgnored) {
  domain::Directory directory;
  directory.Apply(domain::UserGone{UserId::Trusted("ghost"), {}});
  directory.Apply(domain::MemberGone{Rid{1}, Uid{2}});
  directory.Apply(domain::MemberPut{Rid{1}, Uid{2}, {}});
  directory.SetSent(Rid{1}, Uid{2}, 3);
  EXPECT_EQ(Describe(directory, true), "");
}

}  // namespace
}  // namespace parley::testing
