#include "client/cli/server_checks.h"

#include <array>
#include <cstdio>

namespace parley::client {
namespace {

using Level = Finding::Level;

constexpr uint64_t kMiB = uint64_t{1} << 20;
constexpr uint64_t kFreeProblem = 64 * kMiB;
constexpr uint64_t kFreeWarning = 1024 * kMiB;

std::string Octal(uint32_t mode) {
  std::array<char, 16> text{};
  const int length = std::snprintf(text.data(), text.size(), "%04o", mode);
  return {text.data(), static_cast<size_t>(length > 0 ? length : 0)};
}

std::string Size(uint64_t bytes) {
  constexpr uint64_t kGiB = 1024 * kMiB;
  return bytes < 10U * kGiB ? std::to_string(bytes / kMiB) + " MiB" : std::to_string(bytes / kGiB) + " GiB";
}

}  // namespace

Finding CheckPlugin(const ProgramFacts& plugin) {
  if (!plugin.exists) {
    return {Level::kProblem, plugin.path,
            "cannot be read: build or install Parley, and name the file in 'plugin'"};
  }
  if (!plugin.shared_object) {
    return {Level::kProblem, plugin.path, "is no library for this machine: build it here"};
  }
  if (!plugin.plugin) return {Level::kProblem, plugin.path, "is no plugin of Mosquitto"};
  if (!plugin.missing.empty()) {
    std::string names;
    for (const std::string& name : plugin.missing) names += (names.empty() ? "" : ", ") + name;
    return {Level::kProblem, plugin.path, "needs libraries that are not installed: " + names};
  }
  return {Level::kOk, plugin.path, "can be loaded"};
}

Finding CheckPath(const PathFacts& facts, bool secret, const std::string& owner) {
  if (!facts.readable) {
    return {Level::kWarning, facts.path, "may not be looked at: run this as root or as the broker's user"};
  }
  if (!facts.exists) {
    return {Level::kWarning, facts.path, "is not there (the plugin makes it on its first start)"};
  }
  const std::string mode = Octal(facts.mode);
  if (secret && (facts.mode & 077U) != 0) {
    const std::string wanted = facts.folder ? "0700" : "0600";
    return {Level::kProblem, facts.path,
            "has mode " + mode + ", so that others may read it: chmod " + wanted + " " + facts.path};
  }
  if (!owner.empty() && facts.owner != owner) {
    return {Level::kProblem, facts.path,
            "belongs to " + facts.owner + ", and the broker runs as " + owner + ": chown " + owner + " " +
                facts.path};
  }
  return {Level::kOk, facts.path, "mode " + mode + ", owner " + facts.owner};
}

Finding CheckDisk(const std::string& what, const std::string& path, const std::optional<DiskFacts>& disk,
                  bool journal) {
  const std::string subject = "disk of the " + what;
  if (!disk) return {Level::kWarning, subject, "cannot be looked at: " + path};
  std::string text =
      Size(disk->free_bytes) + " free of " + Size(disk->total_bytes) + ", " + disk->file_system;
  if (disk->remote) {
    return {
        Level::kProblem, subject,
        text + ": a network file system keeps no promise about what is on a disk: use one of this machine"};
  }
  if (disk->free_bytes < kFreeProblem) {
    return {Level::kProblem, subject, text + ": messages will soon be refused: make room"};
  }
  if (disk->in_memory && !journal) {
    return {Level::kProblem, subject, text + ": all messages are gone when the machine restarts: use a disk"};
  }
  if (disk->in_memory) {
    return {Level::kWarning, subject,
            text + ": a restart of the machine loses what has a PUBACK and no ack of Parley yet (meant so?)"};
  }
  if (disk->free_bytes < kFreeWarning) return {Level::kWarning, subject, text + ": make room"};
  return {Level::kOk, subject, text};
}

Finding CheckListenerAnswers(const std::string& address, uint16_t port, bool answers) {
  const std::string subject = "listener " + address + ":" + std::to_string(port);
  if (answers) return {Level::kOk, subject, "answers"};
  return {Level::kWarning, subject,
          "does not answer: the broker does not run, or could not open it (see its log)"};
}

Finding CheckBridge(const std::string& address, uint16_t port, const std::optional<int>& status) {
  const std::string subject = "bridge http://" + address + ":" + std::to_string(port) + "/ready";
  if (!status) {
    return {Level::kWarning, subject,
            "does not answer: parley-bridge does not run, so there is no history and no sync (or give "
            "--http-port)"};
  }
  if (*status != 200) {
    return {Level::kWarning, subject,
            "says " + std::to_string(*status) +
                ": it has no connection to the broker or the store (see its log)"};
  }
  return {Level::kOk, subject, "is well"};
}

}  // namespace parley::client
