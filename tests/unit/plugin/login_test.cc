#include "broker-plugin/auth/login.h"

#include <future>
#include <semaphore>

#include <gmock/gmock.h>

#include "broker-plugin/auth/password.h"
#include "tests/unit/plugin/chat_world.h"
#include "tests/unit/plugin/temporary_folder.h"

namespace parley::plugin {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Verdict = Login::Verdict;

class LoginTest : public testing::Test {
 protected:
  LoginTest()
      : memory_(CredentialMemory::Open(folder_.path(), "test", why_)),
        pool_([this] { done_.release(); }),
        login_(view_, memory_, pool_,
               [this](const domain::UserRecord& user, const std::string& mac, std::string_view) {
                 remembered_.push_back(user.username());
                 domain::UserRecord record = user;
                 record.set_remembered_mac(mac);
                 view_.Apply(record);
               }) {
    StartCrypto();
    static const std::string hash = HashPassword("right");
    for (const char* user : {"alice", "disabled", "nopassword"})
      view_.Apply(world_.CreateUser(user).changes[0]);
    SetHash("alice", hash);
    SetHash("disabled", hash);
    domain::UserRecord record = view_.FindUser("disabled")->record;
    record.set_disabled(true);
    view_.Apply(record);
  }
  void SetHash(const std::string& user, const std::string& hash) {
    domain::UserRecord record = view_.FindUser(user)->record;
    record.set_password_hash(hash);
    record.clear_remembered_mac();
    view_.Apply(record);
  }
  // Spends what the loop may derive at `now_`.
  void SpendBudget() { EXPECT_EQ(login_.Check("nobody", "x", now_), Verdict::kRefuse); }
  // Waits for one derivation of the pool.
  void Derive() {
    ASSERT_TRUE(done_.try_acquire_for(std::chrono::seconds(20)));
    pool_.RunCompletions();
  }

  TemporaryFolder folder_;
  std::string why_;
  ChatWorld world_;
  domain::Directory view_;
  CredentialMemory memory_;
  std::counting_semaphore<4096> done_{0};
  WorkerPool pool_;
  Login login_;
  std::vector<std::string> remembered_;
  Login::Clock::time_point now_ = Login::Clock::now();
};

TEST_F(LoginTest, ColdWithinTheBudgetIsDecidedAtOnceAndRememberedAfterwards) {
  EXPECT_EQ(login_.Check("alice", "right", now_), Verdict::kAccept);
  EXPECT_THAT(remembered_, ElementsAre("alice"));
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(login_.Check("alice", "right", now_), Verdict::kAccept) << "costs no derivation";
  }
  EXPECT_THAT(remembered_, ElementsAre("alice"));
}

TEST_F(LoginTest, BeyondTheBudgetTheVerdictWaitsForTheRetry) {
  SpendBudget();
  EXPECT_EQ(login_.Check("alice", "right", now_), Verdict::kTryAgain);
  EXPECT_EQ(login_.Check("alice", "right", now_), Verdict::kTryAgain) << "under way";
  Derive();
  EXPECT_EQ(login_.Check("alice", "right", now_), Verdict::kAccept);
  EXPECT_THAT(remembered_, ElementsAre("alice"));
}

TEST_F(LoginTest, AWrongPasswordIsRefusedOnBothWays) {
  EXPECT_EQ(login_.Check("alice", "wrong", now_), Verdict::kRefuse);
  EXPECT_EQ(login_.Check("alice", "wrong", now_), Verdict::kTryAgain);
  Derive();
  EXPECT_EQ(login_.Check("alice", "wrong", now_), Verdict::kRefuse);
  EXPECT_THAT(remembered_, IsEmpty());
}

TEST_F(LoginTest, TheBudgetComesBack) {
  SpendBudget();
  EXPECT_EQ(login_.Check("alice", "right", now_ + Login::kLoopBudget), Verdict::kAccept);
}

TEST_F(LoginTest, WhileOthersWaitTheLoopDerivesNothing) {
  SpendBudget();
  EXPECT_EQ(login_.Check("alice", "wrong", now_), Verdict::kTryAgain);
  now_ += Login::kLoopBudget;
  EXPECT_EQ(login_.Check("alice", "right", now_), Verdict::kTryAgain) << "a flood holds no one up";
  Derive();
  Derive();
  EXPECT_EQ(login_.Check("alice", "right", now_), Verdict::kAccept);
  EXPECT_EQ(login_.Check("nobody", "y", now_), Verdict::kRefuse) << "on the loop again";
}

