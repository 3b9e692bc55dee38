#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace parley::client {

// What `parley doctor` finds on this machine, before anything is made of it.

struct PathFacts {
  std::string path;
  bool exists = false;
  bool readable = true;  // its folder may be looked into
  bool folder = false;
  uint32_t mode = 0;  // permission bits
  std::string owner;  // user name, or a number
  uint64_t bytes = 0;
};

struct DiskFacts {
  uint64_t free_bytes = 0;
  uint64_t total_bytes = 0;
  std::string file_system;  // "ext4", "tmpfs", …; or a number
  bool in_memory = false;
  bool remote = false;
};

struct ProgramFacts {
  std::string path;
  bool exists = false;
  bool shared_object = false;        // an ELF library for this machine
  bool plugin = false;               // it names the entry points of a Mosquitto plugin
  std::vector<std::string> missing;  // libraries that the loader does not find
};

// Each looks, and changes nothing.
PathFacts LookAtPath(const std::string& path);
std::optional<DiskFacts> LookAtDisk(const std::string& path);
ProgramFacts LookAtPlugin(const std::string& path);
// True when something listens.
bool Answers(const std::string& address, uint16_t port);
// The status of a GET, or nothing when there is no HTTP server.
std::optional<int> HttpStatus(const std::string& address, uint16_t port, const std::string& path);

}  // namespace parley::client
