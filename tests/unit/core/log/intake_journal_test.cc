#include "core/log/intake_journal.h"

#include <cstring>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/seed.h"
#include "tests/support/temp_folder.h"

namespace parley::log {
namespace {

using parley::testing::Random;
using parley::testing::Seed;
using parley::testing::SeedNote;
using parley::testing::TempFolder;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr uint64_t kRing = 4096;
constexpr size_t kHeader = 4096;
constexpr StoreId kStore = {'s', 't', 'o', 'r', 'e'};

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
void WriteFile(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

class IntakeJournalTest : public ::testing::Test {
 protected:
  std::unique_ptr<IntakeJournal> Open(const std::string& path) {
    auto journal = IntakeJournal::Open({.path = path, .ring_bytes = kRing, .store_id = kStore});
    EXPECT_TRUE(journal) << journal.error().reason;
    return journal ? std::move(*journal) : nullptr;
  }
  std::unique_ptr<IntakeJournal> Begin(uint64_t next = 1) {
    auto journal = Open(path_);
    EXPECT_TRUE(journal->StartEpoch(LogIndex{next}));
    return journal;
  }
  Error OpenError(const StoreId& store = kStore) {
    auto journal = IntakeJournal::Open({.path = path_, .ring_bytes = kRing, .store_id = store});
    return journal ? Error{Code::OK, "opens"} : journal.error();
  }
  // What a start would find if the process were killed now.
  std::vector<std::string> AfterCrash(uint64_t applied) {
    std::filesystem::copy_file(path_, copy_, std::filesystem::copy_options::overwrite_existing);
    return Open(copy_)->Recover(LogIndex{applied});
  }
  std::vector<std::string> AfterDamage(uint64_t applied, const std::string& bytes) {
    WriteFile(copy_, bytes);
    return Open(copy_)->Recover(LogIndex{applied});
  }

  const TempFolder folder_;
  const std::string path_ = folder_ / "journal";
  const std::string copy_ = folder_ / "copy";
};

TEST_F(IntakeJournalTest, RecordsAreReadInOrderOnceSealed) {
  auto journal = Begin(5);
  EXPECT_EQ(journal->Append("one")->value, 5u);
  EXPECT_EQ(journal->Append("")->value, 6u);
  EXPECT_FALSE(journal->HasSealed());
  EXPECT_FALSE(journal->Read());
  EXPECT_TRUE(journal->Seal());
  EXPECT_FALSE(journal->Seal());
  EXPECT_TRUE(journal->HasSealed());
  const auto one = journal->Read();
  ASSERT_TRUE(one);
  EXPECT_EQ(one->index.value, 5u);
  EXPECT_EQ(one->bytes, "one");
  EXPECT_EQ(journal->Read()->bytes, "");
  EXPECT_FALSE(journal->Read());
  EXPECT_EQ(journal->committed_high_water().value, 4u);
  journal->ReleaseRead(LogIndex{6});
  EXPECT_EQ(journal->committed_high_water().value, 6u);
  EXPECT_EQ(journal->free_bytes(), kRing);
}

// docs/formats/journal.md, byte by byte; the epoch is drawn.
TEST_F(IntakeJournalTest, GoldenBytes) {
  auto journal = Begin(0x0102);
  journal->Append("payload");
  const std::string file = ReadFile(path_);
  ASSERT_EQ(file.size(), kHeader + kRing);
  const std::string epoch = file.substr(40, 8);
  using namespace std::string_literals;
  EXPECT_EQ(file.substr(0, 56), "PRLYRING\1\0\0\0\0\0\0\0\0\x10\0\0\0\0\0\0"s +
                                    std::string(kStore.data(), kStore.size()) + epoch + "\1\1\0\0\0\0\0\0"s);
  EXPECT_EQ(file.substr(kHeader, 4), "PJRL");
  EXPECT_EQ(file.substr(kHeader + 8, 31), epoch + "\2\1\0\0\0\0\0\0\7\0\0\0\0\0\0\0payload"s);
  EXPECT_NE(epoch, std::string(8, '\0'));
}

TEST_F(IntakeJournalTest, ARecordNeverWrapsAndTheRestIsSkipped) {
  auto journal = Begin();
  const std::string big(1500, 'x');  // 1536 in the ring: two fit, 1024 are left
  journal->Append(big);
  journal->Append(big);
  EXPECT_FALSE(journal->Append(big));  // no room before the end, none at the start
  journal->Seal();
  journal->Read();
  journal->ReleaseRead(LogIndex{1});
  EXPECT_EQ(journal->Append(big + "!")->value, 3u);
  EXPECT_THAT(AfterCrash(1), ElementsAre(big, big + "!"));
  journal->Seal();
  EXPECT_EQ(journal->Read()->bytes, big);
  EXPECT_EQ(journal->Read()->bytes, big + "!");
  EXPECT_FALSE(journal->Read());
}

TEST_F(IntakeJournalTest, AFullRingTakesNothingAndLosesNothing) {
  auto journal = Begin();
  uint64_t taken = 0;
  while (journal->Append("0123456789abcdef")) ++taken;
  EXPECT_EQ(taken, kRing / 48);
  EXPECT_FALSE(journal->Append(""));
  EXPECT_EQ(AfterCrash(0).size(), taken);
  EXPECT_FALSE(journal->Append(std::string(2 * kRing, 'x')));
  EXPECT_EQ(AfterCrash(0).size(), taken);
}

TEST_F(IntakeJournalTest, ARecordAsLargeAsTheRingFitsAndALargerOneNever) {
  auto journal = Begin();
  EXPECT_FALSE(journal->Append(std::string(kRing - 31, 'x')));
  EXPECT_TRUE(journal->Append(std::string(kRing - 32, 'x')));
  EXPECT_EQ(AfterCrash(0).size(), 1u);
}

TEST_F(IntakeJournalTest, UnsealedRecordsSurviveACrashToo) {
  auto journal = Begin();
  journal->Append("a");
  journal->Seal();
  journal->Append("b");
  EXPECT_THAT(AfterCrash(0), ElementsAre("a", "b"));
}

TEST_F(IntakeJournalTest, RecoveryBeginsAfterWhatTheStoreHas) {
  auto journal = Begin();
  for (const char* record : {"a", "b", "c"}) journal->Append(record);
  EXPECT_THAT(AfterCrash(0), ElementsAre("a", "b", "c"));
  EXPECT_THAT(AfterCrash(1), ElementsAre("b", "c"));
  EXPECT_THAT(AfterCrash(3), IsEmpty());
  EXPECT_THAT(AfterCrash(900), IsEmpty());
}

TEST_F(IntakeJournalTest, RecoveryIsTheSameUntilTheEpochStarts) {
  Begin()->Append("a");
  EXPECT_THAT(Open(path_)->Recover(LogIndex{0}), ElementsAre("a"));
  EXPECT_THAT(Open(path_)->Recover(LogIndex{0}), ElementsAre("a"));
  ASSERT_TRUE(Open(path_)->StartEpoch(LogIndex{2}));
  EXPECT_THAT(Open(path_)->Recover(LogIndex{0}), IsEmpty());
  EXPECT_EQ(Open(path_)->committed_high_water().value, 1u);
}

// A record is there whole or not at all, and nothing after one that is not.
TEST_F(IntakeJournalTest, ATornRecordEndsRecovery) {
  auto journal = Begin();
  for (const char* record : {"first record", "second record", "third record"}) journal->Append(record);
  const std::string whole = ReadFile(path_);
  const size_t second = kHeader + 48;
  for (size_t at = second; at < second + 32 + 13; ++at) {
    if (at >= second + 28 && at < second + 32) continue;  // reserved: not covered
    std::string torn = whole;
    torn[at] = static_cast<char>(torn[at] ^ 1);
    ASSERT_THAT(AfterDamage(0, torn), ElementsAre("first record")) << at - second;
  }
}

// The bytes of a record land one after the other: killed at each of them, the older records are there.
TEST_F(IntakeJournalTest, KilledAtEveryByteOfAnAppend) {
  auto journal = Begin();
  for (int lap = 0; lap < 3; ++lap) {
    for (int i = 0; i < 60; ++i) journal->Append("record of an old lap");
    journal->Seal();
    LogIndex last;
    while (const auto record = journal->Read()) last = record->index;
    journal->ReleaseRead(last);
  }
  const uint64_t committed = journal->committed_high_water().value;
  journal->Append("kept");
  const std::string before = ReadFile(path_);
  journal->Append("the one that was torn");
  const std::string after = ReadFile(path_);
  std::vector<size_t> changed;
  for (size_t at = kHeader; at < after.size(); ++at) {
    if (before[at] != after[at]) changed.push_back(at);
  }
  ASSERT_GT(changed.size(), 20u);
  for (const bool header_first : {false, true}) {
    std::string torn = before;
    for (size_t i = 0; i < changed.size(); ++i) {
      ASSERT_THAT(AfterDamage(committed, torn), ElementsAre("kept")) << i;
      const size_t at = header_first ? changed[i] : changed[changed.size() - 1 - i];
      torn[at] = after[at];
    }
    ASSERT_THAT(AfterDamage(committed, torn), ElementsAre("kept", "the one that was torn"));
  }
}

TEST_F(IntakeJournalTest, RecordsOfOldLapsAndOldEpochsAreNotTaken) {
  {
    auto journal = Begin();
    for (int i = 0; i < 40; ++i) journal->Append("old epoch");
  }
  auto journal = Open(path_);
  ASSERT_TRUE(journal->StartEpoch(LogIndex{3}));  // indices 3 … 40 are in the ring, of the epoch before
  EXPECT_THAT(AfterCrash(2), IsEmpty());
  journal->Append("new");
  EXPECT_THAT(AfterCrash(2), ElementsAre("new"));
}

TEST_F(IntakeJournalTest, APayloadThatLooksLikeARecordIsAPayload) {
  auto journal = Begin();
  journal->Append("x");
  // Worse than anyone could make it: a true copy of a record, with the index that comes next.
  journal->Append("y");
  const std::string fake = ReadFile(path_).substr(kHeader + 48, 48);
  ASSERT_TRUE(journal->StartEpoch(LogIndex{1}));
  journal->Append(fake + fake);
  EXPECT_THAT(AfterCrash(0), ElementsAre(fake + fake));
  auto same = Begin();
  same->Append("a");
  same->Append("b");
  const std::string second = ReadFile(path_).substr(kHeader + 48, 48);  // index 2 of this very epoch
  ASSERT_TRUE(same->StartEpoch(LogIndex{1}));
  same->Append(second);
  EXPECT_THAT(AfterCrash(0), ElementsAre(second));
}

TEST_F(IntakeJournalTest, AnotherStoresJournalIsRefusedAndSaysWhatToDo) {
  Begin()->Append("a");
  const Error error = OpenError({'o', 't', 'h', 'e', 'r'});
  EXPECT_EQ(error.code, Code::FAILED_PRECONDITION);
  EXPECT_THAT(error.reason,
              AllOf(HasSubstr(path_), HasSubstr("another store"), HasSubstr("move the journal away")));
  EXPECT_THAT(AfterCrash(0), ElementsAre("a"));
}

TEST_F(IntakeJournalTest, WhatIsNoJournalIsRefusedAndLeftAlone) {
  Begin();
  const std::string good = ReadFile(path_);
  std::string other_magic = good;
  other_magic[3] = 'X';
  std::string newer = good;
  newer[8] = 2;
  struct Case {
    const char* what;
    std::string bytes;
    const char* says;
  };
  for (const Case& bad : std::vector<Case>{{"text", "# my notes\n", "move it away"},
                                           {"other magic", other_magic, "move it away"},
                                           {"cut", good.substr(0, good.size() - 1), "move it away"},
                                           {"longer", good + std::string(4096, '\0'), "move it away"},
                                           {"header only", good.substr(0, kHeader), "move it away"},
                                           {"newer", newer, "newer Parley"}}) {
    SCOPED_TRACE(bad.what);
    WriteFile(path_, bad.bytes);
    const Error error = OpenError();
    EXPECT_EQ(error.code, Code::FAILED_PRECONDITION);
    EXPECT_THAT(error.reason, AllOf(HasSubstr(path_), HasSubstr(bad.says)));
    EXPECT_EQ(ReadFile(path_), bad.bytes);
  }
}

// fallocate may have come this far when the process was killed, and some file systems grow byte by byte: what
// was never begun is begun, at its full size.
TEST_F(IntakeJournalTest, AFileWhoseMakingWasInterruptedIsMadeAgain) {
  for (const size_t size :
       {size_t{0}, size_t{1}, size_t{4095}, kHeader, kHeader + 1, kHeader + kRing / 2, kHeader + kRing}) {
    SCOPED_TRACE(size);
    WriteFile(path_, std::string(size, '\0'));
    auto journal = Open(path_);
    ASSERT_NE(journal, nullptr);
    EXPECT_EQ(journal->ring_bytes(), kRing);
    EXPECT_THAT(journal->Recover(LogIndex{0}), IsEmpty());
    EXPECT_EQ(journal->committed_high_water().value, 0u);
  }
}

TEST_F(IntakeJournalTest, TheSizeOfAFileThatExistsStays) {
  Begin()->Append("a");
  auto journal = IntakeJournal::Open({.path = path_, .ring_bytes = 4 * kRing, .store_id = kStore});
  ASSERT_TRUE(journal);
  EXPECT_EQ((*journal)->ring_bytes(), kRing);
  EXPECT_THAT((*journal)->Recover(LogIndex{0}), ElementsAre("a"));
}

TEST_F(IntakeJournalTest, AFolderThatIsNotThereIsNamed) {
  auto journal =
      IntakeJournal::Open({.path = folder_ / "no/journal", .ring_bytes = kRing, .store_id = kStore});
  ASSERT_FALSE(journal);
  EXPECT_THAT(journal.error().reason, AllOf(HasSubstr("no/journal"), HasSubstr("No such file")));
}

TEST_F(IntakeJournalTest, OnlyItsOwnerMayReadIt) {
  Begin();
  EXPECT_EQ(std::filesystem::status(path_).permissions(), std::filesystem::perms(0600));
}

// Against a plain queue, with a crash every now and then.
TEST_F(IntakeJournalTest, BehavesLikeAQueueThatSurvivesCrashes) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(SeedNote(seed));
  Random random(seed);
  auto journal = Begin();
  std::deque<std::string> waiting;  // appended and not released; the first has index `released` + 1
  uint64_t released = 0;
  size_t sealed = 0;
  size_t read = 0;
  for (int step = 0; step < 20'000; ++step) {
    const uint64_t dice = random.Below(100);
    if (dice < 50) {
      const std::string record(random.Below(random.OneIn(10) ? 2000 : 100),
                               static_cast<char>('a' + step % 26));
      const uint64_t free = journal->free_bytes();
      const auto index = journal->Append(record);
      if (index) {
        waiting.push_back(record);
        ASSERT_EQ(index->value, released + waiting.size());
      } else {
        ASSERT_LT(free, 2 * (32 + record.size() + 16));  // at worst a skip as long as the record
      }
    } else if (dice < 70) {
      ASSERT_EQ(journal->Seal(), sealed != waiting.size());
      sealed = waiting.size();
    } else if (dice < 90) {
      const auto record = journal->Read();
      ASSERT_EQ(record.has_value(), read < sealed);
      if (!record) continue;
      ASSERT_EQ(record->bytes, waiting[read]);
      ASSERT_EQ(record->index.value, released + ++read);
    } else if (dice < 98) {
      if (read == 0) continue;
      released += read;
      journal->ReleaseRead(LogIndex{released});
      waiting.erase(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(read));
      sealed -= read;
      read = 0;
    } else {
      // The store may have got a little further than the journal knows.
      const uint64_t applied = released + random.Below(read + 1);
      const std::vector<std::string> found = AfterCrash(applied);
      waiting.erase(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(applied - released));
      ASSERT_EQ(found, std::vector<std::string>(waiting.begin(), waiting.end())) << "step " << step;
      journal = Open(path_);
      ASSERT_LE(journal->committed_high_water().value, applied);
      released = applied + found.size();
      ASSERT_TRUE(journal->StartEpoch(LogIndex{released + 1}));
      waiting.clear();
      sealed = read = 0;
    }
  }
}

}  // namespace
}  // namespace parley::log
