#pragma once

#include <optional>
#include <string>

#include "client/cli/finding.h"
#include "client/cli/server_facts.h"

namespace parley::client {

// What facts of the machine mean for Parley. Pure.

Finding CheckPlugin(const ProgramFacts& plugin);

// A file or folder of the data folder. `secret`: only its owner may read it. `owner`: the broker's user, or
// "" when that is not known.
Finding CheckPath(const PathFacts& facts, bool secret, const std::string& owner);

// `what`: "data" or "journal". `journal`: then the file system's kind counts for what a PUBACK promises.
Finding CheckDisk(const std::string& what, const std::string& path, const std::optional<DiskFacts>& disk,
                  bool journal);

Finding CheckListenerAnswers(const std::string& address, uint16_t port, bool answers);

// `status`: of a GET /ready.
Finding CheckBridge(const std::string& address, uint16_t port, const std::optional<int>& status);

}  // namespace parley::client
