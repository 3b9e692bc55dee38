#include "client/cli/server_facts.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <string_view>

#include <elf.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

namespace parley::client {
namespace {

constexpr int kPatienceMs = 2'000;
constexpr size_t kAnswerBytesMax = size_t{64} * 1024;

std::string UserName(uid_t uid) {
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 4096> buffer{};
  if (getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr)
    return found->pw_name;
  return std::to_string(uid);
}

// Numbers of linux/magic.h.
struct FileSystem {
  uint64_t magic;
  const char* name;
  bool in_memory;
  bool remote;
};
constexpr std::array kFileSystems = {
    FileSystem{0xEF53, "ext4", false, false},          FileSystem{0x58465342, "xfs", false, false},
    FileSystem{0x9123683E, "btrfs", false, false},     FileSystem{0x2FC12FC1, "zfs", false, false},
    FileSystem{0x01021994, "tmpfs", true, false},      FileSystem{0x858458F6, "ramfs", true, false},
    FileSystem{0x794C7630, "overlayfs", false, false}, FileSystem{0x6969, "nfs", false, true},
    FileSystem{0xFF534D42, "cifs", false, true},       FileSystem{0xFE534D42, "smb2", false, true},
    FileSystem{0x65735546, "fuse", false, false},      FileSystem{0xF2F52010, "f2fs", false, false},
};

// What a program prints; it is ended after some seconds. "" when it cannot be run.
std::string OutputOf(const char* program, const std::string& argument) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return "";
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDOUT_FILENO);
    dup2(ends[1], STDERR_FILENO);
    alarm(10);
    execlp(program, program, argument.c_str(), nullptr);
    _exit(127);
  }
  close(ends[1]);
  std::string text;
  std::array<char, 4096> buffer{};
  while (child > 0) {
    const ssize_t count = read(ends[0], buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    if (text.size() < kAnswerBytesMax) text.append(buffer.data(), static_cast<size_t>(count));
  }
  close(ends[0]);
  int status = 0;
  if (child > 0) waitpid(child, &status, 0);
  return text;
}

// A TCP connection, or -1.
int Connect(const std::string& address, uint16_t port) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(address.c_str(), std::to_string(port).c_str(), &wanted, &found) != 0) return -1;
  int connected = -1;
  for (const addrinfo* each = found; each != nullptr && connected < 0; each = each->ai_next) {
    const int fd = socket(each->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) continue;
    int error = connect(fd, each->ai_addr, each->ai_addrlen) == 0 ? 0 : errno;
    pollfd writable{fd, POLLOUT, 0};
    if (error == EINPROGRESS && poll(&writable, 1, kPatienceMs) == 1) {
      socklen_t length = sizeof(error);
      getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
    }
    if (error == 0) connected = fd;
    if (error != 0) close(fd);
  }
  freeaddrinfo(found);
  return connected;
}

}  // namespace

PathFacts LookAtPath(const std::string& path) {
  PathFacts facts;
  facts.path = path;
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) {
    facts.readable = errno != EACCES;
    return facts;
  }
  facts.exists = true;
  facts.folder = S_ISDIR(status.st_mode);
  facts.mode = status.st_mode & 07777U;
  facts.owner = UserName(status.st_uid);
  facts.bytes = static_cast<uint64_t>(status.st_size);
  return facts;
}

std::optional<DiskFacts> LookAtDisk(const std::string& path) {
  struct statfs status {};
  if (statfs(path.c_str(), &status) != 0) return std::nullopt;
  DiskFacts facts;
  const auto block = static_cast<uint64_t>(status.f_bsize);
  facts.free_bytes = status.f_bavail * block;
  facts.total_bytes = status.f_blocks * block;
  const auto magic = static_cast<uint64_t>(status.f_type) & 0xFFFFFFFFU;
  facts.file_system = "type " + std::to_string(magic);
  for (const FileSystem& known : kFileSystems) {
    if (known.magic != magic) continue;
    facts.file_system = known.name;
    facts.in_memory = known.in_memory;
    facts.remote = known.remote;
  }
  return facts;
}

ProgramFacts LookAtPlugin(const std::string& path) {
  ProgramFacts facts;
  facts.path = path;
  std::ifstream file(path, std::ios::binary);
  if (!file) return facts;
  facts.exists = true;
  std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  Elf64_Ehdr own{};
  Elf64_Ehdr header{};
  std::ifstream self("/proc/self/exe", std::ios::binary);
  self.read(reinterpret_cast<char*>(&own), sizeof(own));
  if (bytes.size() >= sizeof(header)) std::memcpy(&header, bytes.data(), sizeof(header));
  facts.shared_object = std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 && header.e_type == ET_DYN &&
                        header.e_machine == own.e_machine;
  facts.plugin = bytes.find("mosquitto_plugin_init") != std::string::npos;
  bytes.clear();
  if (!facts.shared_object) return facts;
  // Not dlopen(): that would run it.
  const std::string libraries = OutputOf("ldd", path);
  for (size_t begin = 0; begin < libraries.size();) {
    const size_t end = std::min(libraries.find('\n', begin), libraries.size());
    const std::string line = libraries.substr(begin, end - begin);
    begin = end + 1;
    const size_t arrow = line.find(" => not found");
    if (arrow == std::string::npos) continue;
    facts.missing.push_back(
        line.substr(line.find_first_not_of(" \t"), arrow - line.find_first_not_of(" \t")));
  }
  return facts;
}

bool Answers(const std::string& address, uint16_t port) {
  const int fd = Connect(address, port);
  if (fd >= 0) close(fd);
  return fd >= 0;
}

std::optional<int> HttpStatus(const std::string& address, uint16_t port, const std::string& path) {
  const int fd = Connect(address, port);
  if (fd < 0) return std::nullopt;
  const std::string request =
      "GET " + path + " HTTP/1.1\r\nHost: " + address + "\r\nConnection: close\r\n\r\n";
  std::string answer;
  if (send(fd, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size())) {
    pollfd readable{fd, POLLIN, 0};
    std::array<char, 1024> buffer{};
    while (answer.find('\n') == std::string::npos && answer.size() < kAnswerBytesMax &&
           poll(&readable, 1, kPatienceMs) == 1) {
      const ssize_t count = read(fd, buffer.data(), buffer.size());
      if (count <= 0) break;
      answer.append(buffer.data(), static_cast<size_t>(count));
    }
  }
  close(fd);
  constexpr std::string_view kHead = "HTTP/1.1 ";
  int status = 0;
  if (answer.compare(0, 5, "HTTP/") != 0 || answer.size() < kHead.size() + 3) return std::nullopt;
  const char* begin = answer.data() + kHead.size();
  if (std::from_chars(begin, begin + 3, status).ec != std::errc()) return std::nullopt;
  return status;
}

}  // namespace parley::client
