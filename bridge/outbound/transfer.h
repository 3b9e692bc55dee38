#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string_view>

#include <curl/curl.h>

#include "bridge/outbound/http_client.h"

namespace parley::bridge {

// Connections whose server has said that it goes away (HTTP/2's GOAWAY), and the last stream that it answers
// for. What it has not looked at may be sent again, and libcurl alone does not say so. One thread.
class GoingAway {
 public:
  void Add(long local_port, long last_stream);
  // A new connection may have the port of an old one.
  void Forget(long local_port);
  bool Refuses(long local_port, long stream) const;

 private:
  struct Connection {
    long local_port;
    long last_stream;
  };
  std::deque<Connection> connections_;
};

// One request on its way through libcurl. One thread.
class Transfer {
 public:
  // `policy`, `options`, `going_away`: outlive it.
  Transfer(const HttpClient::Options& options, GoingAway& going_away, HttpRequest request,
           HttpClient::Done done);
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // Owned by this; nullptr: out of memory.
  CURL* handle() const { return handle_; }
  // What came of it when libcurl is through with it, or when it is ended before (CURLE_ABORTED_BY_CALLBACK).
  HttpAnswer AnswerOf(CURLcode code) const;
  void Finish(HttpAnswer answer) { done_(std::move(answer)); }

 private:
  void SetUp();
  void TakeHeader(std::string_view line);
  void TakeText(std::string_view text);
  bool WasRefused() const;

  static size_t OnRead(char* buffer, size_t size, size_t count, void* self);
  static int OnSeek(void* self, curl_off_t offset, int origin);
  static size_t OnWrite(char* bytes, size_t size, size_t count, void* self);
  static size_t OnHeader(char* bytes, size_t size, size_t count, void* self);
  static curl_socket_t OnSocket(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int OnDebug(CURL* handle, curl_infotype type, char* text, size_t size, void* self);

  const HttpClient::Options& options_;
  GoingAway& going_away_;
  const HttpRequest request_;
  const HttpClient::Done done_;
  CURL* handle_ = nullptr;
  curl_slist* headers_ = nullptr;
  char error_[CURL_ERROR_SIZE] = {};

  bool plain_ = false;  // http://
  size_t body_read_ = 0;
  size_t answer_bytes_ = 0;
  bool forbidden_ = false;  // an address was refused,
  bool allowed_ = false;    // one was not
  bool refused_ = false;    // libcurl says that the stream was
  long stream_ = 0;         // of HTTP/2; 0: none
  HttpAnswer answer_{};
};

}  // namespace parley::bridge
