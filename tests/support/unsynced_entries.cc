#include "tests/support/unsynced_entries.h"

#include <filesystem>
#include <system_error>

namespace parley::testing {
namespace {

namespace files = std::filesystem;

std::string FolderOf(const std::string& path) {
  return files::path(path).lexically_normal().parent_path().string();
}

std::string WithoutSlash(const std::string& folder) {
  const std::string normal = files::path(folder).lexically_normal().string();
  return normal.size() > 1 && normal.ends_with('/') ? normal.substr(0, normal.size() - 1) : normal;
}

}  // namespace

// Beside the folder, so that RocksDB never sees it.
std::string UnsyncedEntries::Save(const std::string& path, bool link) {
  std::error_code error;
  if (!files::exists(path, error)) return {};
  const std::string folder = FolderOf(path) + ".gone";
  files::create_directories(folder, error);
  std::string saved = folder + "/" + std::to_string(++saved_);
  if (link) {
    files::create_hard_link(path, saved, error);
  } else {
    files::rename(path, saved, error);
  }
  return saved;
}

void UnsyncedEntries::Made(const std::string& path) {
  changes_.push_back({Kind::kMade, path, {}, {}});
}

void UnsyncedEntries::MadeFolder(const std::string& path) {
  changes_.push_back({Kind::kMadeFolder, WithoutSlash(path), {}, {}});
}

void UnsyncedEntries::Renaming(const std::string& from, const std::string& to) {
  changes_.push_back({Kind::kRenamed, to, from, Save(to, true)});
}

bool UnsyncedEntries::Deleting(const std::string& path) {
  const std::string saved = Save(path, false);
  if (saved.empty()) return false;
  changes_.push_back({Kind::kDeleted, path, {}, saved});
  return true;
}

void UnsyncedEntries::Synced(const std::string& folder) {
  const std::string synced = WithoutSlash(folder);
  std::erase_if(changes_, [&synced](const Change& change) {
    if (FolderOf(change.path) != synced) return false;
    std::error_code ignored;
    if (!change.saved.empty()) files::remove(change.saved, ignored);
    return true;
  });
}

void UnsyncedEntries::UndoAllBut(size_t kept) {
  while (changes_.size() > kept) {
    Undo(changes_.back());
    changes_.pop_back();
  }
  std::error_code ignored;
  for (const Change& change : changes_) {
    if (!change.saved.empty()) files::remove(change.saved, ignored);
  }
  changes_.clear();
}

void UnsyncedEntries::Undo(const Change& change) {
  std::error_code ignored;
  switch (change.kind) {
    case Kind::kMade:
      files::remove(change.path, ignored);
      return;
    case Kind::kMadeFolder:
      files::remove_all(change.path, ignored);
      return;
    case Kind::kRenamed:
      files::rename(change.path, change.from, ignored);
      break;
    case Kind::kDeleted:
      break;
  }
  if (!change.saved.empty()) files::rename(change.saved, change.path, ignored);
}

}  // namespace parley::testing
