#include "bridge/providers/vapid_key.h"

#include <cerrno>
#include <cstring>
#include <memory>

#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bridge/providers/secret_file.h"

namespace parley::bridge {
namespace {

class File {
 public:
  File(const std::string& path, int flags)
      : number_(open(path.c_str(), flags | O_CLOEXEC, S_IRUSR | S_IWUSR)) {}
  ~File() {
    if (number_ >= 0) close(number_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  bool is_open() const { return number_ >= 0; }
  int number() const { return number_; }

 private:
  const int number_;
};

Error Cannot(const std::string& what, const std::string& path) {
  return {Code::INVALID_ARGUMENT, "cannot " + what + " " + path + ": " + std::strerror(errno)};
}

bool WriteAll(int file, const std::string& text) {
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t written = write(file, text.data() + done, text.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    done += static_cast<size_t>(written);
  }
  return fsync(file) == 0;
}

Result<std::string> NewKey() {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "prime256v1"), &EVP_PKEY_free);
  const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), &BIO_free);
  char* text = nullptr;
  if (!key || !out ||
      PEM_write_bio_PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return Error{Code::INTERNAL, "OpenSSL cannot make a key"};
  }
  const long size = BIO_get_mem_data(out.get(), &text);
  return std::string(text, static_cast<size_t>(size));
}

// In one step: a crash leaves no half of a key.
Status Make(const std::string& path, const std::string& text) {
  const std::string unfinished = path + ".new";
  unlink(unfinished.c_str());
  const File file(unfinished, O_WRONLY | O_CREAT | O_EXCL);
  if (!file.is_open() || !WriteAll(file.number(), text)) return Cannot("write", unfinished);
  if (rename(unfinished.c_str(), path.c_str()) != 0) return Cannot("make", path);
  const size_t slash = path.find_last_of('/');
  const File folder(slash == std::string::npos ? "." : path.substr(0, slash), O_RDONLY | O_DIRECTORY);
  if (!folder.is_open() || fsync(folder.number()) != 0) return Cannot("keep", path);
  return {};
}

}  // namespace

Result<std::string> ReadOrMakeKeyFile(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0 && errno == ENOENT) {
    Result<std::string> key = NewKey();
    if (!key) return key;
    if (Status made = Make(path, *key); !made) return std::move(made).error();
  }
  return ReadSecretFile(path);
}

}  // namespace parley::bridge