TEST_F(LoginTest, WhoCannotLogInCostsAsMuchAndIsRefused) {
  for (const char* user : {"nobody", "disabled", "nopassword", ""}) {
    EXPECT_EQ(login_.Check(user, "right", now_), Verdict::kRefuse) << user;
    EXPECT_EQ(login_.Check("alice", std::string("not-") + user, now_), Verdict::kTryAgain)
        << user << " spent the budget";
    Derive();
    now_ += Login::kLoopBudget;
  }
  SpendBudget();
  EXPECT_EQ(login_.Check("disabled", "right", now_), Verdict::kTryAgain);
  Derive();
  EXPECT_EQ(login_.Check("disabled", "right", now_), Verdict::kRefuse);
  EXPECT_THAT(remembered_, IsEmpty());
}

TEST_F(LoginTest, EmptyAndHugePasswordsAreRefusedWithoutADerivation) {
  EXPECT_EQ(login_.Check("alice", "", now_), Verdict::kRefuse);
  EXPECT_EQ(login_.Check("alice", std::string(257, 'x'), now_), Verdict::kRefuse);
  EXPECT_EQ(login_.Check("alice", std::string_view(), now_), Verdict::kRefuse);
  EXPECT_EQ(login_.Check("alice", "right", now_), Verdict::kAccept) << "the budget is untouched";
}

TEST_F(LoginTest, AVerdictExpires) {
  SpendBudget();
  EXPECT_EQ(login_.Check("alice", "right", now_), Verdict::kTryAgain);
  Derive();
  const auto later = Login::Clock::now() + Login::kVerdictLife + std::chrono::seconds(1);
  EXPECT_EQ(login_.Check("nobody", "x", later), Verdict::kRefuse);
  EXPECT_EQ(login_.Check("alice", "right", later), Verdict::kTryAgain) << "derived anew";
}

TEST_F(LoginTest, AChangedPasswordForgetsVerdictsAndMemory) {
  EXPECT_EQ(login_.Check("alice", "right", now_), Verdict::kAccept);
  const std::string mac = view_.FindUser("alice")->record.remembered_mac();
  domain::UserRecord record = view_.FindUser("alice")->record;
  record.set_password_hash(HashPassword("new"));
  view_.Apply(record);  // even when the old MAC were kept
  ASSERT_EQ(view_.FindUser("alice")->record.remembered_mac(), mac);
  EXPECT_EQ(login_.Check("alice", "right", now_ + Login::kLoopBudget), Verdict::kRefuse);

  EXPECT_EQ(login_.Check("alice", "new", now_ + Login::kLoopBudget), Verdict::kTryAgain);
  Derive();
  SetHash("alice", HashPassword("newest"));
  EXPECT_EQ(login_.Check("alice", "new", now_ + 2 * Login::kLoopBudget), Verdict::kRefuse);
}

TEST_F(LoginTest, AFloodOfWrongPasswordsIsBounded) {
  SpendBudget();
  for (size_t i = 0; i < 3 * Login::kWaitingMax; ++i) {
    EXPECT_EQ(login_.Check("alice", "wrong" + std::to_string(i), now_), Verdict::kTryAgain);
  }
  pool_.Stop();
}

TEST(WorkerPool, RunsCompletionsOnTheCallersThreadAndStopsWithWorkWaiting) {
  std::promise<void> woken;
  std::thread::id ran;
  WorkerPool pool([&woken] { woken.set_value(); });
  ASSERT_TRUE(pool.Submit([&ran] { return [&ran] { ran = std::this_thread::get_id(); }; }));
  ASSERT_EQ(woken.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
  EXPECT_EQ(ran, std::thread::id());
  pool.RunCompletions();
  EXPECT_EQ(ran, std::this_thread::get_id());
  pool.Stop();
  pool.Stop();
}

TEST(WorkerPool, ItsQueueHasABound) {
  std::promise<void> hold;
  const std::shared_future<void> held = hold.get_future().share();
  WorkerPool pool([] {});
  size_t taken = 0;
  while (taken < 5'000 && pool.Submit([held] {
    held.wait();
    return [] {};
  })) {
    ++taken;
  }
  EXPECT_LE(taken, 1'026U);
  hold.set_value();
}

}  // namespace
}  // namespace parley::plugin
