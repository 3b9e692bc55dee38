#include "broker-plugin/app/data_folder.h"

#include <cerrno>
#include <cstring>
#include <filesystem>

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace parley::plugin {
namespace {

std::string UserName() {
  const passwd* user = ::getpwuid(::geteuid());
  return user != nullptr ? user->pw_name : std::to_string(::geteuid());
}

}  // namespace

Status PrepareFolder(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    std::filesystem::create_directories(path, error);
    if (error) {
      return Error{Code::FAILED_PRECONDITION, "cannot make the folder " + path + ": " + error.message() +
                                                  ": make it, and give it to the broker's user " +
                                                  UserName()};
    }
    ::chmod(path.c_str(), 0700);
  }
  if (!std::filesystem::is_directory(path, error)) {
    return Error{Code::FAILED_PRECONDITION,
                 path + " is not a folder: name another in plugin_opt_parley_data"};
  }
  if (::access(path.c_str(), R_OK | W_OK | X_OK) != 0) {
    return Error{Code::FAILED_PRECONDITION, "cannot write to " + path + ": " + std::strerror(errno) +
                                                ": give it to the broker's user (chown " + UserName() + ")"};
  }
  return {};
}

Status CheckStoreFolder(const std::string& store) {
  std::error_code error;
  if (!std::filesystem::exists(store, error) || std::filesystem::is_empty(store, error)) return {};
  if (std::filesystem::is_directory(store, error) && std::filesystem::exists(store + "/CURRENT", error))
    return {};
  return Error{
      Code::FAILED_PRECONDITION,
      store + " holds something that is no store of Parley: name another folder in plugin_opt_parley_data"};
}

}  // namespace parley::plugin
