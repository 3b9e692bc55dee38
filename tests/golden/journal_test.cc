// The bytes of the intake journal (docs/formats/journal.md).

#include <cstring>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <isa-l/crc.h>

#include "tests/golden/golden_file.h"
#include "tests/golden/golden_store.h"
#include "tests/support/temp_folder.h"

namespace parley::testing {

std::vector<std::string> GoldenLines(const std::string& folder, const std::string& name) {
  std::istringstream file(ReadWholeFile(GoldenFolder() / folder / name));
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

std::vector<domain::Command> GoldenCommands(const std::string& folder) {
  std::vector<domain::Command> commands;
  for (const std::string& line : GoldenLines(folder, "commands")) {
    if (!commands.emplace_back().ParseFromString(FromHex(line)))
      throw std::runtime_error("no command: " + line);
  }
  return commands;
}

namespace {

// Integers of the journal are little-endian.
template <typename Number>
std::string Little(Number number) {
  std::string bytes(sizeof number, '\0');
  for (char& byte : bytes) {
    byte = static_cast<char>(number & 0xFF);
    number = static_cast<Number>(number >> 8);
  }
  return bytes;
}

std::string RecordByTheBook(uint64_t epoch, uint64_t index, const std::string& payload) {
  std::string checked = Little(epoch) + Little(index) + Little(uint64_t{payload.size()}) + payload;
  const uint32_t crc =
      ~crc32_iscsi(reinterpret_cast<unsigned char*>(checked.data()), static_cast<int>(checked.size()), ~0U);
  std::string record = "PJRL" + Little(crc) + Little(epoch) + Little(index) +
                       Little(static_cast<uint32_t>(payload.size())) + Little(uint32_t{0}) + payload;
  record.resize((record.size() + 15) / 16 * 16);
  return record;
}

}  // namespace

std::string JournalByTheBook(uint64_t epoch, uint64_t committed, uint64_t first,
                             const std::vector<std::string>& records) {
  std::string file = "PRLYRING" + Little(uint32_t{1}) + Little(uint32_t{0}) + Little(kGoldenRing);
  file.append(kGoldenStoreId.data(), kGoldenStoreId.size());
  file += Little(epoch) + Little(committed);
  file.resize(4096);
  for (const std::string& record : records) file += RecordByTheBook(epoch, first++, record);
  file.resize(4096 + kGoldenRing);
  return file;
}

namespace {

using log::IntakeJournal;

// The records of the golden journal, and the index before the first.
struct Tail {
  std::vector<std::string> records;
  uint64_t applied;
};
Tail GoldenTail() {
  std::vector<std::string> lines = GoldenLines(kNewestStore, "commands");
  Tail tail{{}, lines.size() - kInJournal};
  for (size_t i = tail.applied; i < lines.size(); ++i) tail.records.push_back(FromHex(lines[i]));
  return tail;
}

uint64_t EpochOf(const std::string& file) {
  uint64_t epoch = 0;
  std::memcpy(&epoch, &file.at(40), sizeof epoch);
  return epoch;
}

class GoldenJournal : public ::testing::Test {
 protected:
  std::unique_ptr<IntakeJournal> Open() {
    auto journal =
        IntakeJournal::Open({.path = path_, .ring_bytes = kGoldenRing, .store_id = kGoldenStoreId});
    EXPECT_TRUE(journal) << journal.error().reason;
    return journal ? std::move(*journal) : nullptr;
  }

  const TempFolder folder_;
  const std::string path_ = folder_ / "journal";
};

TEST_F(GoldenJournal, IsReadFromTheseBytes) {
  const Tail tail = GoldenTail();
  const std::string golden = ReadWholeFile(GoldenFolder() / kNewestStore / "journal");
  EXPECT_EQ(ToHex(golden),
            ToHex(JournalByTheBook(EpochOf(golden), tail.applied, tail.applied + 1, tail.records)));
  WriteWholeFile(path_, golden);
  const auto journal = Open();
  ASSERT_NE(journal, nullptr);
  EXPECT_EQ(journal->committed_high_water().value, tail.applied);
  EXPECT_EQ(journal->Recover(LogIndex{tail.applied}), tail.records);
}

TEST_F(GoldenJournal, IsWrittenToTheseBytes) {
  const Tail tail = GoldenTail();
  const auto journal = Open();
  ASSERT_NE(journal, nullptr);
  ASSERT_TRUE(journal->StartEpoch(LogIndex{tail.applied + 1}));
  for (const std::string& record : tail.records) ASSERT_TRUE(journal->Append(record));
  const std::string written = ReadWholeFile(path_);
  EXPECT_EQ(ToHex(written),
            ToHex(JournalByTheBook(EpochOf(written), tail.applied, tail.applied + 1, tail.records)));
}

TEST_F(GoldenJournal, ASkipIsWrittenToTheseBytes) {
  const auto journal = Open();
  ASSERT_NE(journal, nullptr);
  ASSERT_TRUE(journal->StartEpoch(LogIndex{1}));
  // 3 records of 1200 bytes (1232 in the ring) leave 400: the next goes to the start once the first is read.
  // It needs no padding, which would be whatever lies there.
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(journal->Append(std::string(1200, 'x')));
  ASSERT_TRUE(journal->Seal());
  ASSERT_TRUE(journal->Read());
  journal->ReleaseRead(LogIndex{1});
  ASSERT_TRUE(journal->Append(std::string(1008, 'y')));
  const std::string written = ReadWholeFile(path_);
  EXPECT_EQ(written.substr(4096 + 3 * 1232, 4), "SKIP");
  const std::string first = RecordByTheBook(EpochOf(written), 4, std::string(1008, 'y'));
  EXPECT_EQ(ToHex(written.substr(4096, first.size())), ToHex(first));
}

}  // namespace
}  // namespace parley::testing
