#pragma once

#include <atomic>
#include <csignal>
#include <cstdio>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

// Servers for the tests of what the bridge sends to others.
namespace parley::testing {

// An HTTP/1.1 server on loopback. `answer`: the bytes to send for a whole request (with the number of its
// requests on that connection, from 1); nullopt: none, and the connection is closed.
class ScriptedServer {
 public:
  using Answer = std::function<std::optional<std::string>(const std::string& request, int nth)>;

  explicit ScriptedServer(Answer answer)
      : answer_(std::move(answer)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listener_, 64), 0);
    socklen_t size = sizeof address;
    EXPECT_EQ(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { Accept(); });
  }

  ~ScriptedServer() {
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    {
      const std::lock_guard lock(mutex_);
      for (const int connection : connections_) ::shutdown(connection, SHUT_RDWR);
    }
    for (std::thread& thread : threads_) thread.join();
    for (const int connection : connections_) ::close(connection);
    ::close(listener_);
  }

  std::string Url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }
  int port() const { return port_; }
  int requests() const { return requests_; }
  size_t connections() {
    const std::lock_guard lock(mutex_);
    return connections_.size();
  }

  static std::string Ok(const std::string& body) {
    return "HTTP/1.1 200 OK\r\nX-Name: Value\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           body;
  }

 private:
  void Accept() {
    while (true) {
      const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (connection < 0) return;
      const std::lock_guard lock(mutex_);
      connections_.push_back(connection);
      threads_.emplace_back([this, connection] { Serve(connection); });
    }
  }

  void Serve(int connection) {
    std::string received;
    for (int nth = 1; std::optional<std::string> request = TakeRequest(connection, received); ++nth) {
      ++requests_;
      const std::optional<std::string> answer = answer_(*request, nth);
      if (!answer) break;
      size_t sent = 0;
      while (sent < answer->size()) {
        const ssize_t part = ::send(connection, answer->data() + sent, answer->size() - sent, MSG_NOSIGNAL);
        if (part <= 0) break;
        sent += static_cast<size_t>(part);
      }
    }
    ::shutdown(connection, SHUT_RDWR);
  }

  static std::optional<std::string> TakeRequest(int connection, std::string& received) {
    while (true) {
      const size_t head = received.find("\r\n\r\n");
      if (head != std::string::npos) {
        const size_t length = received.find("Content-Length: ");
        const size_t body = length < head ? std::stoul(received.substr(length + 16)) : 0;
        if (received.size() >= head + 4 + body) {
          std::string request = received.substr(0, head + 4 + body);
          received.erase(0, head + 4 + body);
          return request;
        }
      }
      char buffer[4096];
      const ssize_t part = ::recv(connection, buffer, sizeof buffer, 0);
      if (part <= 0) return std::nullopt;
      received.append(buffer, static_cast<size_t>(part));
    }
  }

  const Answer answer_;
  const int listener_;
  int port_ = 0;
  std::atomic<int> requests_ = 0;
  std::mutex mutex_;
  std::vector<int> connections_;      // by mutex_ while the acceptor runs
  std::vector<std::thread> threads_;  // likewise
  std::thread acceptor_;
};

// A key and a certificate that vouches for itself, for 127.0.0.1, in two files of PEM.
inline void WriteCertificate(const std::string& key_path, const std::string& certificate_path) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  ASSERT_TRUE(key != nullptr && certificate != nullptr);
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("test"), -1, -1,
                             0);
  X509_set_issuer_name(certificate, name);
  X509_EXTENSION* names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1");
  X509_add_ext(certificate, names, -1);
  X509_EXTENSION_free(names);
  ASSERT_GT(X509_sign(certificate, key, EVP_sha256()), 0);
  FILE* file = std::fopen(key_path.c_str(), "w");
  ASSERT_NE(file, nullptr);
  PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(file);
  file = std::fopen(certificate_path.c_str(), "w");
  ASSERT_NE(file, nullptr);
  PEM_write_X509(file, certificate);
  std::fclose(file);
  X509_free(certificate);
  EVP_PKEY_free(key);
}

// tests/unit/bridge/http2_server.mjs in a process of its own, which ends with this.
class Http2Server {
 public:
  Http2Server(const char* program, const std::string& key_path, const std::string& certificate_path) {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    process_ = ::fork();
    if (process_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::dup2(ends[1], STDOUT_FILENO);
      ::execlp("node", "node", program, key_path.c_str(), certificate_path.c_str(), nullptr);
      ::_exit(127);
    }
    ::close(ends[1]);
    std::string line;
    for (char byte = 0; ::read(ends[0], &byte, 1) == 1 && byte != '\n';) line += byte;
    ::close(ends[0]);
    EXPECT_FALSE(line.empty()) << "node did not start";
    url_ = "https://127.0.0.1:" + line;
  }
  ~Http2Server() {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  Http2Server(const Http2Server&) = delete;
  Http2Server& operator=(const Http2Server&) = delete;

  std::string Url(const std::string& path) const { return url_ + path; }

 private:
  pid_t process_ = -1;
  std::string url_;
};

}  // namespace parley::testing
