#include "broker-plugin/auth/credential_memory.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

namespace parley::plugin {
namespace {

// Reads a key that only we can have written.
bool ReadKey(int fd, unsigned char* key, size_t bytes) {
  struct stat info {};
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) return false;
  if (info.st_uid != ::geteuid() || (info.st_mode & 077) != 0) return false;
  return ::pread(fd, key, bytes, 0) == static_cast<ssize_t>(bytes);
}

}  // namespace

CredentialMemory CredentialMemory::Open(const std::string& folder, const std::string& name,
                                        std::string& why) {
  CredentialMemory memory;
  const std::string path = folder + "/parley-" + name + ".key";
  int fd = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  const bool known = fd >= 0 && ReadKey(fd, memory.key_.data(), memory.key_.size());
  if (fd >= 0) ::close(fd);
  if (known) return memory;

  randombytes_buf(memory.key_.data(), memory.key_.size());
  if (fd >= 0)
    ::unlink(path.c_str());  // damaged, or not ours to use; if we may not remove it, O_EXCL says so
  fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0 ||
      ::write(fd, memory.key_.data(), memory.key_.size()) != static_cast<ssize_t>(memory.key_.size())) {
    why = "remembered logins end with this process: " + path + ": " + std::strerror(errno);
  }
  if (fd >= 0) ::close(fd);
  return memory;
}

std::string CredentialMemory::Mac(std::string_view user, std::string_view password_hash,
                                  std::string_view password) const {
  crypto_generichash_state state;
  crypto_generichash_init(&state, key_.data(), key_.size(), crypto_generichash_BYTES);
  for (const std::string_view part : {user, password_hash, password}) {
    const uint64_t size = part.size();
    crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(&size), sizeof size);
    crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(part.data()), part.size());
  }
  std::string mac(crypto_generichash_BYTES, '\0');
  crypto_generichash_final(&state, reinterpret_cast<unsigned char*>(mac.data()), mac.size());
  return mac;
}

bool CredentialMemory::Equal(std::string_view remembered, std::string_view mac) {
  return !remembered.empty() && remembered.size() == mac.size() &&
         sodium_memcmp(remembered.data(), mac.data(), mac.size()) == 0;
}

}  // namespace parley::plugin
