#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bridge/http/cors.h"

namespace parley::bridge {

// A request, as far as it decides the answer.
struct ServedRequest {
  std::string_view method;
  std::string_view target;              // path and query
  std::string_view origin{};            // header Origin; empty: none
  std::string_view preflight_method{};  // header Access-Control-Request-Method; empty: none
};

struct HttpReply {
  int status = 200;
  std::string body{};
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers{};  // more of them
};

// {"error":"Not Found"}
HttpReply HttpFailure(int status);

// What is served, and to whom: paths that are read by GET. Add() before serving; Answer() by any one thread.
class Routes {
 public:
  using Handler = std::function<HttpReply()>;

  void Add(std::string path, Handler handler) { handlers_[std::move(path)] = std::move(handler); }
  void Allow(CorsPolicy policy) { cors_ = std::move(policy); }

  // GET and HEAD ask the handler, OPTIONS is answered here; 404 for another path, 405 for another method. The
  // reply to a HEAD has a body, too, whose length counts. An exception of a handler is 500.
  HttpReply Answer(const ServedRequest& request) const;

  // The path that the request names, or "other": a name of few.
  std::string PathName(std::string_view target) const;

 private:
  HttpReply AnswerOptions(const ServedRequest& request) const;
  void AddCors(const ServedRequest& request, HttpReply& reply) const;

  std::map<std::string, Handler, std::less<>> handlers_;
  CorsPolicy cors_;
};

}  // namespace parley::bridge
