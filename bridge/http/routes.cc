#include "bridge/http/routes.h"

#include <exception>

#include <boost/beast/http/status.hpp>

namespace parley::bridge {
namespace {

constexpr const char* kMethods = "GET, HEAD, OPTIONS";
// How long a browser may remember a preflight's answer.
constexpr const char* kPreflightSeconds = "600";

std::string_view PathOf(std::string_view target) {
  return target.substr(0, target.find('?'));
}

}  // namespace

HttpReply HttpFailure(int status) {
  const auto known = boost::beast::http::int_to_status(static_cast<unsigned>(status));
  return {.status = status,
          .body = R"({"error":")" + std::string(boost::beast::http::obsolete_reason(known)) + "\"}"};
}

HttpReply Routes::Answer(const ServedRequest& request) const {
  const auto found = handlers_.find(PathOf(request.target));
  HttpReply reply;
  if (found == handlers_.end()) {
    reply = HttpFailure(404);
  } else if (request.method == "OPTIONS") {
    reply = AnswerOptions(request);
  } else if (request.method != "GET" && request.method != "HEAD") {
    reply = HttpFailure(405);
    reply.headers.emplace_back("Allow", kMethods);
  } else {
    try {
      reply = found->second();
    } catch (const std::exception&) {  // out of memory: this request's problem alone
      reply = HttpFailure(500);
    }
  }
  AddCors(request, reply);
  return reply;
}

HttpReply Routes::AnswerOptions(const ServedRequest& request) const {
  HttpReply reply{.status = 204};
  reply.headers.emplace_back("Allow", kMethods);
  if (request.origin.empty() || request.preflight_method.empty()) return reply;
  if (!cors_.AllowOrigin(request.origin)) return HttpFailure(403);
  reply.headers.emplace_back("Access-Control-Allow-Methods", kMethods);
  reply.headers.emplace_back("Access-Control-Max-Age", kPreflightSeconds);
  return reply;
}

void Routes::AddCors(const ServedRequest& request, HttpReply& reply) const {
  if (cors_.varies()) reply.headers.emplace_back("Vary", "Origin");
  if (request.origin.empty()) return;
  if (const std::optional<std::string> origin = cors_.AllowOrigin(request.origin)) {
    reply.headers.emplace_back("Access-Control-Allow-Origin", *origin);
  }
}

std::string Routes::PathName(std::string_view target) const {
  const auto found = handlers_.find(PathOf(target));
  return found == handlers_.end() ? "other" : found->first;
}

}  // namespace parley::bridge
