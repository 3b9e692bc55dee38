#include "broker-plugin/delivery/listener_discovery.h"

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include <dirent.h>
#include <unistd.h>

namespace parley::plugin {
namespace {

// Inodes of the sockets that this process has open.
std::set<std::string> OwnSockets() {
  std::set<std::string> inodes;
  DIR* folder = ::opendir("/proc/self/fd");
  if (folder == nullptr) return inodes;
  while (const dirent* entry = ::readdir(folder)) {
    char target[64];
    const std::string path = std::string("/proc/self/fd/") + entry->d_name;
    const ssize_t length = ::readlink(path.c_str(), target, sizeof target);
    const std::string link(target, length > 0 ? static_cast<size_t>(length) : 0);
    if (link.rfind("socket:[", 0) == 0) inodes.insert(link.substr(8, link.size() - 9));
  }
  ::closedir(folder);
  return inodes;
}

// proc(5), net/tcp: sl local_address rem_address st … inode is the tenth column; state 0A is LISTEN.
void AddListeners(const char* table, bool v6, const std::set<std::string>& own,
                  std::vector<ListenAddress>& found) {
  std::ifstream lines(table);
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    std::istringstream columns(line);
    std::string slot, local, remote, state, queues, timer, retransmits, uid, timeout, inode;
    columns >> slot >> local >> remote >> state >> queues >> timer >> retransmits >> uid >> timeout >> inode;
    const size_t colon = local.find(':');
    if (state != "0A" || colon == std::string::npos || !own.contains(inode)) continue;
    const bool any = local.find_first_not_of('0') >= colon;
    const bool loopback = v6 ? local.substr(0, colon) == "00000000000000000000000001000000"
                             : local.substr(colon - 2, 2) == "7F";
    if (!any && !loopback) continue;
    const auto port = static_cast<uint16_t>(std::stoul(local.substr(colon + 1), nullptr, 16));
    found.push_back({.v6 = v6, .port = port});
  }
}

}  // namespace

std::vector<ListenAddress> OwnListeners() {
  const std::set<std::string> own = OwnSockets();
  std::vector<ListenAddress> found;
  AddListeners("/proc/self/net/tcp", false, own, found);
  AddListeners("/proc/self/net/tcp6", true, own, found);
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

}  // namespace parley::plugin
