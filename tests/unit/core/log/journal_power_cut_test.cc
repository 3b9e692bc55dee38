// The intake journal over power cuts: of its file, the disk has what was synced, and any of the other pages.
#include <fstream>
#include <iterator>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/log/intake_journal.h"
#include "tests/support/temp_folder.h"

namespace {

std::string synced;  // the bytes of the newest msync

}  // namespace

// In place of the C library's.
extern "C" int msync(void* address, size_t bytes, int flags) {
  synced.assign(static_cast<const char*>(address), bytes);
  return static_cast<int>(::syscall(SYS_msync, address, bytes, flags));
}

namespace parley::log {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr uint64_t kRing = uint64_t{16} * 4096;

class JournalPowerCutTest : public ::testing::Test {
 protected:
  std::unique_ptr<IntakeJournal> Open() {
    auto journal = IntakeJournal::Open({.path = path_, .ring_bytes = kRing, .store_id = {'s'}});
    EXPECT_TRUE(journal) << journal.error().reason;
    return journal ? std::move(*journal) : nullptr;
  }
  // The power is cut: the header is as it was synced last (or, until then, as it is at the first cut), the
  // ring as it is now but for the page `lost`.
  void Cut(size_t lost = 0) {
    std::string file;
    {
      std::ifstream in(path_, std::ios::binary);
      file.assign(std::istreambuf_iterator<char>(in), {});
    }
    if (!synced.empty()) header_ = std::exchange(synced, {});
    if (header_.empty()) header_ = file.substr(0, 4096);
    file.replace(0, header_.size(), header_);
    if (lost != 0) file.replace(lost * 4096, 4096, std::string(4096, '\0'));
    std::ofstream(path_, std::ios::binary) << file;
  }

  const testing::TempFolder folder_;
  const std::string path_ = folder_ / "journal";
  std::string header_;  // on disk
};

// Without a synced epoch, the third record of the first one would follow on the second of the second.
TEST_F(JournalPowerCutTest, NoRecordOfAnEndedEpochFollowsOnTheStoresEnd) {
  const std::string page(4096 - 32, 'x');
  {
    auto journal = Open();
    ASSERT_TRUE(journal->StartEpoch(LogIndex{1}));
    for (const char* name : {"1", "2", "3", "4"}) ASSERT_TRUE(journal->Append(name + page.substr(1)));
  }
  Cut(/*lost=*/2);
  {
    auto journal = Open();
    EXPECT_THAT(journal->Recover(LogIndex{0}), ElementsAre("1" + page.substr(1)));
    ASSERT_TRUE(journal->StartEpoch(LogIndex{2}));
    ASSERT_EQ(journal->Append("new")->value, 2u);
  }
  Cut();
  EXPECT_THAT(Open()->Recover(LogIndex{1}), ElementsAre("new"));
  EXPECT_THAT(Open()->Recover(LogIndex{2}), IsEmpty());
}

}  // namespace
}  // namespace parley::log
