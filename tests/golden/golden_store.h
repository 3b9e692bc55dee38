#pragma once

#include <string>
#include <vector>

#include "core/domain/state_machine.h"
#include "core/log/intake_journal.h"

namespace parley::testing {

// A data folder as an earlier version has left it, killed between two commits: tests/golden/store-{n}/ with
//   store/    the store: one part in tables, one in the write-ahead log
//   journal   the journal: the last kInJournal commands are in no store yet
//   commands  all commands, one a line, in hexadecimal
//   rows      what the store holds, one row a line: family, key, value, the latter two in hexadecimal
// A folder is never changed. When a later version writes something else, it gets the next number.
inline constexpr const char* kNewestStore = "store-3";
inline constexpr size_t kInJournal = 2;
inline constexpr uint64_t kGoldenRing = 4096;
inline constexpr log::StoreId kGoldenStoreId = {'a', ' ', 'g', 'o', 'l', 'd', 'e', 'n',
                                                ' ', 's', 't', 'o', 'r', 'e', '.', '1'};

// Lines of a golden file, without their line breaks.
std::vector<std::string> GoldenLines(const std::string& folder, const std::string& name);
std::vector<domain::Command> GoldenCommands(const std::string& folder);

// A journal file by the description in docs/formats/journal.md and nothing else: ring of kGoldenRing bytes,
// records from `first` on.
std::string JournalByTheBook(uint64_t epoch, uint64_t committed, uint64_t first,
                             const std::vector<std::string>& records);

}  // namespace parley::testing
