// A journal file of arbitrary bytes. 'r' + bytes: the file as it is. 'c' + bytes: the same, but the checksum
// of everything that looks like a record is made right, which no fuzzer can guess (docs/formats/journal.md).

#include <cstring>
#include <string>

#include <fcntl.h>
#include <isa-l/crc.h>
#include <unistd.h>

#include "core/log/intake_journal.h"
#include "tests/fuzz/input.h"
#include "tests/support/temp_folder.h"

namespace parley::fuzz {
namespace {

using log::IntakeJournal;

constexpr size_t kHeaderBytes = 4096;
constexpr size_t kFileBytesMax = size_t{64} * 1024;
constexpr log::StoreId kStore = {'s', 't', 'o', 'r', 'e'};

uint32_t Crc32c(uint32_t crc, const char* data, size_t bytes) {
  return crc32_iscsi(reinterpret_cast<unsigned char*>(const_cast<char*>(data)), static_cast<int>(bytes), crc);
}

void MakeChecksumsRight(std::string& file) {
  for (size_t at = kHeaderBytes; at + 32 <= file.size(); at += 16) {
    if (file.compare(at, 4, "PJRL") != 0) continue;
    uint32_t length = 0;
    std::memcpy(&length, &file[at + 24], sizeof length);
    if (length > file.size() - at - 32) continue;
    const uint64_t length64 = length;
    uint32_t crc = Crc32c(~uint32_t{0}, &file[at + 8], 16);
    crc = Crc32c(crc, reinterpret_cast<const char*>(&length64), sizeof length64);
    crc = ~Crc32c(crc, file.data() + at + 32, length);
    std::memcpy(&file[at + 4], &crc, sizeof crc);
  }
}

void Write(const std::string& path, std::string_view bytes) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const bool written =
      fd >= 0 && ::write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
  if (fd >= 0) ::close(fd);
  Require(written, "the fuzzer can write its file");
}

std::unique_ptr<IntakeJournal> Open(const std::string& path) {
  auto journal = IntakeJournal::Open({.path = path, .ring_bytes = 4096, .store_id = kStore});
  if (journal) return std::move(*journal);
  Require(!journal.error().reason.empty(), "a journal's error says why");
  return nullptr;
}

void TryJournal(const std::string& path) {
  const auto mark = IntakeJournal::Peek(path);
  const auto journal = Open(path);
  if (journal == nullptr) return;
  const LogIndex applied = mark ? mark->committed : LogIndex{0};
  if (mark) Require(mark->store_id == kStore, "what opens is a journal of this store");
  const std::vector<std::string> recovered = journal->Recover(applied);
  Require(journal->Recover(applied) == recovered, "recovering changes nothing");
  uint64_t bytes = 0;
  for (const std::string& record : recovered) bytes += IntakeJournal::RingBytes(record.size());
  Require(bytes <= journal->ring_bytes(), "records lie in the ring, apart from each other");

  if (applied.value + recovered.size() > UINT64_MAX - 2) return;  // no log is that long
  const LogIndex next{applied.value + recovered.size() + 1};
  Require(journal->StartEpoch(next).has_value(), "an epoch begins");
  Require(journal->Recover(LogIndex{next.value - 1}).empty(), "a new epoch holds nothing of the old one");
  const auto appended = journal->Append("hello");
  Require(appended && appended->value == next.value && journal->Seal(), "a record is taken");
  const auto read = journal->Read();
  Require(read && read->bytes == "hello", "a record is read as it was written");
  const auto crashed = Open(path);
  Require(
      crashed != nullptr && crashed->Recover(LogIndex{next.value - 1}) == std::vector<std::string>{"hello"},
      "a record outlives the process");
}

}  // namespace
}  // namespace parley::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace parley;
  static const testing::TempFolder folder;
  static const std::string path = folder / "journal";
  fuzz::Input input(data, size);
  const bool right_checksums = input.Byte() == 'c';
  std::string file(input.Rest().substr(0, fuzz::kFileBytesMax));
  // Libfuzzer grows its inputs slowly: whole pages make more of them files that open.
  file.resize((file.size() + 4095) / 4096 * 4096);
  if (right_checksums) fuzz::MakeChecksumsRight(file);
  fuzz::Write(path, file);
  fuzz::TryJournal(path);
  return 0;
}
