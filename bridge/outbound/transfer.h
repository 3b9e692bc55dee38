#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include <curl/curl.h>

#include "bridge/outbound/going_away.h"
#include "bridge/outbound/http_client.h"

namespace parley::bridge {

// One request on its way: libcurl's handle with everything that its callbacks need. Used for one request
// after the other, since a handle is dear. Stays where it is: libcurl holds its address. The client's thread
// only.
class Transfer {
 public:
  // `options`, `going_away`: outlive the transfer. nullptr: no memory.
  static std::unique_ptr<Transfer> Make(const HttpClient::Options& options, GoingAway& going_away);
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  CURL* handle() const { return easy_; }
  static Transfer* Of(CURL* handle);

  // Takes the request over. An error: it must not be sent, and why.
  // Connections are shared only among requests of the same `age`, below limits::kConnectionAges.
  Status Begin(HttpRequest request, HttpClient::Done done, int age);
  // libcurl is through with it; the handle is in no multi handle any more. Calls the request's `done`.
  void End(CURLcode result);
  // The same for one that is broken off.
  void BreakOff();

 private:
  Transfer(const HttpClient::Options& options, GoingAway& going_away)
      : options_(options), going_away_(going_away) {}

  bool SetUp();
  Status AddHeaders();
  HttpAnswer AnswerTo(CURLcode result);
  void TakeWords(std::string_view words);
  bool WentOut() const;
  bool WasRefused() const;
  HttpAnswer NotAnswered(const std::string& why) const;
  std::string WhyNot(CURLcode result) const;
  void Answer(HttpAnswer answer);

  static size_t OnRead(char* buffer, size_t size, size_t count, void* self);
  static int OnSeek(void* self, curl_off_t offset, int origin);
  static size_t OnHeader(char* line, size_t size, size_t count, void* self);
  static size_t OnBody(char* bytes, size_t size, size_t count, void* self);
  static int OnDebug(CURL* handle, curl_infotype type, char* text, size_t size, void* self);
  static curl_socket_t OnOpenSocket(void* self, curlsocktype purpose, curl_sockaddr* address);

  const HttpClient::Options& options_;
  GoingAway& going_away_;
  CURL* easy_ = nullptr;
  curl_slist* header_lines_ = nullptr;
  std::array<char, CURL_ERROR_SIZE> error_{};

  HttpRequest request_;
  HttpClient::Done done_;
  HttpAnswer answer_;
  size_t body_sent_ = 0;     // bytes of the body that libcurl has taken
  bool started_ = false;     // the request's on_start was called
  bool begun_ = false;       // some of the request may be out, as far as we know
  bool repeating_ = false;   // libcurl begins anew although some of it may be out
  bool cut_off_ = false;     // the answer's body is longer than we read
  size_t header_bytes_ = 0;  // of the answer
  size_t body_bytes_ = 0;    // of the answer
  bool refused_ = false;     // libcurl says that the server refused the stream
  long stream_ = 0;          // of HTTP/2; 0: none
  bool any_address_allowed_ = false;
  std::string forbidden_;  // the last address that the policy refused
};

}  // namespace parley::bridge
