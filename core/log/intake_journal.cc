#include "core/log/intake_journal.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/log/crc32c.h"

namespace parley::log {

struct IntakeJournal::FileHeader {
  char magic[8];
  uint32_t version;
  uint32_t reserved;
  uint64_t ring_bytes;
  char store_id[16];
  uint64_t epoch;
  std::atomic<uint64_t> committed;  // a hint for people and the high-water mark of a store that went back
};

struct IntakeJournal::RecordHeader {
  uint32_t magic;
  uint32_t crc;  // crc32c over epoch, index, length, payload
  uint64_t epoch;
  uint64_t index;
  uint32_t length;
  uint32_t reserved;
};

namespace {

constexpr char kFileMagic[8] = {'P', 'R', 'L', 'Y', 'R', 'I', 'N', 'G'};
constexpr uint32_t kFileVersion = 1;
constexpr uint32_t kRecordMagic = 0x4C524A50;  // "PJRL"
constexpr uint32_t kSkipMagic = 0x50494B53;    // "SKIP": the ring goes on at its start
constexpr uint64_t kHeaderBytes = 4096;
constexpr uint64_t kAlignment = 16;

Error Failed(const std::string& what, const std::string& path) {
  return {Code::INTERNAL, what + " " + path + ": " + std::strerror(errno)};
}

Error NoJournal(const std::string& path, const std::string& why) {
  return {Code::FAILED_PRECONDITION,
          path + " is not a journal of Parley (" + why +
              "): move it away, or give another parley_journal (messages that only it holds are lost then)"};
}

// Makes the entry of a new file in its folder durable.
Status SyncFolderOf(const std::string& path) {
  const std::string folder = std::filesystem::absolute(path).parent_path().string();
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return Failed("open the folder", folder);
  const int failed = ::fsync(fd);
  Error error = Failed("sync the folder", folder);
  ::close(fd);
  if (failed != 0) return error;
  return {};
}

// False for a new file, and for one whose making was interrupted: whatever its size, it begins with zeros.
// (Or its first page was lost with the power: then the epoch of its records is, too.)
Result<bool> IsBegun(int fd, const std::string& path) {
  char head[kHeaderBytes] = {};
  const ssize_t bytes = ::pread(fd, head, sizeof head, 0);
  if (bytes < 0) return Failed("read journal", path);
  return std::any_of(head, head + bytes, [](char byte) { return byte != 0; });
}

uint64_t Padded(uint64_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

uint32_t Checksum(uint64_t epoch, uint64_t index, std::string_view record) {
  const uint64_t prefix[] = {epoch, index, record.size()};
  return ~ExtendCrc(ExtendCrc(~uint32_t{0}, prefix, sizeof prefix), record.data(), record.size());
}

// Epochs cannot be guessed, so that no payload can hold something that looks like a record of ours.
uint64_t RandomEpoch() {
  uint64_t epoch = 0;
  while (epoch == 0) {
    if (::getrandom(&epoch, sizeof epoch, 0) != sizeof epoch) epoch = 0;
  }
  return epoch;
}

}  // namespace

std::optional<IntakeJournal::Mark> IntakeJournal::Peek(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  alignas(FileHeader) char head[sizeof(FileHeader)] = {};
  const ssize_t bytes = ::pread(fd, head, sizeof head, 0);
  ::close(fd);
  const auto& header = *reinterpret_cast<const FileHeader*>(head);
  if (bytes != sizeof head || std::memcmp(header.magic, kFileMagic, sizeof header.magic) != 0 ||
      header.version != kFileVersion) {
    return std::nullopt;
  }
  Mark mark{.store_id = {}, .committed = {header.committed.load(std::memory_order_relaxed)}};
  std::memcpy(mark.store_id.data(), header.store_id, sizeof header.store_id);
  return mark;
}

Result<std::unique_ptr<IntakeJournal>> IntakeJournal::Open(const Options& options) {
  std::unique_ptr<IntakeJournal> journal(new IntakeJournal());
  journal->path_ = options.path;
  journal->fd_ = ::open(options.path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (journal->fd_ < 0) return Failed("open journal", options.path);
  struct stat info {};
  if (::fstat(journal->fd_, &info) != 0) return Failed("look at journal", options.path);
  const auto size = static_cast<uint64_t>(info.st_size);
  const Result<bool> begun = IsBegun(journal->fd_, options.path);
  if (!begun) return begun.error();
  const uint64_t file_bytes = *begun ? size : kHeaderBytes + options.ring_bytes;
  if (*begun && (size <= kHeaderBytes || size % kHeaderBytes != 0)) {
    return NoJournal(options.path, "its size is odd");
  }
  if (size > file_bytes && ::ftruncate(journal->fd_, static_cast<off_t>(file_bytes)) != 0) {
    return Failed("cut journal", options.path);
  }
  // Never sparse: a hole that is first written on a full disk would be SIGBUS.
  if (const int failed = ::posix_fallocate(journal->fd_, 0, static_cast<off_t>(file_bytes)); failed != 0) {
    errno = failed;
    Error error = Failed("reserve " + std::to_string(file_bytes >> 20) + " MiB for journal", options.path);
    if (!*begun) ::unlink(options.path.c_str());
    return error;
  }
  void* mapped =
      ::mmap(nullptr, file_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, journal->fd_, 0);
  if (mapped == MAP_FAILED) return Failed("map journal", options.path);
  journal->header_ = static_cast<FileHeader*>(mapped);
  journal->mapped_bytes_ = file_bytes;
  journal->ring_bytes_ = file_bytes - kHeaderBytes;

  FileHeader& header = *journal->header_;
  if (!*begun) {
    header.version = kFileVersion;
    header.ring_bytes = journal->ring_bytes_;
    std::memcpy(header.store_id, options.store_id.data(), sizeof header.store_id);
    header.epoch = RandomEpoch();
    std::atomic_signal_fence(std::memory_order_release);  // begun only when all of it is there
    std::memcpy(header.magic, kFileMagic, sizeof header.magic);
    if (Status synced = SyncFolderOf(options.path); !synced) return std::move(synced).error();
  }
  if (std::memcmp(header.magic, kFileMagic, sizeof header.magic) != 0 ||
      header.ring_bytes != journal->ring_bytes_) {
    return NoJournal(options.path, "its header is another's");
  }
  if (header.version != kFileVersion) {
    return Error{Code::FAILED_PRECONDITION, options.path + " has version " + std::to_string(header.version) +
                                                "; this Parley knows version 1: use a newer Parley"};
  }
  if (std::memcmp(header.store_id, options.store_id.data(), sizeof header.store_id) != 0) {
    return Error{Code::FAILED_PRECONDITION,
                 options.path +
                     " belongs to another store: put the store that it came "
                     "with back, or move the journal away (its unstored messages are lost then)"};
  }
  journal->epoch_ = header.epoch;
  return journal;
}

IntakeJournal::~IntakeJournal() {
  if (header_ != nullptr) ::munmap(header_, mapped_bytes_);
  if (fd_ >= 0) ::close(fd_);
}

LogIndex IntakeJournal::committed_high_water() const {
  return {header_->committed.load(std::memory_order_relaxed)};
}

std::vector<std::string> IntakeJournal::Recover(LogIndex applied) const {
  std::map<uint64_t, std::string_view> found;
  for (uint64_t offset = 0; offset + sizeof(RecordHeader) <= ring_bytes_;) {
    if (!IsRecord(offset, header_->epoch)) {
      offset += kAlignment;
      continue;
    }
    const RecordHeader& record = *HeaderAt(offset);
    found[record.index] = std::string_view(reinterpret_cast<const char*>(&record + 1), record.length);
    offset += RingBytes(record.length);
  }
  std::vector<std::string> records;
  for (uint64_t index = applied.value + 1;; ++index) {
    const auto next = found.find(index);
    if (next == found.end()) return records;
    records.emplace_back(next->second);
  }
}

Status IntakeJournal::StartEpoch(LogIndex next) {
  epoch_ = RandomEpoch();
  header_->epoch = epoch_;
  header_->committed.store(next.value - 1, std::memory_order_relaxed);
  next_index_ = next.value;
  head_ = 0;
  sealed_ = 0;
  tail_ = 0;
  read_ = 0;
  if (::msync(header_, kHeaderBytes, MS_SYNC) != 0) return Failed("sync journal", path_);
  return {};
}

uint64_t IntakeJournal::RingBytes(size_t record_bytes) {
  return Padded(sizeof(RecordHeader) + record_bytes);
}

std::optional<LogIndex> IntakeJournal::Append(std::string_view record) {
  const uint64_t needed = RingBytes(record.size());
  const uint64_t to_end = ring_bytes_ - head_ % ring_bytes_;
  const uint64_t skipped = needed > to_end ? to_end : 0;  // a record never wraps
  if (needed + skipped > free_bytes()) return std::nullopt;
  if (skipped > 0) {
    HeaderAt(head_)->magic = kSkipMagic;
    head_ += skipped;
  }
  RecordHeader& header = *HeaderAt(head_);
  std::memcpy(&header + 1, record.data(), record.size());
  header = {.magic = kRecordMagic,
            .crc = Checksum(epoch_, next_index_, record),
            .epoch = epoch_,
            .index = next_index_,
            .length = static_cast<uint32_t>(record.size()),
            .reserved = 0};
  head_ += needed;
  return LogIndex{next_index_++};
}

bool IntakeJournal::Seal() {
  if (sealed_.load(std::memory_order_relaxed) == head_) return false;
  sealed_.store(head_);  // in one order with what the caller looks at next (LocalLog::Seal)
  return true;
}

bool IntakeJournal::HasSealed() const {
  return sealed_.load() > read_.load(std::memory_order_acquire);
}

std::optional<IntakeJournal::Record> IntakeJournal::Read() {
  if (!HasSealed()) return std::nullopt;
  uint64_t position = read_.load(std::memory_order_relaxed);
  if (HeaderAt(position)->magic == kSkipMagic) position += ring_bytes_ - position % ring_bytes_;
  const RecordHeader& header = *HeaderAt(position);
  read_.store(position + RingBytes(header.length), std::memory_order_release);
  return Record{{header.index}, {reinterpret_cast<const char*>(&header + 1), header.length}};
}

void IntakeJournal::ReleaseRead(LogIndex committed) {
  header_->committed.store(committed.value, std::memory_order_relaxed);
  tail_.store(read_.load(std::memory_order_relaxed), std::memory_order_release);
}

char* IntakeJournal::ring() const {
  return reinterpret_cast<char*>(header_) + kHeaderBytes;
}

IntakeJournal::RecordHeader* IntakeJournal::HeaderAt(uint64_t position) const {
  return reinterpret_cast<RecordHeader*>(ring() + position % ring_bytes_);
}

bool IntakeJournal::IsRecord(uint64_t offset, uint64_t epoch) const {
  const RecordHeader& header = *HeaderAt(offset);
  if (header.magic != kRecordMagic || header.epoch != epoch) return false;
  if (header.length > ring_bytes_ - offset - sizeof(RecordHeader)) return false;
  const std::string_view payload(reinterpret_cast<const char*>(&header + 1), header.length);
  return header.crc == Checksum(header.epoch, header.index, payload);
}

}  // namespace parley::log
