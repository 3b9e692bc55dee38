#include "schemas/url.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "schemas/limits.h"

namespace parley {
namespace {

Error Invalid(std::string reason) {
  return {Code::INVALID_ARGUMENT, std::move(reason)};
}

bool IsAlphaNumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool IsHostName(std::string_view host) {
  return !host.empty() && host.size() <= 253 && IsAlphaNumeric(host.front()) &&
         std::all_of(host.begin(), host.end(),
                     [](char c) { return IsAlphaNumeric(c) || c == '.' || c == '-' || c == '_'; });
}

// What stands between the brackets.
bool IsIpv6(std::string_view address) {
  return address.find(':') != std::string_view::npos && address.size() <= 45 &&
         std::all_of(address.begin(), address.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' ||
                  c == '.';
         });
}

bool IsPort(std::string_view text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port > 0 && port <= 65535;
}

// Nothing that another reader of the URL could take for an end of its parts.
bool IsAllowed(char c) {
  return c > ' ' && c < '\x7F' && std::string_view("\"<>\\^`{|}#").find(c) == std::string_view::npos;
}

}  // namespace

Status CheckUrl(std::string_view url) {
  if (url.size() > limits::kUrlBytesMax) {
    return Invalid("at most " + std::to_string(limits::kUrlBytesMax) + " bytes");
  }
  if (!std::all_of(url.begin(), url.end(), IsAllowed)) {
    return Invalid("printable ASCII without spaces, quotes, brackets, backslashes and fragment");
  }
  size_t scheme = 0;
  for (const std::string_view known : {"https://", "http://"}) {
    if (url.substr(0, known.size()) == known) scheme = known.size();
  }
  if (scheme == 0) return Invalid("a URL begins with https:// or http://");
  url.remove_prefix(scheme);
  std::string_view authority = url.substr(0, url.find_first_of("/?"));
  if (authority.find('@') != std::string_view::npos) return Invalid("a URL without user and password");
  bool known = false;
  if (!authority.empty() && authority.front() == '[') {
    const size_t end = authority.find(']');
    known = end != std::string_view::npos && IsIpv6(authority.substr(1, end - 1));
    authority = known ? authority.substr(end + 1) : authority;
  } else {
    const size_t colon = std::min(authority.find(':'), authority.size());
    known = IsHostName(authority.substr(0, colon));
    authority.remove_prefix(colon);
  }
  if (!known) return Invalid("a URL names a host in ASCII, or an address");
  if (!authority.empty() && (authority.front() != ':' || !IsPort(authority.substr(1)))) {
    return Invalid("a port is 1 to 65535");
  }
  return {};
}

}  // namespace parley
