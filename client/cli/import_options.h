#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/cli/global.h"
#include "client/cli/help.h"
#include "schemas/result.h"

namespace parley::client {

struct ImportOptions {
  GlobalOptions global;
  std::optional<std::string> acl_file;
  std::optional<std::string> password_file;
  bool dry_run = false;
};

// True for `parley admin import …`.
bool IsImport(const std::vector<std::string>& words);
// Behind `import`, --password-file is the file to import; before it, one's own. INVALID_ARGUMENT when there
// is no file to import.
Result<ImportOptions> ParseImportOptions(const std::vector<std::string>& words);
CommandHelp ImportHelp();

}  // namespace parley::client
