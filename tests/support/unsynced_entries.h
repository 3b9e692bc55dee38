#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace parley::testing {

// The changes of directories that nobody has synced yet, in order, and how to undo them. A journaling file
// system keeps some first part of them over a power cut. Not thread-safe.
class UnsyncedEntries {
 public:
  // Each after it was done, but Deleting(): it moves the file away instead of deleting it.
  void Made(const std::string& path);
  void MadeFolder(const std::string& path);
  void Renaming(const std::string& from, const std::string& to);  // before: keeps what `to` was
  bool Deleting(const std::string& path);

  // What happened in this folder is durable.
  void Synced(const std::string& folder);
  size_t size() const { return changes_.size(); }
  // Undoes, newest first, all but the first `kept` changes, and forgets them all.
  void UndoAllBut(size_t kept);

 private:
  enum class Kind { kMade, kMadeFolder, kRenamed, kDeleted };
  struct Change {
    Kind kind;
    std::string path;   // where it happened; of a rename: to
    std::string from;   // of a rename
    std::string saved;  // what was there before, moved or linked away; empty: nothing
  };
  std::string Save(const std::string& path, bool link);
  void Undo(const Change& change);

  std::vector<Change> changes_;
  uint64_t saved_ = 0;
};

}  // namespace parley::testing
