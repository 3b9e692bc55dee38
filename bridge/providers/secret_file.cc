#include "bridge/providers/secret_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>

#include "bridge/providers/limits.h"

namespace parley::bridge {

Result<std::string> ReadSecretFile(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text;
  if (file.is_open()) {
    text.resize(limits::kSecretFileBytesMax + 1);
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<size_t>(file.gcount()));
  }
  if (!file.is_open() || file.bad()) {
    const int cause = errno;
    return Error{cause == ENOENT ? Code::NOT_FOUND : Code::PERMISSION_DENIED,
                 "cannot read " + path + ": " + std::strerror(cause)};
  }
  if (text.size() > limits::kSecretFileBytesMax) {
    return Error{Code::INVALID_ARGUMENT, path + " is too large for a file with a key"};
  }
  return text;
}

}  // namespace parley::bridge
